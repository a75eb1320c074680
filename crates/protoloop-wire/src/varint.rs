//! Varints, and the zigzag of signed ones.

use crate::wire::Reader;

/// Appends a varint.
#[inline]
pub(crate) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    if value < 0x80 {
        out.push(value as u8);
    } else if value < 1 << 56 {
        let len = varint_len(value);
        out.extend_from_slice(&word_of_varint(value, len).to_le_bytes());
        out.truncate(out.len() - 8 + len);
    } else {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
}

/// Writes a varint to the start of `out` and gives back its length.
#[inline]
pub(crate) fn write_varint(out: &mut [u8; 10], value: u64) -> usize {
    let len = varint_len(value);
    if len <= 4 {
        out[..4].copy_from_slice(&half_word_of_varint(value as u32, len).to_le_bytes());
        return len;
    }
    let word = word_of_varint(value & ((1 << 56) - 1), len.min(8));
    out[..8].copy_from_slice(&word.to_le_bytes());
    if len > 8 {
        out[7] |= 0x80;
        out[8] = (value >> 56) as u8 | 0x80;
        out[9] = 1;
        if len == 9 {
            out[8] &= 0x7F;
        }
    }
    len
}

/// The varint of a value below 2^56, which takes `len` bytes, in the lowest bytes of a word.
#[inline]
const fn word_of_varint(value: u64, len: usize) -> u64 {
    // Groups of seven bits move apart together: the two halves, then pairs of pairs, then the bytes of each pair.
    let word = (value & 0x0000_0000_0FFF_FFFF) | (value & 0x00FF_FFFF_F000_0000) << 4;
    let word = (word & 0x0000_3FFF_0000_3FFF) | (word & 0x0FFF_C000_0FFF_C000) << 2;
    let word = (word & 0x007F_007F_007F_007F) | (word & 0x3F80_3F80_3F80_3F80) << 1;
    let all_but_last = (1 << (8 * (len - 1))) - 1;
    word | (0x8080_8080_8080_8080 & all_but_last)
}

/// The same of a value below 2^28.
#[inline]
const fn half_word_of_varint(value: u32, len: usize) -> u32 {
    let word = (value & 0x0000_3FFF) | (value & 0x0FFF_C000) << 2;
    let word = (word & 0x007F_007F) | (word & 0x3F80_3F80) << 1;
    let all_but_last = (1 << (8 * (len - 1))) - 1;
    word | (0x8080_8080 & all_but_last)
}

/// How many bytes the varint of a value takes.
#[inline]
pub(crate) const fn varint_len(value: u64) -> usize {
    // Each byte holds seven bits; `| 1` makes zero take one byte.
    (((63 - (value | 1).leading_zeros()) * 9 + 73) / 64) as usize
}

/// Takes a varint off the front; `None` where there is none.
#[inline(always)]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (value, len) = match bytes.first_chunk() {
        Some(word) => {
            let word = u64::from_le_bytes(*word);
            match varint_of_half_word(word as u32) {
                (value, len) if len <= 4 => (u64::from(value), len),
                _ => match varint_of_word(word) {
                    (value, len) if len <= 8 => (value, len),
                    (low, _) => behind_eight(low, &bytes[8..])?,
                },
            }
        }
        None => {
            let mut reader = Reader::new(bytes);
            (reader.varint().ok()?, reader.pos())
        }
    };
    *bytes = &bytes[len..];
    Some(value)
}

/// Takes varints off the front into the first of `slots` for as long as they are of one length, and gives back how many
/// they were; `None` where the bytes end inside the first one.
///
/// Where the next one begins is then known before this one is looked at. Numbers that stand in a list are mostly of one
/// size, and a processor that has to wait for the end of each does little else.
#[inline]
pub(crate) fn take_alike<T>(
    bytes: &mut &[u8],
    slots: &mut [T],
    value: impl Fn(u64) -> T,
) -> Option<usize> {
    let length = bytes
        .first_chunk()
        .map(|word| varint_of_word(u64::from_le_bytes(*word)).1);
    Some(match length {
        Some(1) => take_run::<1, T>(bytes, slots, value),
        Some(2) => take_run::<2, T>(bytes, slots, value),
        Some(3) => take_run::<3, T>(bytes, slots, value),
        Some(4) => take_run::<4, T>(bytes, slots, value),
        Some(5) => take_run::<5, T>(bytes, slots, value),
        Some(6) => take_run::<6, T>(bytes, slots, value),
        Some(7) => take_run::<7, T>(bytes, slots, value),
        Some(8) => take_run::<8, T>(bytes, slots, value),
        _ => {
            let first = slots.first_mut()?;
            *first = value(take_varint(bytes)?);
            1
        }
    })
}

/// Takes varints of so many bytes, up to eight, off the front for as long as one is followed by another.
#[inline]
fn take_run<const LENGTH: usize, T>(
    bytes: &mut &[u8],
    slots: &mut [T],
    value: impl Fn(u64) -> T,
) -> usize {
    let all = u64::MAX >> (64 - 8 * LENGTH);
    let marks = all & 0x8080_8080_8080_8080;
    let mut count = 0;
    for slot in slots {
        let Some(word) = bytes.first_chunk() else {
            break;
        };
        let word = u64::from_le_bytes(*word);
        // Each byte but the last says that another one follows.
        if word & marks != marks >> 8 {
            break;
        }
        *slot = value(seven_of_each(word & all));
        *bytes = &bytes[LENGTH..];
        count += 1;
    }
    count
}

