//! What the other side said, or what kept it from saying anything, as the domain error.

use std::error::Error as StdError;

use http::StatusCode;
use protoloop_core::{Code, Detail, Error};
use tonic::Status;

use super::{metadata, wire::SendError};
use crate::retry::{Failure, Fate};

/// A failed attempt.
#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn failure(status: Status) -> Failure {
    match status
        .source()
        .and_then(|source| source.downcast_ref::<SendError>())
    {
        Some(failed) => failed.failure(),
        None => Failure {
            error: error(&status),
            fate: Fate::Unknown,
        },
    }
}

/// Code, message, details and metadata of a status. Details that cannot be read are left out; what is there without them
/// still holds.
pub(super) fn error(status: &Status) -> Error {
    if is_too_long(status) {
        return too_long().with_internal(status.message());
    }
    let code = Code::from_i32(status.code() as i32);
    let mut error = Error::new(code, status.message().to_owned());
    for detail in details(status) {
        error = error.with_detail(detail);
    }
    if status.metadata().is_empty() {
        return error;
    }
    error.with_metadata(metadata::answered(status.metadata().clone().into_headers()))
}

/// What is said of a message above the limit.
pub(super) fn too_long() -> Error {
    Error::resource_exhausted("the upstream's answer is longer than this gateway takes")
}

/// tonic says OUT_OF_RANGE about a message above the limit, as an upstream might about something else; gRPC's code is
/// RESOURCE_EXHAUSTED.
fn is_too_long(status: &Status) -> bool {
    status.code() == tonic::Code::OutOfRange
        && status
            .message()
            .starts_with("Error, decoded message length too large")
}

fn details(status: &Status) -> Vec<Detail> {
    if status.details().is_empty() {
        return Vec::new();
    }
    match protoloop_wire::status::decode(status.details()) {
        Ok(decoded) => decoded.details().to_vec(),
        Err(error) => {
            tracing::debug!(%error, "grpc-status-details-bin is no google.rpc.Status");
            Vec::new()
        }
    }
}

/// The code for an HTTP response that is no gRPC one, after gRPC's `http-grpc-status-mapping.md`.
pub(super) fn of_http(status: StatusCode) -> Code {
    match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502 | 503 | 504 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// Code and fate of a stream or connection that broke, after gRPC's `PROTOCOL-HTTP2.md`.
pub(super) fn of_transport(error: &h2::Error) -> (Code, Fate) {
    use h2::Reason;

    let code = match error.reason() {
        Some(Reason::REFUSED_STREAM) => return (Code::Unavailable, Fate::Unprocessed),
        // A connection that is being closed, in order or not, says nothing about the call.
        _ if error.is_go_away() || error.is_io() => Code::Unavailable,
        Some(Reason::CANCEL) => Code::Cancelled,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::ResourceExhausted,
        Some(Reason::INADEQUATE_SECURITY) => Code::PermissionDenied,
        Some(_) => Code::Internal,
        None => Code::Unavailable,
    };
    (code, Fate::Unknown)
}
