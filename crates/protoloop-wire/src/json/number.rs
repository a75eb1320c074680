//! Numbers as ProtoJSON reads and writes them.

use super::lexer::number_prefix;

/// An integer as sign and magnitude, so that both 64-bit ranges fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integer {
    pub(crate) negative: bool,
    pub(crate) magnitude: u64,
}

/// Why a text is not an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotInteger {
    /// It is no number.
    Syntax,
    /// It has a fraction.
    Fraction,
    /// It has more than 64 bits.
    Overflow,
}

impl Integer {
    pub(crate) fn from_i64(value: i64) -> Self {
        Self {
            negative: value < 0,
            magnitude: value.unsigned_abs(),
        }
    }

    /// Reads a JSON number that stands for an integer: `1`, `1.0`, `1e2`. Exact at any size.
    pub(crate) fn parse(text: &str) -> Result<Self, NotInteger> {
        let bytes = text.as_bytes();
        if bytes.is_empty() || number_prefix(bytes) != bytes.len() {
            return Err(NotInteger::Syntax);
        }
        let negative = bytes[0] == b'-';
        let unsigned = &text[usize::from(negative)..];
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = || whole.bytes().chain(fraction.bytes());
        let significant =
            digits().count() - digits().rev().take_while(|digit| *digit == b'0').count();
        if significant == 0 {
            return Ok(Self {
                negative: false,
                magnitude: 0,
            });
        }
        // An exponent beyond the range of i32 is far out of any integer's.
        let exponent = exponent
            .parse::<i32>()
            .unwrap_or(if exponent.starts_with('-') {
                i32::MIN / 2
            } else {
                i32::MAX / 2
            });
        let zeros = i64::from(exponent) + whole.len() as i64 - significant as i64;
        if zeros < 0 {
            return Err(NotInteger::Fraction);
        }
        let mut magnitude = 0u64;
        for digit in digits().take(significant) {
            magnitude = push_digit(magnitude, digit - b'0').ok_or(NotInteger::Overflow)?;
        }
        for _ in 0..zeros {
            magnitude = push_digit(magnitude, 0).ok_or(NotInteger::Overflow)?;
        }
        Ok(Self {
            negative,
            magnitude,
        })
    }

    pub(crate) fn to_i64(self) -> Option<i64> {
        if self.negative {
            0i64.checked_sub_unsigned(self.magnitude)
        } else {
            i64::try_from(self.magnitude).ok()
        }
    }

    pub(crate) fn to_u64(self) -> Option<u64> {
        (!self.negative || self.magnitude == 0).then_some(self.magnitude)
    }
}

fn push_digit(value: u64, digit: u8) -> Option<u64> {
    value.checked_mul(10)?.checked_add(u64::from(digit))
}

/// Appends an integer.
#[inline]
pub(crate) fn push_integer<I: itoa::Integer>(out: &mut Vec<u8>, value: I) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a 64-bit integer in quotes.
#[inline]
pub(crate) fn push_quoted<I: itoa::Integer>(out: &mut Vec<u8>, value: I) {
    out.push(b'"');
    push_integer(out, value);
    out.push(b'"');
}

/// Appends the shortest text that reads back as the same `double`; NaN and infinities as their words.
#[inline]
pub(crate) fn push_f64(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        push_finite(out, zmij::Buffer::new().format_finite(value));
    } else {
        push_special(out, value.is_nan(), value.is_sign_negative());
    }
}

/// Appends the shortest text that reads back as the same `float`; NaN and infinities as their words.
#[inline]
pub(crate) fn push_f32(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        push_finite(out, zmij::Buffer::new().format_finite(value));
    } else {
        push_special(out, value.is_nan(), value.is_sign_negative());
    }
}

#[inline]
fn push_finite(out: &mut Vec<u8>, text: &str) {
    // An integral value needs no fraction.
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
}

#[cold]
fn push_special(out: &mut Vec<u8>, nan: bool, negative: bool) {
    out.extend_from_slice(special_word(nan, negative).as_bytes());
}

/// How JSON writes what is no finite number.
pub(super) fn special_word(nan: bool, negative: bool) -> &'static str {
    match (nan, negative) {
        (true, _) => "\"NaN\"",
        (false, false) => "\"Infinity\"",
        (false, true) => "\"-Infinity\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_in_every_spelling() {
        let cases = [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("-0.0e5", Some(0)),
            ("1.0", Some(1)),
            ("1e2", Some(100)),
            ("1.5e1", Some(15)),
            ("-120e-1", Some(-12)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("922337203685477580.7e1", Some(i64::MAX)),
            ("1.5", None),
            ("1e-1", None),
            ("1e99999999999", None),
            ("1e-99999999999", None),
            ("0e99999999999", Some(0)),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("", None),
            ("-", None),
            ("0x1", None),
        ];
        for (text, expected) in cases {
            let found = Integer::parse(text).ok().and_then(Integer::to_i64);
            assert_eq!(found, expected, "{text}");
        }
        let largest = Integer::parse("18446744073709551615");
        assert_eq!(largest.ok().and_then(Integer::to_u64), Some(u64::MAX));
        assert_eq!(
            Integer::parse("18446744073709551616"),
            Err(NotInteger::Overflow)
        );
    }

    #[test]
    fn floats_are_written_short() {
        let text = |value| {
            let mut out = Vec::new();
            push_f64(&mut out, value);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(1.0), "1");
        assert_eq!(text(-0.0), "-0");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(1e300), "1e+300");
        assert_eq!(text(f64::NAN), "\"NaN\"");
        assert_eq!(text(f64::NEG_INFINITY), "\"-Infinity\"");
    }
}
