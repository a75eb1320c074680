//! When a line is written.

use std::{
    cell::RefCell,
    fmt::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use prost_types::Timestamp;

/// A second, and how it is written up to its end: `2026-11-21T20:18:06`.
#[derive(Default)]
struct Second {
    seconds: u64,
    text: String,
}

impl Second {
    /// Lines of one second differ in what follows it alone.
    fn turn_to(&mut self, seconds: u64) {
        if self.seconds == seconds && !self.text.is_empty() {
            return;
        }
        let moment = Timestamp {
            seconds: seconds.try_into().unwrap_or(i64::MAX),
            nanos: 0,
        };
        self.seconds = seconds;
        self.text = moment.to_string();
        self.text.truncate(self.text.trim_end_matches('Z').len());
    }
}

thread_local! {
    static LAST: RefCell<Second> = RefCell::default();
}

/// Writes the present moment by RFC 3339, in UTC with six digits behind the second.
pub(super) fn now(out: &mut impl Write) -> fmt::Result {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // A clock before 1970 is broken; a line is worth more than its time.
    let now = now.unwrap_or_default();
    LAST.with_borrow_mut(|second| {
        second.turn_to(now.as_secs());
        write!(out, "{}.{:06}Z", second.text, now.subsec_micros())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_written_by_rfc_3339() {
        let mut second = Second::default();
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00"),
            (1_795_292_286, "2026-11-21T20:18:06"),
            (1_795_292_286, "2026-11-21T20:18:06"),
            (1_795_292_287, "2026-11-21T20:18:07"),
        ] {
            second.turn_to(seconds);
            assert_eq!(second.text, text);
        }
    }

    #[test]
    fn now_has_six_digits_of_a_second() {
        let mut text = String::new();
        now(&mut text).expect("text is written");
        assert_eq!(text.len(), "2026-11-21T20:18:06.046402Z".len(), "{text}");
        assert_eq!(&text[19..20], ".");
    }
}
