//! Timestamps and durations as ProtoJSON writes them.

use crate::time::{DAY, MAX_DURATION_SECONDS, TIMESTAMP_SECONDS, clock, date, days};

/// Appends a timestamp in RFC 3339, UTC, with 0, 3, 6 or 9 digits of fraction; false where it is out of range.
pub(crate) fn push_timestamp(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> bool {
    if !TIMESTAMP_SECONDS.contains(&seconds) || !(0..1_000_000_000).contains(&nanos) {
        return false;
    }
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    push_digits(out, year, 4);
    out.push(b'-');
    push_digits(out, month, 2);
    out.push(b'-');
    push_digits(out, day, 2);
    out.push(b'T');
    push_digits(out, second / 3600, 2);
    out.push(b':');
    push_digits(out, second / 60 % 60, 2);
    out.push(b':');
    push_digits(out, second % 60, 2);
    push_fraction(out, nanos.unsigned_abs());
    out.push(b'Z');
    true
}

/// Appends a duration in seconds with 0, 3, 6 or 9 digits of fraction and an `s`; false where it is out of range or its
/// parts have different signs.
pub(crate) fn push_duration(out: &mut Vec<u8>, seconds: i64, nanos: i32) -> bool {
    let mixed = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
    if seconds.unsigned_abs() > MAX_DURATION_SECONDS.unsigned_abs()
        || nanos.unsigned_abs() >= 1_000_000_000
        || mixed
    {
        return false;
    }
    if seconds < 0 || nanos < 0 {
        out.push(b'-');
    }
    super::number::push_integer(out, seconds.unsigned_abs());
    push_fraction(out, nanos.unsigned_abs());
    out.push(b's');
    true
}

/// Seconds and nanoseconds of an RFC 3339 text; `None` where it is none or out of range.
pub(crate) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    let bytes = text.as_bytes();
    let (shown, rest) = bytes.split_at_checked(19)?;
    let punctuation = [shown[4], shown[7], shown[10], shown[13], shown[16]];
    if punctuation != *b"--T::" {
        return None;
    }
    let part = |from: usize, to: usize| digits(&shown[from..to]);
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let local = days(year, month, day)? * DAY + clock(hour, minute, second)?;
    let (nanos, zone) = split_fraction(rest)?;
    let offset = match zone {
        b"Z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let seconds = clock(hours, minutes, 0)?;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let seconds = local - offset;
    TIMESTAMP_SECONDS
        .contains(&seconds)
        .then_some((seconds, nanos))
}

/// Seconds and nanoseconds of a text such as `-1.5s`; `None` where it is none or out of range.
pub(crate) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let bytes = text.strip_suffix('s')?.as_bytes();
    let negative = bytes.first() == Some(&b'-');
    let bytes = &bytes[usize::from(negative)..];
    let count = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if count == 0 || count > 12 {
        return None;
    }
    let seconds = digits(&bytes[..count])?;
    let (nanos, rest) = split_fraction(&bytes[count..])?;
    if !rest.is_empty() || seconds > MAX_DURATION_SECONDS {
        return None;
    }
    Some(if negative {
        (-seconds, -nanos)
    } else {
        (seconds, nanos)
    })
}

/// Nanoseconds of a fraction of one to nine digits, where there is one, and what follows.
fn split_fraction(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let Some(rest) = bytes.strip_prefix(b".") else {
        return Some((0, bytes));
    };
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 9 {
        return None;
    }
    let value = digits(&rest[..count])? * 10i64.pow(9 - count as u32);
    Some((i32::try_from(value).ok()?, &rest[count..]))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i64::from(digit))
    })
}

fn push_fraction(out: &mut Vec<u8>, nanos: u32) {
    if nanos == 0 {
        return;
    }
    out.push(b'.');
    if nanos.is_multiple_of(1_000_000) {
        push_digits(out, i64::from(nanos / 1_000_000), 3);
    } else if nanos.is_multiple_of(1_000) {
        push_digits(out, i64::from(nanos / 1_000), 6);
    } else {
        push_digits(out, i64::from(nanos), 9);
    }
}

fn push_digits(out: &mut Vec<u8>, mut value: i64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for slot in out[start..].iter_mut().rev() {
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        let cases = [
            ("1970-01-01T00:00:00Z", Some((0, 0))),
            ("0001-01-01T00:00:00Z", Some((-62_135_596_800, 0))),
            (
                "9999-12-31T23:59:59.999999999Z",
                Some((253_402_300_799, 999_999_999)),
            ),
            (
                "2000-02-29T12:00:00.5+01:30",
                Some((951_820_200, 500_000_000)),
            ),
            ("1900-02-29T00:00:00Z", None),
            ("2000-01-01t00:00:00Z", None),
            ("2000-01-01T00:00:00z", None),
            ("2000-01-01T00:00:00", None),
            ("2000-01-01T24:00:00Z", None),
            ("2000-01-01T00:00:60Z", None),
            ("2000-01-01T00:00:00.Z", None),
            ("2000-01-01T00:00:00.1234567890Z", None),
            ("0000-12-31T23:59:59Z", None),
            ("0001-01-01T00:00:00+00:01", None),
            ("9999-12-31T23:59:59-00:01", None),
            ("2000-01-01T00:00:00+0100", None),
            ("x000-01-01T00:00:00Z", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_timestamp(text), expected, "{text}");
        }
        let mut out = Vec::new();
        assert!(push_timestamp(&mut out, 951_820_200, 120_000));
        assert_eq!(out, b"2000-02-29T10:30:00.000120Z");
        assert!(!push_timestamp(&mut out, 253_402_300_800, 0));
        assert!(!push_timestamp(&mut out, 0, -1));
    }

    #[test]
    fn durations() {
        let cases = [
            ("1s", Some((1, 0))),
            ("-1.5s", Some((-1, -500_000_000))),
            ("-0.5s", Some((0, -500_000_000))),
            ("315576000000s", Some((315_576_000_000, 0))),
            ("315576000001s", None),
            ("1", None),
            ("s", None),
            (".5s", None),
            ("1.s", None),
            ("+1s", None),
            ("1e3s", None),
            ("1.0000000000s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
        let mut out = Vec::new();
        assert!(push_duration(&mut out, 0, -10_000_000));
        assert_eq!(out, b"-0.010s");
        assert!(!push_duration(&mut out, 1, -1));
        assert!(!push_duration(&mut out, 315_576_000_001, 0));
    }
}
