//! `google.rpc.Status` on the wire, and its three forms in JSON.
//!
//! The messages of `google/rpc` are written and read by hand here: errors must work whatever the user's schema imports.

mod connect;
mod detail;
mod envelope;
#[cfg(test)]
mod tests;

use protoloop_core::{Code, Error};

pub use connect::{to_connect_end, to_connect_json};
pub use envelope::{Shape, to_json};

use crate::{
    Writer,
    error::WireError,
    wire::{Payload, Reader},
};

/// `google.rpc.Status.code`, `.message`, `.details`.
const CODE: u32 = 1;
const MESSAGE: u32 = 2;
const DETAILS: u32 = 3;

/// The encoded `google.rpc.Status` of an error, for `grpc-status-details-bin`: code, public message and details.
#[must_use]
pub fn encode(error: &Error) -> Vec<u8> {
    let mut out = Writer::new();
    if error.code() != Code::Ok {
        out.int32(CODE, error.code().as_i32());
    }
    write_text(&mut out, MESSAGE, error.message());
    for detail in error.details() {
        let open = out.open(DETAILS);
        detail::write_any(&mut out, detail);
        out.close(open);
    }
    out.finish()
}

/// The error of an encoded `google.rpc.Status`. Details of unknown types, and details that cannot be read, are kept as
/// they came.
///
/// # Errors
/// The status itself is malformed.
pub fn decode(status: &[u8]) -> Result<Error, WireError> {
    let (mut code, mut message) = (Code::Ok, String::new());
    let mut details = Vec::new();
    let mut reader = Reader::new(status);
    while let Some(record) = reader.record()? {
        match (record.number, record.payload) {
            (CODE, Payload::Varint(raw)) => code = Code::from_i32(raw as i32),
            (MESSAGE, Payload::Len(text)) => message = String::from_utf8_lossy(text).into_owned(),
            (DETAILS, Payload::Len(any)) => details.push(detail::read_any(any)?),
            _ => {}
        }
    }
    let error = Error::new(code, message);
    Ok(details.into_iter().fold(error, Error::with_detail))
}

/// A string field, unless it is empty.
fn write_text(out: &mut Writer, number: u32, text: &str) {
    if !text.is_empty() {
        out.string(number, text);
    }
}
