//! The method that a POST stands for, for callers that can send no other.

use http::{HeaderMap, Method, Uri};
use protoloop_core::{Error, Result};

use crate::{asked::Asked, bind};

const HEADER: &str = "x-http-method-override";

/// The method that a POST names in `X-HTTP-Method-Override` or `$httpMethod`.
///
/// # Errors
/// INVALID_ARGUMENT for a value that is no method, or two that differ.
pub(super) fn meant(uri: &Uri, headers: &HeaderMap, asked: Asked) -> Result<Option<Method>> {
    let mut meant = None;
    if asked.has(Asked::METHOD_OVERRIDE) {
        for value in headers.get_all(HEADER) {
            take(&mut meant, HEADER, value.as_bytes())?;
        }
    }
    if let Some(query) = uri.query().filter(|query| query.contains("httpMethod")) {
        for value in bind::http_methods(query)? {
            take(&mut meant, "$httpMethod", value.as_bytes())?;
        }
    }
    Ok(meant)
}

fn take(meant: &mut Option<Method>, name: &str, value: &[u8]) -> Result<()> {
    let method = Method::from_bytes(value.to_ascii_uppercase().as_slice())
        .map_err(|_| Error::invalid_argument(format!("{name}: expected an HTTP method")))?;
    match meant.replace(method.clone()) {
        Some(other) if other != method => Err(Error::invalid_argument(format!(
            "{name}: {method}, but the request names {other} as well"
        ))),
        _ => Ok(()),
    }
}
