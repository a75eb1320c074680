//! The codings of messages, by the headers that name them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header};
use protoloop_core::{Error, Result};

use super::envelope::too_large;
use crate::compression::{DecompressError, Encoding};

/// The coding of a request, by the header that names it.
///
/// # Errors
/// UNIMPLEMENTED naming the codings there are.
pub(super) fn of_request(request: &HeaderMap, name: &HeaderName) -> Result<Option<Encoding>> {
    Encoding::of_request(request, name).map_err(|unknown| unknown_encoding(&unknown.0))
}

pub(super) fn unknown_encoding(name: &str) -> Error {
    let known = Encoding::NAMES;
    Error::unimplemented(format!(
        "unknown compression {name:?}; it can be one of {known}"
    ))
}

/// The best coding of an answer, by an `Accept-Encoding` that may stand under another name.
pub(super) fn accepted(request: &HeaderMap, name: &HeaderName) -> Option<Encoding> {
    if name == header::ACCEPT_ENCODING {
        return Encoding::preferred(request);
    }
    let values = request.get_all(name).iter().cloned();
    let renamed: HeaderMap = values
        .map(|value| (header::ACCEPT_ENCODING, value))
        .collect();
    Encoding::preferred(&renamed)
}

/// A message as it was before it was compressed.
///
/// # Errors
/// RESOURCE_EXHAUSTED above the limit in bytes, INVALID_ARGUMENT when it is not of its coding.
pub(super) fn decompress(encoding: Encoding, message: &[u8], limit: usize) -> Result<Bytes> {
    encoding
        .decompress(message, limit)
        .map_err(|error| match error {
            DecompressError::TooLarge(limit) => too_large(limit),
            DecompressError::Malformed(error) => {
                Error::invalid_argument(format!("a message is not valid {}", encoding.name()))
                    .with_internal(error.to_string())
            }
        })
}

/// A message compressed.
///
/// # Errors
/// INTERNAL with the library's reason for the log.
pub(super) fn compress(encoding: Encoding, message: &[u8]) -> Result<Bytes> {
    encoding
        .compress(message)
        .map_err(|error| Error::internal_error(format!("compressing: {error}")))
}
