//! Times as text of fixed width, whose byte order is the order of time.

/// 0001-01-01T00:00:00Z.
const MIN_SECONDS: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const MAX_SECONDS: i64 = 253_402_300_799;
/// Ten thousand years, the limit of `google.protobuf.Duration`.
const MAX_SPAN: i64 = 315_576_000_000;
const NANOS: i32 = 1_000_000_000;
const DAY: i64 = 86_400;

/// Whether these are the parts of a valid timestamp.
pub(crate) fn is_timestamp(seconds: i64, nanos: i32) -> bool {
    (MIN_SECONDS..=MAX_SECONDS).contains(&seconds) && (0..NANOS).contains(&nanos)
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
    let (year, month, day) = civil(seconds.div_euclid(DAY));
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
    let valid = (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    (valid && is_timestamp(seconds, nanos)).then_some((seconds, nanos))
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

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar. Years begin in March, so that the leap day is
/// their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a day since 1970-01-01: the inverse of [`days`].
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (
        year,
        month,
        day_of_year - (153 * month_from_march + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_limits_are_years_1_and_9999() {
        assert_eq!(
            timestamp_text(MIN_SECONDS, 0),
            "0001-01-01T00:00:00.000000000Z"
        );
        assert_eq!(
            timestamp_text(MAX_SECONDS, 999_999_999),
            "9999-12-31T23:59:59.999999999Z"
        );
        assert!(!is_timestamp(MIN_SECONDS - 1, 0));
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
            a in (MIN_SECONDS..=MAX_SECONDS, 0..NANOS),
            b in (MIN_SECONDS..=MAX_SECONDS, 0..NANOS),
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
