//! Errors as HTTP answers.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use protoloop_core::{Code, Detail, Error};
use protoloop_wire::{Tables, status};

use super::ok::REPLY_STATUS;
use crate::{
    Body, ErrorFormat, RestOptions,
    body::ReadError,
    compression::{DecompressError, Encoding, UnknownEncoding},
    headers::{from_metadata, value_of},
    router::PathError,
};

/// An error and the HTTP status it goes out with.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    error: Error,
    /// A header that belongs to the status.
    header: Option<(HeaderName, String)>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self {
            status: error.code().http_status(),
            error,
            header: None,
        }
    }
}

impl Refusal {
    /// The same under another HTTP status.
    pub(crate) fn under(mut self, status: StatusCode) -> Self {
        self.status = status.as_u16();
        self
    }

    /// The error alone.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    fn with(status: u16, code: Code, message: String) -> Self {
        Self {
            status,
            error: Error::new(code, message),
            header: None,
        }
    }

    /// 404 for a path that no binding has.
    pub(crate) fn no_route(method: &str, path: &str) -> Self {
        Self::with(
            404,
            Code::NotFound,
            format!("no method is bound to {method} {path}"),
        )
    }

    /// 405 with the methods there are.
    pub(crate) fn method_not_allowed(method: &str, path: &str, allow: &[String]) -> Self {
        let allow = allow.join(", ");
        let message = format!("{method} is not bound to {path}; there are {allow}");
        Self {
            header: Some((header::ALLOW, allow)),
            ..Self::with(405, Code::Unimplemented, message)
        }
    }

    /// 406: the caller takes no JSON.
    pub(crate) fn not_acceptable() -> Self {
        let message = "answers are application/json, which the Accept header excludes".to_owned();
        Self::with(406, Code::InvalidArgument, message)
    }

    /// 406: the caller takes no form of a stream.
    pub(crate) fn no_such_stream() -> Self {
        let message = "answers are application/json, application/x-ndjson or text/event-stream, all of which the Accept \
                       header excludes";
        Self::with(406, Code::InvalidArgument, message.to_owned())
    }

    /// 414 or 400: not a path that can be routed.
    pub(crate) fn bad_path(error: PathError) -> Self {
        match error {
            PathError::TooLong => {
                Self::uri_too_long("the path is too long or has too many segments".to_owned())
            }
            PathError::Escape(error) => Error::invalid_argument(format!("path: {error}")).into(),
            PathError::NotAbsolute => {
                Error::invalid_argument("the path does not begin with /").into()
            }
        }
    }

    /// 414: path or query too long.
    pub(crate) fn uri_too_long(what: String) -> Self {
        Self::with(414, Code::InvalidArgument, what)
    }

    /// 412: the call failed by a condition of the request's headers.
    pub(crate) fn precondition_failed(error: Error) -> Self {
        Self {
            status: 412,
            error,
            header: None,
        }
    }

    /// 413: the body, or what must be held of it, is too large.
    pub(crate) fn too_large(error: Error) -> Self {
        Self {
            status: 413,
            error,
            header: None,
        }
    }

    /// 415: the body is no JSON.
    pub(crate) fn unsupported(message: String) -> Self {
        Self::with(415, Code::InvalidArgument, message)
    }

    /// 415: the body is compressed in a way that is not known here.
    pub(crate) fn unknown_encoding(unknown: &UnknownEncoding) -> Self {
        let names = Encoding::NAMES;
        let message = format!(
            "Content-Encoding must be one of {names}; it is {:?}",
            unknown.0
        );
        Self {
            header: Some((header::ACCEPT_ENCODING, names.to_owned())),
            ..Self::with(415, Code::InvalidArgument, message)
        }
    }
}

impl From<ReadError> for Refusal {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge(limit) => {
                let message = format!("the body is larger than {limit} bytes");
                Self::with(413, Code::ResourceExhausted, message)
            }
            ReadError::Broken(cause) => {
                let error = Error::invalid_argument("the body broke off before its end");
                error.with_internal(cause).into()
            }
        }
    }
}

/// How the caller gets its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ErrorShape {
    /// As the gateway was told.
    Format(ErrorFormat),
    /// As RFC 9457 has it, for a caller that prefers it.
    Problem,
}

impl From<DecompressError> for Refusal {
    fn from(error: DecompressError) -> Self {
        match error {
            DecompressError::TooLarge(limit) => {
                let message = format!("the body is larger than {limit} bytes, decompressed");
                Self::with(413, Code::ResourceExhausted, message)
            }
            DecompressError::Malformed(cause) => {
                let message = "the body is not in the coding that Content-Encoding names";
                Error::invalid_argument(message).with_source(cause).into()
            }
        }
    }
}

impl ErrorShape {
    /// As it stands inside a stream, where there is no title.
    pub(crate) fn in_stream(self) -> status::Shape {
        match self {
            Self::Format(format) => format.into(),
            Self::Problem => status::Shape::Envelope,
        }
    }
}

/// The answer to a refused or failed request. Metadata of the error becomes headers, as that of a reply does.
pub(crate) fn refuse(
    tables: &Tables,
    options: &RestOptions,
    refusal: Refusal,
    shape: ErrorShape,
) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (shape, content_type) = match shape {
        ErrorShape::Format(format) => (format.into(), "application/json"),
        ErrorShape::Problem => {
            let title = status.canonical_reason().unwrap_or("Client Closed Request");
            (status::Shape::Problem(title), "application/problem+json")
        }
    };
    let body = status::to_json(tables, &refusal.error, refusal.status, shape);
    let mut response = Response::new(Body::Full(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    take_metadata(&refusal.error, options, headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some((name, value)) = &refusal.header {
        headers.insert(name, value_of(value));
    }
    if let Some(seconds) = retry_after(&refusal.error) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if refusal.status == 401 && !headers.contains_key(header::WWW_AUTHENTICATE) {
        // RFC 9110 §15.5.2 demands a challenge; which scheme fits is the authentication layer's to say in metadata.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    // The log line, internal text included, is written by whoever holds the response.
    response
        .extensions_mut()
        .insert(std::sync::Arc::new(refusal.error));
    response
}

fn take_metadata(error: &Error, options: &RestOptions, headers: &mut HeaderMap) {
    if error.metadata().is_empty() {
        return;
    }
    let mut metadata = error.metadata().clone();
    if options.reply_status {
        // The status of an error is its code's.
        metadata.remove(REPLY_STATUS);
    }
    options.headers.reply.apply(&mut metadata);
    from_metadata(metadata, headers);
}

/// `Retry-After` in whole seconds, rounded up.
fn retry_after(error: &Error) -> Option<u64> {
    error.details().iter().find_map(|detail| match detail {
        Detail::RetryInfo { retry_delay } => {
            Some(retry_delay.as_secs() + u64::from(retry_delay.subsec_nanos() > 0))
        }
        _ => None,
    })
}
