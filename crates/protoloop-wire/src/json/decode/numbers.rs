//! Lists of numbers in their usual notation, many at a time.

use protoloop_schema::Kind;

use super::Decoder;
use crate::{
    json::{
        decimal::{POWERS_OF_TEN, digits_before, divided_by_tens},
        scan::Ends,
    },
    wire::{write_varint, zigzag32, zigzag64},
};

/// The longest element on the wire: a varint of 64 bits.
const LONGEST: usize = 10;

impl Decoder<'_> {
    /// Reads elements of a packed list, from the start of one on, and gives back how many they were. It stops before the
    /// first that needs a closer look, be it for its notation, for spaces or for a mistake; and behind the last element.
    pub(super) fn plain_numbers(&mut self, kind: Kind) -> usize {
        match kind {
            Kind::Double => self.elements(|text, len, out| {
                let value = double(text, len)?;
                *out.first_chunk_mut()? = value.to_le_bytes();
                Some(8)
            }),
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
        self.elements(|text, len, out| write_varint(out, read(text, len)?))
    }

    /// The ends of many elements are looked for together: once they are known, reading an element does not wait for the
    /// one before it. `read` gets the text up to the end of an element and the element's length, and [`LONGEST`] bytes to write to; it
    /// gives back how many it wrote.
    #[inline]
    fn elements(
        &mut self,
        read: impl Fn(&[u8], usize, &mut [u8; LONGEST]) -> Option<usize>,
    ) -> usize {
        let mut count = 0;
        let mut ends = Ends::new();
        loop {
            let rest = self.lexer.rest();
            let ends = ends.find(rest);
            let out = self.out.buffer();
            let mut at = out.len();
            out.resize(at + Ends::MOST * LONGEST, 0);
            let mut start = 0;
            for end in ends {
                let end = *end as usize;
                let Some(free) = out[at..].first_chunk_mut() else {
                    break;
                };
                let Some(written) = read(&rest[..end], end - start, free) else {
                    break;
                };
                at += written;
                count += 1;
                start = end + 1;
            }
            out.truncate(at);
            let all = ends.last().is_some_and(|last| *last as usize + 1 == start);
            if all && rest[start - 1] == b',' {
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

fn narrow(value: i64) -> Option<i32> {
    i32::try_from(value).ok()
}

/// An integer of at most 17 digits that is the last `len` bytes of a text.
#[inline]
fn integer(text: &[u8], len: usize) -> Option<i64> {
    let start = text.len() - len;
    let negative = text.get(start) == Some(&b'-');
    let count = len - usize::from(negative);
    if count > 1 && text[text.len() - count] == b'0' {
        return None;
    }
    let value = digits_before(text, count)? as i64;
    Some(if negative { -value } else { value })
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
    let start = text.len() - len;
    let negative = text.get(start) == Some(&b'-');
    let start = start + usize::from(negative);
    let element = &text[start..];
    let point = point_among_four(element);
    let whole = point.unwrap_or(element.len());
    if whole > 1 && element[0] == b'0' {
        return None;
    }
    let mut digits = digits_before(&text[..start + whole], whole)?;
    let mut places = 0;
    if point.is_some() {
        places = element.len() - whole - 1;
        let fraction = digits_before(text, places)?;
        digits = digits
            .checked_mul(*POWERS_OF_TEN.get(places)?)?
            .checked_add(fraction)?;
    }
    let value = divided_by_tens(digits, places)?;
    Some(if negative { -value } else { value })
}

/// Where the point is, if it is one of the first four bytes.
#[inline]
fn point_among_four(text: &[u8]) -> Option<usize> {
    let Some(four) = text.first_chunk() else {
        return text.iter().position(|byte| *byte == b'.');
    };
    let others = u32::from_le_bytes(*four) ^ u32::from_le_bytes([b'.'; 4]);
    // The high bit of a byte of this is set where the byte is zero; a borrow can only spoil bytes above such a one.
    let zeros = others.wrapping_sub(0x0101_0101) & !others & 0x8080_8080;
    (zeros != 0).then_some(zeros.trailing_zeros() as usize / 8)
}
