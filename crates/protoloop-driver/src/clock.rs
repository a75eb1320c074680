//! Times without a date.

/// A time of a day, or a span of hours, minutes, seconds and microseconds, as SQL writes it: `12:00:00.5`.
#[must_use]
pub fn clock(hours: u64, minutes: u64, seconds: u64, micros: u32) -> String {
    let whole = format!("{hours:02}:{minutes:02}:{seconds:02}");
    match micros {
        0 => whole,
        micros => format!("{whole}.{micros:06}")
            .trim_end_matches('0')
            .to_owned(),
    }
}
