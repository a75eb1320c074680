//! Trace ids after W3C Trace Context.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The trace a call belongs to and its own place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
    named: bool,
    recorded: bool,
}

impl TraceContext {
    /// The header that carries a trace in and out.
    pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

    /// The trace of a request: the caller's by its `traceparent` with a new span id, or a new one when the caller sent
    /// none or a malformed one.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(Self::HEADER) else {
            return Self::start();
        };
        let Some((trace_id, sampled)) = parse(value.as_bytes()) else {
            return Self {
                named: true,
                ..Self::start()
            };
        };
        Self {
            trace_id,
            span_id: new_id(),
            sampled,
            named: true,
            recorded: false,
        }
    }

    /// The place of whom a request's `traceparent` names: the caller's own span. `None` for none or a malformed one.
    #[must_use]
    pub fn of_caller(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(Self::HEADER)?.as_bytes();
        let (trace_id, sampled) = parse(value)?;
        let span_id = u64::try_from(hex(value.get(36..52)?)?).ok()?;
        Some(Self {
            trace_id,
            span_id,
            sampled,
            named: true,
            recorded: false,
        })
    }

    /// A place of its own below this one, of the same trace.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: new_id(),
            ..*self
        }
    }

    /// The same place, knowing whether this process records it; those that are called are told so.
    #[must_use]
    pub fn with_recorded(self, recorded: bool) -> Self {
        Self {
            sampled: recorded,
            recorded,
            ..self
        }
    }

    /// A new trace.
    #[must_use]
    pub fn start() -> Self {
        Self {
            trace_id: new_trace_id(),
            span_id: new_id(),
            sampled: true,
            named: false,
            recorded: false,
        }
    }

    /// The 16-byte trace id.
    #[must_use]
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The 8-byte id of the server's span.
    #[must_use]
    pub fn span_id(&self) -> u64 {
        self.span_id
    }

    /// Whether the caller records this trace.
    #[must_use]
    pub fn sampled(&self) -> bool {
        self.sampled
    }

    /// Whether this process records what belongs to the place; see [`observe`](crate::observe).
    #[must_use]
    pub fn recorded(&self) -> bool {
        self.recorded
    }

    /// Whether the caller sent a `traceparent`, and so wants to hear of one; it may have been malformed.
    #[must_use]
    pub fn named(&self) -> bool {
        self.named
    }

    /// The `traceparent` for whom the server answers or calls.
    #[must_use]
    pub fn header_value(&self) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        write_hex(&mut text[3..35], &self.trace_id.to_be_bytes());
        write_hex(&mut text[36..52], &self.span_id.to_be_bytes());
        text[54] = if self.sampled { b'1' } else { b'0' };
        HeaderValue::from_bytes(&text).expect("hexadecimal digits and dashes are visible ASCII")
    }
}

/// The trace id as 32 hexadecimal digits.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.trace_id)
    }
}

fn write_hex(out: &mut [u8], bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Reads `version-trace_id-parent_id-flags`; versions above 00 may append fields.
fn parse(text: &[u8]) -> Option<(u128, bool)> {
    let (head, rest) = text.split_at_checked(55)?;
    let fits = match &head[..2] {
        b"ff" => false,
        b"00" => rest.is_empty(),
        _ => rest.is_empty() || rest[0] == b'-',
    };
    let dashes = [2, 35, 52].iter().all(|at| head[*at] == b'-');
    let version = hex(&head[..2]);
    let (trace_id, parent_id) = (hex(&head[3..35])?, hex(&head[36..52])?);
    let flags = hex(&head[53..55])?;
    (fits && dashes && version.is_some() && trace_id != 0 && parent_id != 0)
        .then_some((trace_id, flags & 1 == 1))
}

/// Lower-case hexadecimal digits only, as the standard demands.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

fn new_trace_id() -> u128 {
    u128::from(new_id()) << 64 | u128::from(new_id())
}

/// A non-zero id that no other process is likely to give. Ids are names, not secrets: a counter from a random start,
/// mixed by the finaliser of SplitMix64, is unique in the process and needs no system call.
fn new_id() -> u64 {
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one("trace")));
    let mut id = NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
    id = (id ^ (id >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    id = (id ^ (id >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (id ^ (id >> 31)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> TraceContext {
        let mut headers = HeaderMap::new();
        headers.insert(TraceContext::HEADER, value.parse().expect("a header value"));
        TraceContext::of_headers(&headers)
    }

    #[test]
    fn a_callers_trace_goes_on_with_a_new_span() {
        let context = of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        assert_eq!(context.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(context.sampled());
        assert_ne!(context.span_id(), 0x00f0_67aa_0ba9_02b7);
        let text = context.header_value();
        let again = of(text.to_str().expect("ASCII"));
        assert_eq!(again.trace_id(), context.trace_id());
    }

    #[test]
    fn a_caller_is_found_and_has_children() {
        let mut headers = HeaderMap::new();
        assert_eq!(TraceContext::of_caller(&headers), None);
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        headers.insert(TraceContext::HEADER, HeaderValue::from_static(text));
        let caller = TraceContext::of_caller(&headers).expect("well-formed");
        assert_eq!(caller.header_value(), text);
        let child = caller.child().with_recorded(false);
        assert_eq!(child.trace_id(), caller.trace_id());
        assert_ne!(child.span_id(), caller.span_id());
        assert!(!child.sampled() && !child.recorded());
        headers.insert(TraceContext::HEADER, HeaderValue::from_static("00-zz"));
        assert_eq!(TraceContext::of_caller(&headers), None);
    }

    #[test]
    fn a_malformed_parent_starts_a_new_trace() {
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "zz-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            let context = of(bad);
            assert_ne!(
                context.to_string(),
                "4bf92f3577b34da6a3ce929d0e0e4736",
                "{bad}"
            );
            assert_ne!(context.trace_id(), 0);
        }
    }

    #[test]
    fn a_newer_version_may_carry_more() {
        let context = of("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more");
        assert_eq!(context.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(!context.sampled());
    }
}
