//! Writing lists of numbers, many at a time.

use protoloop_schema::Kind;

use super::{
    decimal::{MOST_DIGITS, write_digits_before},
    number::special_word,
};
use crate::varint::{take_alike, unzigzag32, unzigzag64};

/// Appends packed values of a kind as elements of a JSON array, with commas between them. `None` for kinds that are not
/// numbers alone, with nothing written, and where the bytes end inside a value, with rubbish written.
pub(super) fn push_numbers(out: &mut Vec<u8>, kind: Kind, bytes: &[u8]) -> Option<()> {
    match kind {
        Kind::Double => floats(out, bytes, f64::from_le_bytes)?,
        Kind::Float => floats(out, bytes, f32::from_le_bytes)?,
        Kind::Fixed32 => plain(out, fixed(bytes, |b| u32::from_le_bytes(b).into()))?,
        Kind::Sfixed32 => plain(out, fixed(bytes, |b| i32::from_le_bytes(b).into()))?,
        Kind::Int32 => plain(out, varints(bytes, |value| (value as i32).into()))?,
        Kind::Uint32 => plain(out, varints(bytes, |value| (value as u32).into()))?,
        Kind::Sint32 => plain(out, varints(bytes, |value| unzigzag32(value as u32).into()))?,
        Kind::Sfixed64 => signed(out, fixed(bytes, i64::from_le_bytes))?,
        Kind::Int64 => signed(out, varints(bytes, |value| value as i64))?,
        Kind::Sint64 => signed(out, varints(bytes, unzigzag64))?,
        Kind::Fixed64 => unsigned(out, fixed(bytes, u64::from_le_bytes))?,
        Kind::Uint64 => unsigned(out, varints(bytes, |value| value))?,
        Kind::Bool | Kind::Enum(_) => return None,
        Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_) => return None,
    }
    // The last comma has nothing behind it.
    out.truncate(out.len() - usize::from(!bytes.is_empty()));
    Some(())
}

/// How many integers are read before the first of them is written.
const BATCH: usize = 64;

/// Fills the start of a batch and gives back how many values it then has; `None` where the bytes end inside one.
trait Source<T>: FnMut(&mut [T; BATCH]) -> Option<usize> {}
impl<T, S: FnMut(&mut [T; BATCH]) -> Option<usize>> Source<T> for S {}

fn varints<T>(mut bytes: &[u8], value: impl Fn(u64) -> T) -> impl Source<T> {
    move |batch| {
        let mut count = 0;
        while count < batch.len() && !bytes.is_empty() {
            count += take_alike(&mut bytes, &mut batch[count..], &value)?;
        }
        Some(count)
    }
}

fn fixed<T, const N: usize>(mut bytes: &[u8], value: impl Fn([u8; N]) -> T) -> impl Source<T> {
    move |batch| {
        let (now, later) = bytes.split_at(bytes.len().min(N * BATCH));
        bytes = later;
        let (values, rest) = now.as_chunks();
        for (slot, bytes) in batch.iter_mut().zip(values) {
            *slot = value(*bytes);
        }
        rest.is_empty().then_some(values.len())
    }
}

fn plain(out: &mut Vec<u8>, source: impl Source<i64>) -> Option<()> {
    integers::<_, 0>(out, source, minus_and_magnitude)
}

fn signed(out: &mut Vec<u8>, source: impl Source<i64>) -> Option<()> {
    integers::<_, 1>(out, source, minus_and_magnitude)
}

fn unsigned(out: &mut Vec<u8>, source: impl Source<u64>) -> Option<()> {
    integers::<_, 1>(out, source, |value| (0, value))
}

/// How far a minus sign shifts the start of a value, and what stands behind it.
///
/// By a shift: a comparison becomes a byte of a register, whose other bytes the processor has to wait for.
#[inline]
fn minus_and_magnitude(value: i64) -> (isize, u64) {
    ((value >> 63) as isize, value.unsigned_abs())
}

