//! The corner cases of REST in front of gRPC, one test for each row of the table in `docs/reference/http-mapping.md`,
//! named after its number. No sockets: requests go into `RestGateway::serve`, and the handler answers with the request,
//! so an answer shows what was bound.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that does not hold is a failed test"
)]

mod binding;
mod bodies;
mod edge;
mod routing;
mod streams;
mod support;
mod table;
mod templates;
