//! The vocabulary of Protoloop.
//!
//! - [`Code`]: the sixteen gRPC codes and OK, with their HTTP column.
//! - [`Error`]: a domain error that knows no transport: a public message, an internal one that is never shown, and
//!   typed [`Detail`]s.
//! - [`Call`], [`Reply`] with its [`ReplyHeaders`], [`Handler`]: the canonical in-process gRPC call. Every protocol is a
//!   transcoder in front of it.
//! - [`CallContext`]: deadline, metadata, trace and typed extensions of one call; [`Caller`]: who calls, and for which
//!   tenant.
//! - [`when_over`], [`UntilOver`]: hearing how an answer ends.
//! - [`observe`]: what is told of work, for metrics and traces.

mod call;
mod caller;
mod code;
mod context;
mod detail;
mod error;
pub mod observe;
mod over;
mod reply_headers;
mod trace_context;

pub use call::{
    BoxFuture, Call, Handler, Inbound, LateTrailers, MessageStream, MethodInfo, Outbound, Reply,
};
pub use caller::Caller;
pub use code::Code;
pub use context::{CallContext, Origin, Protocol};
pub use detail::{Detail, FieldViolation, HelpLink, PreconditionViolation, QuotaViolation};
pub use error::{Error, Result};
pub use over::{UntilOver, when_over};
pub use reply_headers::ReplyHeaders;
pub use trace_context::TraceContext;
