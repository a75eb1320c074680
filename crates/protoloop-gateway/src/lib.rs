//! REST/JSON in front of the canonical gRPC call, after `google.api.http`.
//!
//! - [`RestGateway`]: serves the bindings of a schema by calling a [`Handler`](protoloop_core::Handler); told how by
//!   [`RestOptions`].
//! - [`ConnectGateway`], [`GrpcGateway`]: serve all methods of a schema over Connect, gRPC and gRPC-Web, told how by
//!   [`RpcOptions`].
//! - [`Conversation`]: a call over a WebSocket, from [`Frame`] to [`Frame`].
//! - [`Router`]: from method and path to a binding.
//! - [`Body`], [`FrameStream`]: the body of an answer. [`compression`]: its codings, and those of requests.
//! - [`is_form`], [`PageMayCall`]: forms, which browsers send from any page.
//! - [`to_metadata`], [`from_metadata`], [`timeout`]: HTTP headers to metadata, metadata to HTTP headers, deadlines;
//!   the same for every HTTP protocol.
//!
//! A request is routed, bound straight to protobuf bytes, called, and answered straight from protobuf bytes. What is
//! decided where the standards leave room stands in `docs/reference/http-mapping.md`.

mod asked;
mod bind;
mod body;
pub mod compression;
mod condition;
mod form;
mod header_rules;
mod headers;
mod negotiate;
mod options;
mod percent;
mod plan;
mod respond;
mod rest;
mod router;
mod rpc;
mod socket;
mod stream;

pub use body::{Body, FrameStream};
pub use form::{PageMayCall, is_form};
pub use header_rules::{HeaderNames, HeaderRule, HeaderRules};
pub use headers::{GRPC_TIMEOUT, REQUEST_TIMEOUT, from_metadata, timeout, to_metadata};
pub use options::{ErrorFormat, Forms, RestOptions, TrailingSlash, UnknownQuery};
pub use percent::{EscapeError, EscapeErrorKind, PathProfile};
pub use rest::{Pace, Received, RestGateway};
pub use router::{MAX_PATH_BYTES, MAX_SEGMENTS, Match, Outcome, PathError, Route, Router};
pub use rpc::{ConnectGateway, GrpcGateway, GrpcKind, RpcOptions};
pub use socket::{Close, Conversation, Frame, FrameFormat};
pub use stream::KeepAlive;

/// A table that is made from a schema and read by every request. Callers cannot add to it, so that its hash need not stand
/// up to keys that are chosen to collide.
type Lookup<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;
