//! What goes over the socket.

use bytes::Bytes;
use protoloop_core::{Code, Error};

/// How messages stand in frames; also the names of the subprotocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFormat {
    /// ProtoJSON in text frames.
    Json,
    /// Protobuf's own encoding in binary frames.
    Proto,
}

impl FrameFormat {
    /// The names of all, for a refusal.
    pub const NAMES: &'static str = "json, proto";

    /// The format of a subprotocol.
    #[must_use]
    pub fn of(subprotocol: &str) -> Option<Self> {
        match subprotocol {
            "json" => Some(Self::Json),
            "proto" => Some(Self::Proto),
            _ => None,
        }
    }

    /// The subprotocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Proto => "proto",
        }
    }
}

/// A frame for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// JSON: a message, or the error in front of a [`Close`].
    Text(Bytes),
    /// A message as protobuf.
    Binary(Bytes),
    /// The last one.
    Close(Close),
}

/// Why the socket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// 1000 for OK, 4000 and the gRPC code for an error of the call, or one of RFC 6455 §7.4.1.
    pub code: u16,
    /// The error's message, cut to the 123 bytes that fit.
    pub reason: String,
}

/// Most bytes of a reason: a control frame has 125, and the code takes two.
const MAX_REASON: usize = 123;

impl Close {
    /// The call ended well.
    pub(super) fn ok() -> Self {
        Self {
            code: 1000,
            reason: String::new(),
        }
    }

    /// For an error, under a code of its own or that of the socket.
    pub(super) fn of(error: &Error, code: Option<u16>) -> Self {
        let message = error.message();
        let end = message.floor_char_boundary(MAX_REASON);
        Self {
            code: code.unwrap_or_else(|| close_code(error.code())),
            reason: message[..end].to_owned(),
        }
    }
}

fn close_code(code: Code) -> u16 {
    // gRPC's codes go up to 16.
    4000 + u16::try_from(code as i32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_and_is_text() {
        let error = Error::not_found("ä".repeat(100));
        let close = Close::of(&error, None);
        assert_eq!((close.code, close.reason.len()), (4005, 122));
        assert_eq!(Close::of(&error, Some(1009)).code, 1009);
    }
}
