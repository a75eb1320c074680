//! Numbers.

use super::{Lexer, Result};
use crate::json::decimal::{POWERS_OF_TEN, divided_by_tens, leading_digits};

impl<'a> Lexer<'a> {
    /// A number, as its text.
    pub(crate) fn number(&mut self) -> Result<&'a str> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected("a number"));
        }
        let len = number_prefix(&self.bytes[self.pos..]);
        let end = self.pos + len;
        let trailing = self.bytes.get(end).is_some_and(continues_a_number);
        if len == 0 || trailing {
            return Err(self.error("not a JSON number"));
        }
        let text = &self.text[self.pos..end];
        self.pos = end;
        Ok(text)
    }

    /// An integer of at most 18 digits, without fraction and exponent; `None`, with nothing consumed, for anything else.
    #[inline]
    pub(crate) fn small_integer(&mut self) -> Option<i64> {
        let rest = &self.bytes[self.pos..];
        let negative = rest.first() == Some(&b'-');
        let digits = &rest[usize::from(negative)..];
        let (value, count) = leading_digits(digits);
        let leading_zero = count > 1 && digits[0] == b'0';
        let goes_on = digits.get(count).is_some_and(continues_a_number);
        if count == 0 || count > 18 || leading_zero || goes_on {
            return None;
        }
        self.pos += count + usize::from(negative);
        let value = value as i64;
        Some(if negative { -value } else { value })
    }

    /// The same in quotes; `None`, with nothing consumed, for anything else.
    #[inline]
    pub(crate) fn small_quoted_integer(&mut self) -> Option<i64> {
        let start = self.pos;
        if self.bytes.get(start) != Some(&b'"') {
            return None;
        }
        self.pos += 1;
        let value = self.small_integer();
        if value.is_some() && self.bytes.get(self.pos) == Some(&b'"') {
            self.pos += 1;
            return value;
        }
        self.pos = start;
        None
    }

    /// A number of at most 19 digits without exponent, as the nearest `double`; `None`, with nothing consumed, for
    /// anything else.
    #[inline]
    pub(crate) fn plain_float(&mut self) -> Option<f64> {
        let rest = &self.bytes[self.pos..];
        let negative = rest.first() == Some(&b'-');
        let text = &rest[usize::from(negative)..];
        let (mut digits, whole) = leading_digits(text);
        if whole == 0 || (whole > 1 && text[0] == b'0') {
            return None;
        }
        let mut len = whole;
        let mut places = 0;
        if text.get(whole) == Some(&b'.') {
            let fraction;
            (fraction, places) = leading_digits(&text[whole + 1..]);
            if places == 0 || whole + places > 19 {
                return None;
            }
            digits = digits * POWERS_OF_TEN[places] + fraction;
            len += 1 + places;
        }
        if whole > 19 || text.get(len).is_some_and(continues_a_number) {
            return None;
        }
        let value = divided_by_tens(digits, places)?;
        self.pos += len + usize::from(negative);
        Some(if negative { -value } else { value })
    }
}

/// Whether a byte directly behind a number makes it something else.
#[inline]
fn continues_a_number(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}

/// How many bytes from the start are a JSON number; 0 for none.
pub(crate) fn number_prefix(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match (bytes.get(at), digits(at)) {
        (_, 0) => return 0,
        (Some(b'0'), _) => at += 1,
        (_, count) => at += count,
    }
    if bytes.get(at) == Some(&b'.') {
        match digits(at + 1) {
            0 => return 0,
            count => at += 1 + count,
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        match digits(at + 1 + sign) {
            0 => return 0,
            count => at += 1 + sign + count,
        }
    }
    at
}
