//! Which headers that change the way of a request stand in it.

use http::HeaderMap;

/// The header that names the fields of the answer.
pub(crate) const FIELD_MASK: &str = "x-goog-fieldmask";

/// The headers of a request that do more than describe it, found in one pass, so that a request without them pays for
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked(u16);

impl Asked {
    pub(crate) const ACCEPT: Self = Self(1);
    pub(crate) const CONTENT_ENCODING: Self = Self(1 << 1);
    pub(crate) const METHOD_OVERRIDE: Self = Self(1 << 2);
    /// `If-Match` or `If-None-Match`.
    pub(crate) const CONDITIONS: Self = Self(1 << 3);
    pub(crate) const IDEMPOTENCY_KEY: Self = Self(1 << 4);
    pub(crate) const FIELD_MASK: Self = Self(1 << 5);
    pub(crate) const ACCEPT_ENCODING: Self = Self(1 << 6);
    pub(crate) const LAST_EVENT_ID: Self = Self(1 << 7);
    /// `X-Request-Timeout` or `Grpc-Timeout`.
    pub(crate) const TIMEOUT: Self = Self(1 << 8);
    pub(crate) const EXPECT: Self = Self(1 << 9);

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        headers
            .keys()
            .map(|name| Self::one(name.as_str()))
            .fold(Self::default(), |all, one| Self(all.0 | one.0))
    }

    /// Whether one of these headers stands in the request.
    pub(crate) fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    fn one(name: &str) -> Self {
        // By length first: most names are decided by one comparison of numbers.
        match (name.len(), name) {
            (6, "accept") => Self::ACCEPT,
            (6, "expect") => Self::EXPECT,
            (8, "if-match") | (13, "if-none-match") => Self::CONDITIONS,
            (12, "grpc-timeout") | (17, "x-request-timeout") => Self::TIMEOUT,
            (13, "last-event-id") => Self::LAST_EVENT_ID,
            (15, "accept-encoding") => Self::ACCEPT_ENCODING,
            (15, "idempotency-key") => Self::IDEMPOTENCY_KEY,
            (16, "content-encoding") => Self::CONTENT_ENCODING,
            (16, FIELD_MASK) => Self::FIELD_MASK,
            (22, "x-http-method-override") => Self::METHOD_OVERRIDE,
            _ => Self::default(),
        }
    }
}
