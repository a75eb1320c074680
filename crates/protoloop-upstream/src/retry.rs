//! When a call is tried again.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use protoloop_core::{Code, Detail, Error};

use crate::Selector;

/// When, how often and after what time a call is tried again.
///
/// A call that the upstream never saw (the connection broke before it was sent, or the stream was refused) is tried again
/// whatever it does. One that failed with UNAVAILABLE is tried again only when it changes nothing: its method is
/// `NO_SIDE_EFFECTS`, a standard read, bound to GET, or named in [`methods`](Self::methods). A stream is tried again only
/// before its first message.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// Tries in all, the first one included; 1 for no retry. 3.
    pub attempts: u32,
    /// The longest wait before the second try; every further one may be twice as long. Waits are drawn at random below it.
    /// 50 ms.
    pub backoff: Duration,
    /// The longest wait of all, also when the upstream asks for more: then the caller hears of it instead. 2 s.
    pub max_backoff: Duration,
    /// Further methods that may be tried again.
    pub methods: Vec<Selector>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(2),
            methods: Vec::new(),
        }
    }
}

/// Why an attempt failed, as far as trying again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The upstream did nothing: any method may be tried again.
    Unprocessed,
    /// It may have done something.
    Unknown,
    /// Messages have been passed on: nothing may be tried again.
    Begun,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) fate: Fate,
}

impl RetryPolicy {
    /// How long to wait before trying again after the `attempt`th failure, counted from 1; `None` for not at all.
    pub(crate) fn wait(&self, failure: &Failure, attempt: u32, safe: bool) -> Option<Duration> {
        let may = match failure.fate {
            Fate::Unprocessed => true,
            Fate::Unknown => safe && failure.error.code() == Code::Unavailable,
            Fate::Begun => false,
        };
        if !may || attempt >= self.attempts {
            return None;
        }
        let asked = match pushback(&failure.error) {
            Pushback::Never => return None,
            Pushback::After(asked) => asked,
            Pushback::Unsaid => {
                let doubled = self.backoff.saturating_mul(1 << (attempt - 1).min(16));
                return Some(doubled.min(self.max_backoff).mul_f64(fastrand::f64()));
            }
        };
        (asked <= self.max_backoff).then_some(asked)
    }
}

/// What the upstream says about trying again.
enum Pushback {
    Unsaid,
    After(Duration),
    Never,
}

/// `grpc-retry-pushback-ms`, where anything but a number from zero means "never"; else the `RetryInfo` detail.
fn pushback(error: &Error) -> Pushback {
    if let Some(value) = error.metadata().get("grpc-retry-pushback-ms") {
        let ms = value.to_str().ok().and_then(|text| text.parse().ok());
        return ms.map_or(Pushback::Never, |ms| {
            Pushback::After(Duration::from_millis(ms))
        });
    }
    let delay = error.details().iter().find_map(|detail| match detail {
        Detail::RetryInfo { retry_delay } => Some(*retry_delay),
        _ => None,
    });
    delay.map_or(Pushback::Unsaid, Pushback::After)
}

/// Keeps retries from multiplying the load on an upstream that fails: every failure costs one token, every success gives
/// a tenth of one back, and there are no retries while half of them are gone.
#[derive(Debug)]
pub(crate) struct Budget(AtomicI64);

impl Budget {
    const FULL: i64 = 100_000;
    const FAILURE: i64 = 1000;
    const SUCCESS: i64 = 100;

    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(Self::FULL))
    }

    pub(crate) fn succeeded(&self) {
        // Full is the usual state, and a look at it costs less than a write.
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            self.0.fetch_add(Self::SUCCESS, Ordering::Relaxed);
        }
    }

    pub(crate) fn failed(&self) {
        if self.0.load(Ordering::Relaxed) > 0 {
            self.0.fetch_sub(Self::FAILURE, Ordering::Relaxed);
        }
    }

    pub(crate) fn allows(&self) -> bool {
        self.0.load(Ordering::Relaxed) > Self::FULL / 2
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn failure(error: Error) -> Failure {
        Failure {
            error,
            fate: Fate::Unknown,
        }
    }

    #[test]
    fn only_safe_methods_are_tried_again_after_unavailable() {
        let policy = RetryPolicy::default();
        let unavailable = failure(Error::unavailable("gone"));
        assert!(policy.wait(&unavailable, 1, true).is_some());
        assert!(
            policy.wait(&unavailable, 3, true).is_none(),
            "three tries in all"
        );
        assert!(policy.wait(&unavailable, 1, false).is_none());
        assert!(
            policy
                .wait(&failure(Error::aborted("no")), 1, true)
                .is_none()
        );
    }

    #[test]
    fn what_was_never_processed_is_tried_again_whatever_it_is() {
        let refused = Failure {
            error: Error::unavailable("refused"),
            fate: Fate::Unprocessed,
        };
        assert!(RetryPolicy::default().wait(&refused, 1, false).is_some());
    }

    #[test]
    fn the_upstream_says_when() {
        let policy = RetryPolicy::default();
        let with = |text: &str| {
            let mut metadata = HeaderMap::new();
            metadata.insert("grpc-retry-pushback-ms", text.parse().expect("a value"));
            failure(Error::unavailable("busy").with_metadata(metadata))
        };
        assert_eq!(
            policy.wait(&with("70"), 1, true),
            Some(Duration::from_millis(70))
        );
        assert_eq!(policy.wait(&with("-1"), 1, true), None);
        assert_eq!(
            policy.wait(&with("60000"), 1, true),
            None,
            "too long to hold a caller"
        );
        let info = Error::unavailable("busy").with_detail(Detail::RetryInfo {
            retry_delay: Duration::from_millis(5),
        });
        assert_eq!(
            policy.wait(&failure(info), 1, true),
            Some(Duration::from_millis(5))
        );
    }

    #[test]
    fn the_budget_runs_out_and_comes_back() {
        let budget = Budget::new();
        for _ in 0..50 {
            assert!(budget.allows());
            budget.failed();
        }
        assert!(!budget.allows());
        for _ in 0..11 {
            budget.succeeded();
        }
        assert!(budget.allows());
    }
}