/// The varint at the start of four bytes, and how many of them it takes; 5 where it goes on behind them.
#[inline]
const fn varint_of_half_word(word: u32) -> (u32, usize) {
    let ends = !word & 0x8080_8080;
    let word = word & (ends ^ ends.wrapping_sub(1));
    let word = (word & 0x007F_007F) | (word & 0x7F00_7F00) >> 1;
    let word = (word & 0x0000_3FFF) | (word & 0x3FFF_0000) >> 2;
    (word, ends.trailing_zeros() as usize / 8 + 1)
}

/// The varint at the start of eight bytes, and how many of them it takes; 9 where it goes on behind them.
#[inline]
pub(crate) const fn varint_of_word(word: u64) -> (u64, usize) {
    let ends = !word & 0x8080_8080_8080_8080;
    // The lowest end bit and everything below it; all bits where there is none.
    let word = word & (ends ^ ends.wrapping_sub(1));
    (seven_of_each(word), ends.trailing_zeros() as usize / 8 + 1)
}

/// The low seven bits of each byte, side by side.
#[inline]
const fn seven_of_each(word: u64) -> u64 {
    // They move together: by pairs of bytes, then pairs of pairs, then the two halves.
    let word = (word & 0x007F_007F_007F_007F) | (word & 0x7F00_7F00_7F00_7F00) >> 1;
    let word = (word & 0x0000_3FFF_0000_3FFF) | (word & 0x3FFF_0000_3FFF_0000) >> 2;
    (word & 0x0000_0000_0FFF_FFFF) | (word & 0x0FFF_FFFF_0000_0000) >> 4
}

/// A varint whose first eight bytes hold `low`, and its length. Whatever is beyond 64 bits is dropped, as everywhere.
#[inline]
pub(crate) const fn behind_eight(low: u64, rest: &[u8]) -> Option<(u64, usize)> {
    match *rest {
        [ninth, ..] if ninth < 0x80 => Some((low | (ninth as u64) << 56, 9)),
        [ninth, tenth, ..] if tenth < 0x80 => Some((
            low | ((ninth & 0x7F) as u64) << 56 | (tenth as u64) << 63,
            10,
        )),
        _ => None,
    }
}

#[inline]
pub(crate) const fn zigzag32(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

#[inline]
pub(crate) const fn zigzag64(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
pub(crate) const fn unzigzag32(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

#[inline]
pub(crate) const fn unzigzag64(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{error::WireErrorKind, wire::Reader};

    #[test]
    fn varints_are_taken_together_only_where_they_are_alike() {
        let values: Vec<u64> = (0..64)
            .flat_map(|bits| [1 << bits; 3])
            .chain([0, u64::MAX, 1, 1, 300, 0, 300])
            .collect();
        let mut out = Vec::new();
        for value in &values {
            push_varint(&mut out, *value);
        }
        for room in [1, 2, 7, values.len()] {
            let (mut bytes, mut found) = (&out[..], Vec::new());
            while !bytes.is_empty() {
                let mut slots = vec![0; room];
                let count = take_alike(&mut bytes, &mut slots, |value| value);
                found.extend_from_slice(&slots[..count.expect("a varint")]);
            }
            assert_eq!(found, values);
        }
        for broken in [&[0x80][..], &[0xFF; 8], &[0xFF; 11]] {
            assert_eq!(take_alike(&mut &broken[..], &mut [0], |value| value), None);
        }
    }

    #[test]
    fn the_length_of_a_varint_is_that_of_its_bytes() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX] {
                let mut out = Vec::new();
                push_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value), "{value}");
                assert_eq!(Reader::new(&out).varint(), Ok(value));
                let mut written = [0xAA; 10];
                assert_eq!(write_varint(&mut written, value), out.len());
                assert_eq!(written[..out.len()], out);
                assert_eq!(take_varint(&mut &out[..]), Some(value));
                // The same with bytes behind it, and cut off.
                let len = out.len();
                out.extend([0xFF; 10]);
                let mut reader = Reader::new(&out);
                assert_eq!((reader.varint(), reader.pos()), (Ok(value), len));
                let cut = Reader::new(&out[..len - 1]).varint();
                assert_eq!(cut, Err(WireErrorKind::Truncated.at(0)));
            }
        }
    }

    #[test]
    fn a_varint_has_ten_bytes_at_most_and_may_have_more_than_it_needs() {
        let error = Reader::new(&[0x80; 11]).varint();
        assert_eq!(error, Err(WireErrorKind::VarintTooLong.at(0)));
        for len in 1..10 {
            let mut padded = vec![0x80; len];
            padded[0] |= 5;
            padded.push(0);
            for behind in 0..10 {
                padded.extend(vec![0x7F; behind]);
                let mut reader = Reader::new(&padded);
                assert_eq!((reader.varint(), reader.pos()), (Ok(5), len + 1));
                padded.truncate(len + 1);
            }
        }
    }

    #[test]
    fn zigzag_is_its_own_way_back() {
        for value in [0, 1, -1, i32::MAX, i32::MIN] {
            assert_eq!(unzigzag32(zigzag32(value)), value);
        }
        for value in [0, 1, -1, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag64(zigzag64(value)), value);
        }
    }
}
