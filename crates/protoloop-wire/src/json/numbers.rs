//! Writing lists of numbers, many at a time.

use protoloop_schema::Kind;

use super::{decimal::write_digits, number::special_word};
use crate::wire::{take_varint, unzigzag32, unzigzag64};

/// No element takes more room, its quotes and comma included: `-1.2345678901234567e-308,` has 25 bytes.
const LONGEST: usize = 40;

/// How far the output is made ready ahead of the writing, which keeps it in the nearest cache.
const AHEAD: usize = 2 << 10;

/// Appends packed values of a kind as elements of a JSON array, with commas between them. `None` for kinds that are not
/// numbers alone, with nothing written, and where the bytes end inside a value, with rubbish written.
pub(super) fn push_numbers(out: &mut Vec<u8>, kind: Kind, bytes: &[u8]) -> Option<()> {
    let end = out.len();
    let mut list = List { out, end };
    match kind {
        Kind::Double => list.floats(bytes, |bytes| take(bytes).map(f64::from_le_bytes))?,
        Kind::Float => list.floats(bytes, |bytes| take(bytes).map(f32::from_le_bytes))?,
        Kind::Int32 => list.plain(bytes, |bytes| Some(i64::from(take_varint(bytes)? as i32)))?,
        Kind::Uint32 => list.plain(bytes, |bytes| Some(i64::from(take_varint(bytes)? as u32)))?,
        Kind::Sint32 => list.plain(bytes, |bytes| {
            Some(i64::from(unzigzag32(take_varint(bytes)? as u32)))
        })?,
        Kind::Fixed32 => list.plain(bytes, |bytes| {
            Some(i64::from(u32::from_le_bytes(take(bytes)?)))
        })?,
        Kind::Sfixed32 => list.plain(bytes, |bytes| {
            Some(i64::from(i32::from_le_bytes(take(bytes)?)))
        })?,
        Kind::Int64 => list.quoted(bytes, |bytes| Some(signed(take_varint(bytes)? as i64)))?,
        Kind::Uint64 => list.quoted(bytes, |bytes| Some((false, take_varint(bytes)?)))?,
        Kind::Sint64 => {
            list.quoted(bytes, |bytes| Some(signed(unzigzag64(take_varint(bytes)?))))?;
        }
        Kind::Fixed64 => list.quoted(bytes, |bytes| {
            Some((false, u64::from_le_bytes(take(bytes)?)))
        })?,
        Kind::Sfixed64 => list.quoted(bytes, |bytes| {
            Some(signed(i64::from_le_bytes(take(bytes)?)))
        })?,
        Kind::Bool | Kind::Enum(_) => return None,
        Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_) => return None,
    }
    let end = list.end;
    // The last comma has nothing behind it.
    out.truncate(end - usize::from(!bytes.is_empty()));
    Some(())
}

#[inline]
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[inline]
fn signed(value: i64) -> (bool, u64) {
    (value < 0, value.unsigned_abs())
}

/// The elements written so far, each with a comma behind it, and room behind them.
struct List<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
}

