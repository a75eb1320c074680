//! WebSockets (RFC 6455; over HTTP/2, RFC 8441) for calls of streaming methods.
//!
//! - [`asks`]: whether a request wants one.
//! - [`Handshake`]: what it says, and the answer that opens the socket.
//! - [`Tunnel`]: the frames between the socket and a conversation of the gateway; [`Handover`] brings it to the connection
//!   that the socket is on.

mod handshake;
mod session;
mod tunnel;

pub(crate) use handshake::{Handshake, VERSION, asks};
pub(crate) use tunnel::{Bounds, Handover, Tunnel};
