//! The outcome of a call as gRPC's trailers.

use http::{HeaderMap, HeaderName, HeaderValue};
use protoloop_core::Error;
use protoloop_wire::status;

use crate::headers;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Success, with the trailers of the reply.
pub(super) fn ok(trailers: HeaderMap) -> HeaderMap {
    let mut out = HeaderMap::new();
    headers::from_metadata(trailers, &mut out);
    out.insert(STATUS, HeaderValue::from_static("0"));
    out
}

/// An error, with the trailers of the reply and of the error itself.
pub(super) fn of(error: &Error, trailers: HeaderMap) -> HeaderMap {
    let mut out = HeaderMap::new();
    headers::from_metadata(trailers, &mut out);
    headers::from_metadata(error.metadata().clone(), &mut out);
    out.insert(STATUS, HeaderValue::from(error.code().as_i32()));
    if !error.message().is_empty() {
        out.insert(MESSAGE, percent_encoded(error.message()));
    }
    if !error.details().is_empty() {
        let details = protoloop_wire::json::to_base64(&status::encode(error));
        out.insert(DETAILS, headers::value_of(details.trim_end_matches('=')));
    }
    out
}

/// gRPC's percent-encoding: of all but visible ASCII and spaces, and of the percent sign.
fn percent_encoded(text: &str) -> HeaderValue {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b' '..=b'~') && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    headers::value_of(&out)
}

/// The payload of gRPC-Web's last message: a line for each value.
pub(super) fn lines(trailers: &HeaderMap) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in trailers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_percent_encoded() {
        let trailers = of(&Error::not_found("100% – \n"), HeaderMap::new());
        assert_eq!(trailers[STATUS], "5");
        assert_eq!(trailers[MESSAGE], "100%25 %E2%80%93 %0A");
    }

    #[test]
    fn a_line_for_each_value() {
        let mut trailers = HeaderMap::new();
        trailers.append("x-a", HeaderValue::from_static("1"));
        trailers.append("x-a", HeaderValue::from_static("2"));
        let lines = String::from_utf8(lines(&ok(trailers))).unwrap();
        assert_eq!(lines, "x-a:1\r\nx-a:2\r\ngrpc-status:0\r\n");
    }
}
