//! By which a request shows what it is.

use http::HeaderMap;
use protoloop_gateway::GrpcKind;

/// The headers by which the port judges a request, found in one pass, so that a request without them pays for no look-up.
///
/// They are asked for only where they may matter: `GrpcKind::of` and `ConnectGateway::claims` have the last word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// A content type of gRPC or gRPC-Web.
    pub(super) const GRPC: Self = Self(1);
    pub(super) const ORIGIN: Self = Self(1 << 1);
    pub(super) const TRACEPARENT: Self = Self(1 << 2);
    pub(super) const UPGRADE: Self = Self(1 << 3);
    /// What only Connect has.
    pub(super) const CONNECT: Self = Self(1 << 4);

    pub(super) fn of(headers: &HeaderMap) -> Self {
        headers
            .iter()
            .map(|(name, value)| Self::one(name.as_str(), value.as_bytes()))
            .fold(Self::default(), |all, one| Self(all.0 | one.0))
    }

    pub(super) fn has(self, sign: Self) -> bool {
        self.0 & sign.0 != 0
    }

    /// The form of gRPC that a request has.
    pub(super) fn grpc(self, headers: &HeaderMap) -> Option<GrpcKind> {
        self.has(Self::GRPC)
            .then(|| GrpcKind::of(headers))
            .flatten()
    }

    fn one(name: &str, value: &[u8]) -> Self {
        // By length first: most names are decided by one comparison of numbers.
        match (name.len(), name) {
            (6, "origin") => Self::ORIGIN,
            (7, "upgrade") => Self::UPGRADE,
            (11, "traceparent") => Self::TRACEPARENT,
            (12, "content-type") => Self::of_content_type(value),
            (24, "connect-protocol-version") => Self::CONNECT,
            _ => Self::default(),
        }
    }

    fn of_content_type(value: &[u8]) -> Self {
        match value.strip_prefix(b"application/") {
            Some(kind) if kind.starts_with(b"grpc") => Self::GRPC,
            Some(kind) if kind.starts_with(b"connect+") || kind == b"proto" => Self::CONNECT,
            _ => Self::default(),
        }
    }
}
