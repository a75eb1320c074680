//! By which a request shows what it is.

use http::HeaderMap;

/// The headers by which the port judges a request, found in one pass, so that a request without them pays for no look-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    pub(super) const CONTENT_TYPE: Self = Self(1);
    pub(super) const ORIGIN: Self = Self(1 << 1);
    pub(super) const TRACEPARENT: Self = Self(1 << 2);
    pub(super) const UPGRADE: Self = Self(1 << 3);

    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers
            .keys()
            .map(|name| Self::one(name.as_str()))
            .fold(Self::default(), |all, one| Self(all.0 | one.0))
    }

    pub(super) fn has(self, sign: Self) -> bool {
        self.0 & sign.0 != 0
    }

    fn one(name: &str) -> Self {
        // By length first: most names are decided by one comparison of numbers.
        match (name.len(), name) {
            (6, "origin") => Self::ORIGIN,
            (7, "upgrade") => Self::UPGRADE,
            (11, "traceparent") => Self::TRACEPARENT,
            (12, "content-type") => Self::CONTENT_TYPE,
            _ => Self::default(),
        }
    }
}
