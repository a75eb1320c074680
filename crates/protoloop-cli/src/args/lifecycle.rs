//! How connections and the process end.

use std::time::Duration;

use clap::Args;

// No doc comment: clap would take it for the text about each command that holds it. How connections and the process end.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Lifecycle {
    /// How long to go on answering, not ready any more, once SIGTERM has come: 5s, 500ms; as long as balancers take to
    /// turn away
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time, env = "PROTOLOOP_DRAIN_DELAY")]
    pub(crate) drain_delay: Duration,
    /// How long calls in flight may take after that; then they are cut off
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time, env = "PROTOLOOP_GRACE_PERIOD")]
    pub(crate) grace_period: Duration,
    /// How old connections get, give or take a tenth, before their peers are told to open others, which may go to other
    /// replicas; any age unless given
    #[arg(long, value_name = "TIME", value_parser = age, env = "PROTOLOOP_MAX_CONNECTION_AGE")]
    pub(crate) max_connection_age: Option<Duration>,
    /// How long calls in flight on such a connection may take before it is cut off; as long as they take unless given
    #[arg(
        long,
        value_name = "TIME",
        value_parser = time,
        requires = "max_connection_age",
        env = "PROTOLOOP_MAX_CONNECTION_AGE_GRACE"
    )]
    pub(crate) max_connection_age_grace: Option<Duration>,
}

/// `30s`, `500ms`, `5m`, `1h`; a bare number is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let seconds = match unit {
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

fn age(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err("must be longer than zero; leave it out for any age".to_owned()),
        age => Ok(age),
    }
}

fn wrong() -> String {
    "write a number and ms, s, m or h, such as 30s".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, ms) in [
            ("30s", 30_000),
            ("500ms", 500),
            ("1.5m", 90_000),
            ("1h", 3_600_000),
            ("7", 7_000),
            ("0s", 0),
        ] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1d",
            "1 s",
            "1e99h",
            "1..2s",
            "99999999999999999999s",
        ] {
            assert_eq!(time(text), Err(wrong()), "{text}");
        }
        assert!(age("0s").is_err());
    }
}
