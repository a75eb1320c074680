//! Times as text of fixed width, whose byte order is the order of time.

use protoloop_wire::time::{
    DAY, MAX_DURATION_SECONDS as MAX_SPAN, TIMESTAMP_SECONDS, clock, date, days,
};

const NANOS: i32 = 1_000_000_000;

/// Whether these are the parts of a valid timestamp.
pub(crate) fn is_timestamp(seconds: i64, nanos: i32) -> bool {
    TIMESTAMP_SECONDS.contains(&seconds) && (0..NANOS).contains(&nanos)
}

/// Whether these are the parts of a valid duration.
pub(crate) fn is_duration(seconds: i64, nanos: i32) -> bool {
    seconds.abs() <= MAX_SPAN
        && (-NANOS < nanos && nanos < NANOS)
        && (seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0))
        && (seconds.abs() < MAX_SPAN || nanos == 0)
}

/// `2026-11-21T01:02:03.000000004Z`: RFC 3339 in UTC, always nine digits of the second. The parts must be valid.
pub(crate) fn timestamp_text(seconds: i64, nanos: i32) -> String {
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}Z")
}

/// How a time is stored as text, `2026-11-21T01:02:03.000000004Z`, for drivers that meet times in another form; `None`
/// outside the range of `google.protobuf.Timestamp`.
#[must_use]
pub fn valid_timestamp_text(seconds: i64, nanos: i32) -> Option<String> {
    is_timestamp(seconds, nanos).then(|| timestamp_text(seconds, nanos))
}

/// The parts of a text that [`timestamp_text`] wrote; fewer digits of the second are read too.
pub(crate) fn parse_timestamp(text: &str) -> Option<(i64, i32)> {
    let bytes = text.as_bytes();
    let at = |index: usize, expected: u8| bytes.get(index) == Some(&expected);
    if !(at(4, b'-')
        && at(7, b'-')
        && (at(10, b'T') || at(10, b' '))
        && at(13, b':')
        && at(16, b':'))
    {
        return None;
    }
    let number = |from: usize, to: usize| digits(bytes.get(from..to)?);
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let nanos = match bytes.get(19..)? {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] => fraction_nanos(fraction)?,
        _ => return None,
    };
    let seconds = days(year, month, day)? * DAY + clock(hour, minute, second)?;
    Some((seconds, nanos))
}

/// `000000000003.500000000`: seconds in twelve digits and nine digits of a second. A negative one has `-` in front and
/// the complement of every digit to nine, so that a longer one comes first. The parts must be valid.
pub(crate) fn duration_text(seconds: i64, nanos: i32) -> String {
    if seconds < 0 || nanos < 0 {
        let (seconds, nanos) = (seconds.unsigned_abs(), nanos.unsigned_abs());
        let (seconds, nanos) = (999_999_999_999 - seconds, 999_999_999 - nanos);
        format!("-{seconds:012}.{nanos:09}")
    } else {
        format!("{seconds:012}.{nanos:09}")
    }
}

/// `-1.500000000`: seconds as a decimal number. The parts must be valid.
pub(crate) fn decimal_seconds(seconds: i64, nanos: i32) -> String {
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    format!(
        "{sign}{}.{:09}",
        seconds.unsigned_abs(),
        nanos.unsigned_abs()
    )
}

/// The parts of a text that [`duration_text`] wrote.
pub(crate) fn parse_duration(text: &str) -> Option<(i64, i32)> {
    let (negative, digits_text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits_text.split_once('.')?;
    if whole.len() != 12 || fraction.len() != 9 {
        return None;
    }
    let seconds = digits(whole.as_bytes())?;
    let nanos = fraction_nanos(fraction.as_bytes())?;
    let (seconds, nanos) = if negative {
        (seconds - 999_999_999_999, nanos - 999_999_999)
    } else {
        (seconds, nanos)
    };
    is_duration(seconds, nanos).then_some((seconds, nanos))
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0i64, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

/// The nanoseconds of up to nine digits behind the point.
fn fraction_nanos(fraction: &[u8]) -> Option<i32> {
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let scale = 10i64.pow(9 - fraction.len() as u32);
    i32::try_from(digits(fraction)? * scale).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limits_are_years_1_and_9999() {
        assert_eq!(
            timestamp_text(*TIMESTAMP_SECONDS.start(), 0),
            "0001-01-01T00:00:00.000000000Z"
        );
        assert_eq!(
            timestamp_text(*TIMESTAMP_SECONDS.end(), 999_999_999),
            "9999-12-31T23:59:59.999999999Z"
        );
        assert!(!is_timestamp(TIMESTAMP_SECONDS.start() - 1, 0));
        assert!(!is_timestamp(0, NANOS));
        assert!(!is_duration(i64::MIN + 1, 0));
        assert!(!is_duration(1, -1));
        assert!(is_duration(-MAX_SPAN, 0));
    }

    #[test]
    fn wrong_text_is_not_a_time() {
        for text in [
            "",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00",
            "é",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
        assert_eq!(
            parse_timestamp("2026-01-01 00:00:00.5Z").map(|parts| parts.1),
            Some(500_000_000)
        );
        assert_eq!(parse_duration("3.5"), None);
        assert_eq!(decimal_seconds(0, -1), "-0.000000001");
    }

    fn duration() -> impl Strategy<Value = (i64, i32)> {
        (-MAX_SPAN + 1..MAX_SPAN, 0..NANOS)
            .prop_map(|(seconds, nanos)| (seconds, if seconds < 0 { -nanos } else { nanos }))
    }

    proptest! {
        #[test]
        fn timestamps_come_back_and_keep_their_order(
            a in (TIMESTAMP_SECONDS, 0..NANOS),
            b in (TIMESTAMP_SECONDS, 0..NANOS),
        ) {
            let (text_a, text_b) = (timestamp_text(a.0, a.1), timestamp_text(b.0, b.1));
            prop_assert_eq!(parse_timestamp(&text_a), Some(a));
            prop_assert_eq!(text_a.cmp(&text_b), a.cmp(&b));
        }

        #[test]
        fn durations_come_back_and_keep_their_order(a in duration(), b in duration()) {
            let (text_a, text_b) = (duration_text(a.0, a.1), duration_text(b.0, b.1));
            prop_assert_eq!(parse_duration(&text_a), Some(a));
            prop_assert_eq!(text_a.cmp(&text_b), a.cmp(&b));
        }
    }
}