/// Appends elements with so many quotes around each, none or one, and a comma behind it. `split` tells how far
/// a minus sign shifts the start of a value, 0 or -1, and what stands behind it.
///
/// Each batch is written from its end to its start, so that leading zeros lie where the element before goes.
#[inline]
fn integers<T: Copy + Default, const QUOTES: usize>(
    out: &mut Vec<u8>,
    mut source: impl Source<T>,
    split: impl Fn(T) -> (isize, u64),
) -> Option<()> {
    const LONGEST: usize = MOST_DIGITS + "\"-\",".len();
    let mut values = [T::default(); BATCH];
    let mut text = [0; (BATCH + 1) * LONGEST];
    loop {
        let count = source(&mut values)?;
        if count == 0 {
            return Some(());
        }
        let mut start = text.len();
        for value in values[..count].iter().rev() {
            let element = text[..start].last_chunk_mut::<LONGEST>()?;
            let (minus, magnitude) = split(*value);
            element[LONGEST - 2..].copy_from_slice(b"\",");
            let mut at = write_digits_before(element, LONGEST - 1 - QUOTES, magnitude);
            element[at - 1] = b'-';
            at = at.wrapping_add_signed(minus);
            if QUOTES == 1 {
                at -= 1;
                element[at] = b'"';
            }
            start -= LONGEST - at;
        }
        out.extend_from_slice(&text[start..]);
    }
}

/// Most bytes of a finite float: `-2.2250738585072014e-308`.
const LONGEST_FLOAT: usize = 24;

/// Floats that are formatted before the first of them is copied.
const TOGETHER: usize = 4;

/// How far the output is made ready ahead of the writing, which keeps it in the nearest cache.
const AHEAD: usize = 2 << 10;

#[inline]
fn floats<F: zmij::Float + Into<f64> + Copy, const N: usize>(
    out: &mut Vec<u8>,
    bytes: &[u8],
    read: impl Fn([u8; N]) -> F,
) -> Option<()> {
    let (mut values, rest) = bytes.as_chunks();
    let end = out.len();
    let mut list = List { out, end };
    // Many at a time: a processor waits when it reads what it has only just written.
    let mut buffers = [(); TOGETHER].map(|()| zmij::Buffer::new());
    while let Some((together, behind)) = values.split_first_chunk::<TOGETHER>() {
        let mut texts = [&[][..]; TOGETHER];
        for ((text, buffer), value) in texts.iter_mut().zip(&mut buffers).zip(together) {
            *text = float_text(buffer, read(*value));
        }
        for text in texts {
            list.push(text);
        }
        values = behind;
    }
    for value in values {
        list.push(float_text(&mut buffers[0], read(*value)));
    }
    let end = list.end;
    out.truncate(end);
    rest.is_empty().then_some(())
}

/// The elements written so far, each with a comma behind it, and room behind them.
struct List<'o> {
    out: &'o mut Vec<u8>,
    end: usize,
}

impl List<'_> {
    #[inline]
    fn push(&mut self, text: &[u8]) {
        const ROOM: usize = LONGEST_FLOAT + 1;
        if self.out.len() < self.end + ROOM {
            self.out.resize(self.end + AHEAD, 0);
        }
        if let Some(free) = self.out[self.end..].first_chunk_mut::<ROOM>() {
            let len = copy_short(free, text);
            free[len] = b',';
            self.end += len + 1;
        }
    }
}

#[inline]
fn float_text<F: zmij::Float + Into<f64> + Copy>(buffer: &mut zmij::Buffer, value: F) -> &[u8] {
    let wide: f64 = value.into();
    if !wide.is_finite() {
        return special_word(wide.is_nan(), wide.is_sign_negative()).as_bytes();
    }
    match buffer.format_finite(value).as_bytes() {
        // An integral value needs no fraction.
        [text @ .., b'.', b'0'] => text,
        text => text,
    }
}

/// Copies a float's text and gives back its length. It goes by pieces of fixed size, which may overlap: a call of the
/// general copy takes longer than all the rest.
#[inline]
fn copy_short(to: &mut [u8; LONGEST_FLOAT + 1], text: &[u8]) -> usize {
    #[inline]
    fn ends<const N: usize>(to: &mut [u8; LONGEST_FLOAT + 1], text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
            return false;
        };
        to[..N].copy_from_slice(first);
        to[text.len() - N..text.len()].copy_from_slice(last);
        true
    }
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
    use crate::varint::push_varint;

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
