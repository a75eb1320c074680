//! Calls over a WebSocket, without the socket: frames to messages, messages to frames.
//!
//! - [`RestGateway::open`](crate::RestGateway::open) makes a [`Conversation`] of an upgrade request, or an answer that
//!   refuses it.
//! - [`Conversation`]: takes the frames of the caller, gives those for the caller.
//! - [`Frame`], [`Close`], [`FrameFormat`]: what goes over the socket.
//! - [`Inbox`]: the bounded queue between the socket and the method.

mod conversation;
mod frame;
mod inbox;

pub use conversation::Conversation;
pub(crate) use conversation::{Shown, Stage};
pub use frame::{Close, Frame, FrameFormat};
pub(crate) use inbox::Inbox;
