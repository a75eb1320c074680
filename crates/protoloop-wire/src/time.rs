//! The bounds of protobuf's times, and dates of the Gregorian calendar as days.

use std::ops::RangeInclusive;

/// The seconds of a `google.protobuf.Timestamp`: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
pub const TIMESTAMP_SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The most seconds of a `google.protobuf.Duration`, about ten thousand years.
pub const MAX_DURATION_SECONDS: i64 = 315_576_000_000;

/// The seconds of a day.
pub const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a year from 1 on, a month from 1 and a day from 1; `None` where there is no such date.
#[must_use]
pub fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_date = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of_month(year, month)).contains(&day);
    is_date.then(|| days_of_date(year, month, day))
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days`].
#[must_use]
pub fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Seconds since midnight; `None` where a clock never shows that. Leap seconds are none of protobuf's.
#[must_use]
pub fn clock(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let shown = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    shown.then_some(hour * 3600 + minute * 60 + second)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Years begin in March here, so that the leap day is their last.
fn days_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_the_range_comes_back() {
        let first = TIMESTAMP_SECONDS.start() / DAY;
        let last = TIMESTAMP_SECONDS.end() / DAY;
        for day in (first..=last).step_by(13).chain([last]) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
        assert_eq!(date(first), (1, 1, 1));
        assert_eq!(date(last), (9999, 12, 31));
    }

    #[test]
    fn what_is_no_date_is_none() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        for (year, month, day) in [
            (0, 12, 31),
            (10_000, 1, 1),
            (1900, 2, 29),
            (2026, 4, 31),
            (2026, 13, 1),
            (2026, 0, 1),
            (2026, 1, 0),
            (2026, 1, -1),
        ] {
            assert_eq!(days(year, month, day), None, "{year}-{month}-{day}");
        }
        assert_eq!(clock(23, 59, 59), Some(DAY - 1));
        for (hour, minute, second) in [(24, 0, 0), (0, 60, 0), (0, 0, 60), (-1, 0, 0)] {
            assert_eq!(clock(hour, minute, second), None);
        }
    }
}
