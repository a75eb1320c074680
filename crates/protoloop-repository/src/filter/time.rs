//! Times and durations as filters write them.

use protoloop_wire::time::{DAY, MAX_DURATION_SECONDS as LONGEST, TIMESTAMP_SECONDS, clock, days};

use crate::Value;

/// RFC 3339 with `Z` or an offset, and up to nine digits behind the second; a date alone is its midnight in UTC.
pub(super) fn timestamp(text: &str) -> Option<Value> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let midnight = days(year, month, day)? * DAY;
    let (seconds, nanos) = if rest.is_empty() {
        (midnight, 0)
    } else {
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let (shown, rest) = rest.split_at_checked(8)?;
        let [hour, minute, second] = fields(shown, ':', [2, 2, 2])?;
        let (nanos, rest) = fraction(rest)?;
        (
            midnight + clock(hour, minute, second)? - offset(rest)?,
            nanos,
        )
    };
    TIMESTAMP_SECONDS
        .contains(&seconds)
        .then_some(Value::Timestamp { seconds, nanos })
}

/// Seconds with up to nine digits behind the point and an `s`: `90s`, `-1.5s`.
pub(super) fn duration(text: &str) -> Option<Value> {
    let number = text.strip_suffix('s')?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, number),
    };
    let digits = number.find('.').unwrap_or(number.len());
    let (whole, rest) = number.split_at(digits);
    let seconds = self::digits(whole)?;
    let (nanos, rest) = fraction(rest)?;
    (rest.is_empty() && (seconds < LONGEST || seconds == LONGEST && nanos == 0)).then_some(
        Value::Duration {
            seconds: sign * seconds,
            nanos: sign as i32 * nanos,
        },
    )
}

/// Three numbers of fixed widths with a separator between.
fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut values = [0; 3];
    for (value, width) in values.iter_mut().zip(widths) {
        *value = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(values)
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// The nanoseconds of `.123…` in front of a text, and what follows.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let Some(rest) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let value: i32 = digits.parse().ok()?;
    Some((value * 10_i32.pow(9 - digits.len() as u32), rest))
}

/// Seconds east of UTC.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hour, minute) = rest.split_once(':')?;
    let valid = hour.len() == 2 && minute.len() == 2;
    let east = clock(digits(hour)?, digits(minute)?, 0)?;
    valid.then_some(sign * east)
}
