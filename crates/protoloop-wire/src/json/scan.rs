//! Where a run of plain characters inside a JSON string ends.

use wide::u8x16;

/// How many bytes are looked at together.
pub(super) const BLOCK: usize = 32;

/// Whether a byte ends a plain run inside a JSON string: quote, backslash or control.
#[inline]
pub(super) const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// How many bytes from the start need no attention inside a JSON string.
#[inline]
pub(super) fn plain_prefix(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(block) = bytes[at..].first_chunk::<BLOCK>() {
        match special_of_block(block) {
            0 => at += BLOCK,
            special => return at + special.trailing_zeros() as usize,
        }
    }
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        match first_special(u64::from_le_bytes(*word)) {
            8 => at += 8,
            plain => return at + plain,
        }
    }
    at + plain_tail(&bytes[at..])
}

/// The same for fewer than eight bytes.
#[inline]
fn plain_tail(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| is_special(*byte))
        .unwrap_or(bytes.len())
}

/// The places of element ends that were found ahead of the reading.
pub(super) struct Ends {
    places: [u32; Self::ROOM],
    found: usize,
}

impl Ends {
    /// What one block may have, twice.
    const ROOM: usize = 128;
    const BLOCK: usize = 64;

    /// Most that are found at once.
    pub(super) const MOST: usize = Self::ROOM;

    pub(super) const fn new() -> Self {
        Self {
            places: [0; Self::ROOM],
            found: 0,
        }
    }

    /// Finds the commas of a text up to its first closing bracket, that one included, or a hundred or so. Those in the
    /// last bytes of the text may be left out.
    #[inline]
    pub(super) fn find(&mut self, text: &[u8]) -> &[u32] {
        self.found = 0;
        for (index, block) in text.as_chunks::<{ Self::BLOCK }>().0.iter().enumerate() {
            let mut commas = 0;
            let mut brackets = 0;
            for (part, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
                let bytes = u8x16::new(*bytes);
                let shift = 16 * part;
                commas |= u64::from(bytes.simd_eq(u8x16::splat(b',')).to_bitmask()) << shift;
                brackets |= u64::from(bytes.simd_eq(u8x16::splat(b']')).to_bitmask()) << shift;
            }
            // All bits up to the first bracket, or all.
            let before = brackets ^ brackets.wrapping_sub(1);
            self.add(index * Self::BLOCK, (commas | brackets) & before);
            if brackets != 0 || self.found + Self::BLOCK > Self::ROOM {
                break;
            }
        }
        &self.places[..self.found]
    }

    /// Notes the places of a block's bits.
    #[inline]
    fn add(&mut self, block: usize, mut bits: u64) {
        while bits != 0 {
            if let Some(place) = self.places.get_mut(self.found) {
                *place = block as u32 + bits.trailing_zeros();
            }
            self.found += 1;
            bits &= bits - 1;
        }
    }
}

/// One bit for each byte of the first block of `bytes`, the lowest for the first one, set where it is special. Bytes
/// beyond the end count as plain.
#[inline]
pub(super) fn special_of_block(bytes: &[u8]) -> u32 {
    let (Some(low), Some(high)) = (bytes.first_chunk(), bytes[BLOCK / 2..].first_chunk()) else {
        return 0;
    };
    u32::from(special_bits(*low)) | u32::from(special_bits(*high)) << 16
}

/// Copies the first block of `from` to a place in `out` that has room for it.
#[inline]
pub(super) fn copy_block(out: &mut [u8], at: usize, from: &[u8]) {
    if let (Some(free), Some(block)) = (out[at..].first_chunk_mut(), from.first_chunk::<BLOCK>()) {
        *free = *block;
    }
}

/// One bit for each of sixteen bytes, the lowest for the first one, set where it is special.
#[inline]
fn special_bits(bytes: [u8; 16]) -> u16 {
    let bytes = u8x16::new(bytes);
    let last_control = u8x16::splat(0x1F);
    let control = bytes.min(last_control).simd_eq(bytes);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    (control | quote | backslash).to_bitmask() as u16
}

/// The position of the first special byte among eight, the lowest byte first; 8 where there is none.
#[inline]
const fn first_special(word: u64) -> usize {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The high bit of a byte of `x - n` is set where the byte is below n; a borrow can only spoil bytes above a hit.
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    ((control | quote | backslash) & HIGH).trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_at_the_first_special_byte_wherever_it_stands() {
        for special in (0..=255).filter(|byte| is_special(*byte)) {
            for at in 0..100 {
                for after in [0, 1, 40] {
                    let mut bytes = vec![b'a'; at];
                    bytes.push(special);
                    bytes.extend(vec![b'\\'; after]);
                    assert_eq!(plain_prefix(&bytes), at, "{special}");
                }
            }
        }
    }

    #[test]
    fn every_other_byte_is_plain() {
        let plain: Vec<u8> = (0..=255).filter(|byte| !is_special(*byte)).collect();
        assert_eq!(plain_prefix(&plain), plain.len());
        assert_eq!(plain_prefix(&plain[5..20]), 15);
    }
}
