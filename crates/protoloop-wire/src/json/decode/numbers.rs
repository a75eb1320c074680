//! Lists of numbers in their usual notation, many at a time.

use protoloop_schema::Kind;

use super::Decoder;
use crate::{
    json::{
        decimal::{POWERS_OF_TEN, digits_before, digits_to_point, divided_by_tens},
        scan::Ends,
    },
    varint::{write_varint, zigzag32, zigzag64},
};

/// The longest element on the wire: a varint of 64 bits.
const LONGEST: usize = 10;

impl Decoder<'_> {
    /// Reads elements of a packed list, from the start of one on, and gives back how many they were. It stops before the
    /// first that needs a closer look, be it for its notation, for spaces or for a mistake; and behind the last element.
    pub(super) fn plain_numbers(&mut self, kind: Kind) -> usize {
        match kind {
            Kind::Double => self.elements(double, push_doubles),
            Kind::Int32 => {
                self.varints(|text, len| Some(i64::from(narrow(integer(text, len)?)?) as u64))
            }
            Kind::Sint32 => {
                self.varints(|text, len| Some(u64::from(zigzag32(narrow(integer(text, len)?)?))))
            }
            Kind::Uint32 => {
                self.varints(|text, len| u32::try_from(integer(text, len)?).ok().map(u64::from))
            }
            Kind::Int64 => self.varints(|text, len| Some(quoted(text, len)? as u64)),
            Kind::Sint64 => self.varints(|text, len| Some(zigzag64(quoted(text, len)?))),
            Kind::Uint64 => self.varints(|text, len| u64::try_from(quoted(text, len)?).ok()),
            _ => 0,
        }
    }

    #[inline]
    fn varints(&mut self, read: impl Fn(&[u8], usize) -> Option<u64>) -> usize {
        self.elements(read, push_varints)
    }

    /// The ends of many elements are looked for together: once they are known, reading an element does not wait for the
    /// one before it. `read` gets the text up to the end of an element and the element's length; `write` what many of them are.
    // Each kind's loop by itself: together, they have too few registers.
    #[inline(never)]
    fn elements<T: Copy + Default>(
        &mut self,
        read: impl Fn(&[u8], usize) -> Option<T>,
        write: impl Fn(&mut Vec<u8>, &[T]),
    ) -> usize {
        let mut count = 0;
        let mut ends = Ends::new();
        let mut values = [T::default(); Ends::MOST];
        loop {
            let rest = self.lexer.rest();
            let ends = ends.find(rest);
            let mut start = 0;
            let mut found = 0;
            for (end, value) in ends.iter().zip(&mut values) {
                let end = *end as usize;
                match read(&rest[..end], end - start) {
                    Some(read) => *value = read,
                    None => break,
                }
                found += 1;
                start = end + 1;
            }
            write(self.out.buffer(), &values[..found]);
            count += found;
            if found > 0 && found == ends.len() && rest[start - 1] == b',' {
                self.lexer.advance(start);
                continue;
            }
            // The comma or bracket behind the last one is for the caller; between two batches it is behind us.
            if start > 0 {
                self.lexer.advance(start - 1);
            } else if count > 0 {
                self.lexer.step_back();
            }
            return count;
        }
    }
}

fn push_doubles(out: &mut Vec<u8>, values: &[f64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn push_varints(out: &mut Vec<u8>, values: &[u64]) {
    let mut at = out.len();
    out.resize(at + values.len() * LONGEST, 0);
    for value in values {
        if let Some(free) = out[at..].first_chunk_mut() {
            at += write_varint(free, *value);
        }
    }
    out.truncate(at);
}

fn narrow(value: i64) -> Option<i32> {
    i32::try_from(value).ok()
}

/// An integer of at most 17 digits that is the last `len` bytes of a text.
#[inline]
fn integer(text: &[u8], len: usize) -> Option<i64> {
    let minus = minus(text, len);
    let count = len - minus;
    if count > 1 && text[text.len() - count] == b'0' {
        return None;
    }
    let value = digits_before(text, count)? as i64;
    let sign = -(minus as i64);
    Some((value ^ sign) - sign)
}

/// 1 where the last `len` bytes of a text begin with a minus, else 0.
///
/// By arithmetic: as a comparison it became a byte of a register whose other bytes the processor had to wait for.
#[inline]
fn minus(text: &[u8], len: usize) -> usize {
    let first = text.get(text.len() - len).copied().unwrap_or_default();
    (u64::from(first ^ b'-').wrapping_sub(1) >> 63) as usize
}

/// The same in quotes.
#[inline]
fn quoted(text: &[u8], len: usize) -> Option<i64> {
    match text {
        [.., b'"'] if len > 2 && text[text.len() - len] == b'"' => {
            integer(&text[..text.len() - 1], len - 2)
        }
        _ => None,
    }
}

/// A number of at most 18 digits, without exponent, that is the last `len` bytes of a text.
#[inline]
fn double(text: &[u8], len: usize) -> Option<f64> {
    let minus = minus(text, len);
    let element = &text[text.len() - len + minus..];
    let (digits, places) = match digits_to_point(element) {
        Some((whole, count)) => {
            if count > 1 && element[0] == b'0' {
                return None;
            }
            let places = element.len() - count - 1;
            let fraction = digits_before(text, places)?;
            let whole = whole.checked_mul(*POWERS_OF_TEN.get(places)?)?;
            (whole.checked_add(fraction)?, places)
        }
        None => (integer(text, len)?.unsigned_abs(), 0),
    };
    let value = divided_by_tens(digits, places)?;
    Some(f64::from_bits(value.to_bits() | (minus as u64) << 63))
}
