//! The domain error as a gRPC status, and back.

use bytes::Bytes;
use http::HeaderMap;
use protoloop_core::{Code, Error};
use tonic::{Status, metadata::MetadataMap};

/// Code, public message, details and metadata of an error, with further trailers. The internal text and the source stay here.
pub(crate) fn of_error(error: &Error, mut trailers: HeaderMap) -> Status {
    if !error.metadata().is_empty() {
        trailers.extend(error.metadata().clone());
    }
    let details = match error.details() {
        [] => Bytes::new(),
        _ => protoloop_wire::status::encode(error).into(),
    };
    Status::with_details_and_metadata(
        tonic::Code::from_i32(error.code().as_i32()),
        error.message(),
        details,
        MetadataMap::from_headers(trailers),
    )
}

/// What the transport says about a request stream, as the handler sees it.
pub(crate) fn to_error(status: &Status) -> Error {
    match status.code() {
        // tonic's code for a message above the size limit; gRPC's own is RESOURCE_EXHAUSTED.
        tonic::Code::OutOfRange => Error::resource_exhausted(status.message().to_owned()),
        code => Error::new(Code::from_i32(code as i32), status.message().to_owned()),
    }
}
