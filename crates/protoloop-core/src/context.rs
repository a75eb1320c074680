//! What a call carries beside its messages.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use http::{Extensions, HeaderMap};

use crate::{Error, Result, TraceContext};

/// The protocol a call came in by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web, binary or text.
    GrpcWeb,
    /// Connect.
    Connect,
    /// REST/JSON by `google.api.http`.
    Rest,
    /// A call made inside the process.
    #[default]
    InProcess,
}

/// Where a call comes from, as the edge found it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// The caller's address, where there is one.
    pub peer: Option<SocketAddr>,
    /// SHA-256 of the certificate (DER) that the client has shown and the server has checked.
    pub certificate: Option<[u8; 32]>,
    /// The trace it belongs to, where the edge has looked.
    pub trace: Option<TraceContext>,
}

impl From<Option<SocketAddr>> for Origin {
    fn from(peer: Option<SocketAddr>) -> Self {
        Self {
            peer,
            ..Self::default()
        }
    }
}

/// Deadline, metadata, origin and typed extensions of one call; the first argument of everything that works for it.
///
/// It is a pointer, since a call is moved through every layer.
#[derive(Clone, Debug, Default)]
pub struct CallContext(Box<Inner>);

#[derive(Clone, Debug, Default)]
struct Inner {
    protocol: Protocol,
    deadline: Option<Instant>,
    origin: Origin,
    metadata: HeaderMap,
    extensions: Extensions,
}

impl CallContext {
    /// A context for a call made inside the process, without deadline and metadata.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A context as an edge makes it.
    #[must_use]
    pub fn of_request(protocol: Protocol, origin: Origin, metadata: HeaderMap) -> Self {
        Self(Box::new(Inner {
            protocol,
            deadline: None,
            origin,
            metadata,
            extensions: Extensions::new(),
        }))
    }

    /// The protocol the call came in by.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.0.protocol
    }

    /// The caller's address, where there is one.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.0.origin.peer
    }

    /// SHA-256 of the certificate (DER) of the client, where the server asks for one and has checked it.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8; 32]> {
        self.0.origin.certificate.as_ref()
    }

    /// The trace the call belongs to. The server's sequence sees to it that there is one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.0.origin.trace
    }

    /// Puts the call into a trace.
    pub fn set_trace(&mut self, trace: TraceContext) {
        self.0.origin.trace = Some(trace);
    }

    /// Request metadata: the headers that the edge lets through, names in lower case.
    #[must_use]
    pub fn metadata(&self) -> &HeaderMap {
        &self.0.metadata
    }

    /// The same, for a layer that changes what the handlers behind it see.
    pub fn metadata_mut(&mut self) -> &mut HeaderMap {
        &mut self.0.metadata
    }

    /// When the caller stops waiting.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }

    /// Moves the deadline nearer; a later one than the present one changes nothing.
    pub fn limit_deadline(&mut self, deadline: Instant) {
        self.0.deadline = Some(
            self.0
                .deadline
                .map_or(deadline, |present| present.min(deadline)),
        );
    }

    /// The time left until the deadline; zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.0
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// DEADLINE_EXCEEDED when the deadline has passed.
    ///
    /// # Errors
    /// Only that one.
    pub fn check_deadline(&self) -> Result<()> {
        match self.remaining() {
            Some(left) if left.is_zero() => {
                Err(Error::deadline_exceeded("the call's deadline has passed"))
            }
            _ => Ok(()),
        }
    }

    /// Typed values that layers leave for later ones (identity, tenant).
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The same, to add to.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        &mut self.0.extensions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_only_moves_nearer() {
        let now = Instant::now();
        let mut context = CallContext::new();
        assert!(context.check_deadline().is_ok());
        context.limit_deadline(now + Duration::from_secs(60));
        context.limit_deadline(now + Duration::from_secs(90));
        assert_eq!(context.deadline(), Some(now + Duration::from_secs(60)));
        context.limit_deadline(now);
        assert_eq!(
            context.check_deadline().expect_err("passed").code(),
            crate::Code::DeadlineExceeded
        );
    }
}
