//! Headers of requests and answers, and requests that are refused for them.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use protoloop_core::{CallContext, Code, Error, Protocol, Result};
use protoloop_wire::{Tables, status};

use crate::{
    Body,
    compression::{DecompressError, Encoding},
    envelope::too_large,
    headers,
};

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");
pub(super) const TIMEOUT_MS: HeaderName = HeaderName::from_static("connect-timeout-ms");
pub(super) const STREAM_ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");
pub(super) const STREAM_ACCEPT: HeaderName = HeaderName::from_static("connect-accept-encoding");

/// Names that Connect keeps to itself.
const OWN: [HeaderName; 4] = [PROTOCOL_VERSION, TIMEOUT_MS, STREAM_ENCODING, STREAM_ACCEPT];

/// A request that is answered by its head alone.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: Error,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    /// 404, which clients read as "unimplemented".
    pub(super) fn no_method(path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            error: Error::unimplemented(format!("there is no method {path}")),
            header: None,
        }
    }

    /// 405.
    pub(super) fn method_not_allowed(get: bool) -> Self {
        let allow = if get { "GET, POST" } else { "POST" };
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            error: Error::unimplemented(format!("this method is called by {allow}")),
            header: Some((header::ALLOW, allow)),
        }
    }

    /// 415.
    pub(super) fn unsupported(content_type: &str, unary: bool) -> Self {
        let accepted = if unary {
            "application/proto, application/json"
        } else {
            "application/connect+proto, application/connect+json"
        };
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            error: Error::unimplemented(format!(
                "the content type {content_type:?} is not one of {accepted}"
            )),
            header: Some((HeaderName::from_static("accept-post"), accepted)),
        }
    }

    pub(super) fn answer(self, tables: &Tables) -> Response<Body> {
        let mut response = error_answer(tables, self.error, HeaderMap::new());
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// An error as the answer to a unary call, with trailers.
pub(super) fn error_answer(tables: &Tables, error: Error, trailers: HeaderMap) -> Response<Body> {
    let body = status::to_connect_json(tables, &error);
    let mut response = Response::new(Body::Full(body.into()));
    *response.status_mut() = StatusCode::from_u16(error.code().http_status())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    push_trailers(trailers, out);
    push_trailers(error.metadata().clone(), out);
    response.extensions_mut().insert(Arc::new(error));
    response
}

/// Trailers of a unary answer stand among its headers, under a prefix.
pub(super) fn push_trailers(trailers: HeaderMap, out: &mut HeaderMap) {
    let mut kept = HeaderMap::new();
    headers::from_metadata(trailers, &mut kept);
    for (name, value) in &kept {
        let prefixed = HeaderName::try_from(format!("trailer-{name}"));
        out.append(
            prefixed.expect("a name stays one behind a prefix"),
            value.clone(),
        );
    }
}

/// The call's context, and its deadline by `Connect-Timeout-Ms`.
pub(super) fn context(
    mut request: HeaderMap,
    extensions: Extensions,
    peer: Option<SocketAddr>,
) -> Result<CallContext> {
    check_version(&request)?;
    let timeout = timeout(&request)?;
    for name in OWN {
        request.remove(name);
    }
    let mut context =
        CallContext::of_request(Protocol::Connect, peer, headers::to_metadata(request)?);
    *context.extensions_mut() = extensions;
    if let Some(deadline) = timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
        context.limit_deadline(deadline);
    }
    Ok(context)
}

fn check_version(request: &HeaderMap) -> Result<()> {
    match request.get(PROTOCOL_VERSION) {
        Some(version) if version != "1" => Err(Error::invalid_argument(format!(
            "connect-protocol-version is {version:?}; this server speaks version 1"
        ))),
        _ => Ok(()),
    }
}

fn timeout(request: &HeaderMap) -> Result<Option<Duration>> {
    let Some(value) = request.get(TIMEOUT_MS) else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let plain = !bytes.is_empty() && bytes.len() <= 10 && bytes.iter().all(u8::is_ascii_digit);
    let number = value.to_str().ok().filter(|_| plain);
    match number.and_then(|number| number.parse().ok()) {
        Some(number) => Ok(Some(Duration::from_millis(number))),
        None => Err(Error::invalid_argument(
            "connect-timeout-ms: expected at most ten digits",
        )),
    }
}

/// The coding of a request, by the header that names it.
pub(super) fn request_encoding(request: &HeaderMap, name: &HeaderName) -> Result<Option<Encoding>> {
    Encoding::of_request(request, name).map_err(|unknown| unknown_encoding(&unknown.0))
}

pub(super) fn unknown_encoding(name: &str) -> Error {
    let known = Encoding::NAMES;
    Error::unimplemented(format!(
        "unknown compression {name:?}; it can be one of {known}"
    ))
}

/// A message as it was before it was compressed.
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

/// The best coding of an answer by an `Accept-Encoding` that may stand under another name.
pub(super) fn accepted(request: &HeaderMap, name: &HeaderName) -> Option<Encoding> {
    let values = request.get_all(name).iter().cloned();
    let renamed: HeaderMap = values
        .map(|value| (header::ACCEPT_ENCODING, value))
        .collect();
    Encoding::preferred(&renamed)
}

/// An error of the transport itself, as the caller may know it.
pub(super) fn compression_failed(error: &std::io::Error) -> Error {
    Error::new(Code::Internal, "internal error").with_internal(format!("compressing: {error}"))
}