impl List<'_> {
    #[inline]
    fn floats<F: zmij::Float + Into<f64> + Copy>(
        &mut self,
        mut bytes: &[u8],
        read: impl Fn(&mut &[u8]) -> Option<F>,
    ) -> Option<()> {
        // In pairs: a processor waits when it reads what it has only just written.
        let mut buffers = (zmij::Buffer::new(), zmij::Buffer::new());
        while !bytes.is_empty() {
            let first = float_text(&mut buffers.0, read(&mut bytes)?);
            if bytes.is_empty() {
                self.push(first);
                break;
            }
            let second = float_text(&mut buffers.1, read(&mut bytes)?);
            self.push(first);
            self.push(second);
        }
        Some(())
    }

    #[inline]
    fn plain(&mut self, mut bytes: &[u8], read: impl Fn(&mut &[u8]) -> Option<i64>) -> Option<()> {
        while !bytes.is_empty() {
            let value = read(&mut bytes)?;
            let free = self.room()?;
            free[0] = b'-';
            let len = write_digits(free, usize::from(value < 0), value.unsigned_abs());
            free[len] = b',';
            self.end += len + 1;
        }
        Some(())
    }

    #[inline]
    fn quoted(
        &mut self,
        mut bytes: &[u8],
        read: impl Fn(&mut &[u8]) -> Option<(bool, u64)>,
    ) -> Option<()> {
        while !bytes.is_empty() {
            let (negative, magnitude) = read(&mut bytes)?;
            let free = self.room()?;
            free[..2].copy_from_slice(b"\"-");
            let len = write_digits(free, 1 + usize::from(negative), magnitude);
            free[len..len + 2].copy_from_slice(b"\",");
            self.end += len + 2;
        }
        Some(())
    }

    #[inline]
    fn push(&mut self, text: &str) {
        let Some(free) = self.room() else { return };
        let len = copy_short(free, text);
        free[len] = b',';
        self.end += len + 1;
    }

    /// Room for the next element.
    #[inline]
    fn room(&mut self) -> Option<&mut [u8; LONGEST]> {
        if self.out.len() < self.end + LONGEST {
            self.out.resize(self.end + AHEAD, 0);
        }
        self.out[self.end..].first_chunk_mut()
    }
}

#[inline]
fn float_text<F: zmij::Float + Into<f64> + Copy>(buffer: &mut zmij::Buffer, value: F) -> &str {
    let wide: f64 = value.into();
    if !wide.is_finite() {
        return special_word(wide.is_nan(), wide.is_sign_negative());
    }
    let text = buffer.format_finite(value);
    // An integral value needs no fraction.
    text.strip_suffix(".0").unwrap_or(text)
}

/// Copies a text of at most 32 bytes and gives back its length. It goes by pieces of fixed size, which may overlap: a
/// call of the general copy takes longer than all the rest.
#[inline]
fn copy_short(to: &mut [u8; LONGEST], text: &str) -> usize {
    fn ends<const N: usize>(to: &mut [u8; LONGEST], text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
            return false;
        };
        to[..N].copy_from_slice(first);
        to[text.len() - N..text.len()].copy_from_slice(last);
        true
    }
    let text = text.as_bytes();
    let copied = ends::<16>(to, text) || ends::<8>(to, text) || ends::<4>(to, text);
    if !copied {
        for (to, byte) in to.iter_mut().zip(text) {
            *to = *byte;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::push_varint;

    fn text(kind: Kind, bytes: &[u8]) -> String {
        let mut out = b"[".to_vec();
        assert_eq!(push_numbers(&mut out, kind, bytes), Some(()));
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn numbers_of_every_length_are_written_as_one_by_one() {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for digits in 0..19 {
            for value in [10i64.pow(digits), -10i64.pow(digits) + 1] {
                push_varint(&mut bytes, value as u64);
                expected.push(format!("\"{value}\""));
            }
        }
        assert_eq!(
            text(Kind::Int64, &bytes),
            format!("[{}", expected.join(","))
        );
        assert_eq!(text(Kind::Int64, &[]), "[");
        let narrow = [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
        assert_eq!(text(Kind::Int32, &narrow), "[127,-1");
        assert_eq!(text(Kind::Uint32, &narrow), "[127,4294967295");
    }

    #[test]
    fn floats_have_their_words_and_no_needless_fraction() {
        let values = [
            1.0,
            -0.0,
            f64::NAN,
            f64::NEG_INFINITY,
            -2.2250738585072014e-308,
        ];
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let expected = r#"[1,-0,"NaN","-Infinity",-2.2250738585072014e-308"#;
        assert_eq!(text(Kind::Double, &bytes), expected);
        let values = [0.1f32, f32::INFINITY];
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(text(Kind::Float, &bytes), r#"[0.1,"Infinity""#);
    }

    #[test]
    fn bytes_that_end_too_soon_are_told() {
        for (kind, bytes) in [
            (Kind::Double, &[0; 9][..]),
            (Kind::Int64, &[1, 0x80]),
            (Kind::Sfixed32, &[0; 3]),
        ] {
            assert_eq!(push_numbers(&mut Vec::new(), kind, bytes), None);
        }
    }
}
