//! Headers of requests and answers, and requests that are refused for them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use protoloop_core::{CallContext, Error, Origin, Protocol, Result};
use protoloop_wire::{Tables, status};

use crate::{Body, headers};

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("connect-protocol-version");
pub(super) const TIMEOUT_MS: HeaderName = HeaderName::from_static("connect-timeout-ms");
pub(super) const STREAM_ENCODING: HeaderName = HeaderName::from_static("connect-content-encoding");
pub(super) const STREAM_ACCEPT: HeaderName = HeaderName::from_static("connect-accept-encoding");

/// Names that Connect keeps to itself.
const OWN: [HeaderName; 4] = [PROTOCOL_VERSION, TIMEOUT_MS, STREAM_ENCODING, STREAM_ACCEPT];

/// A request that is answered by its head alone. The body is plain text: clients take the code from the HTTP status.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    /// 404.
    pub(super) fn no_method(path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("there is no method {path}"),
            header: None,
        }
    }

    /// 405.
    pub(super) fn method_not_allowed(get: bool) -> Self {
        let allow = if get { "GET, POST" } else { "POST" };
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: format!("this method is called by {allow}"),
            header: Some((header::ALLOW, allow)),
        }
    }

    /// 415.
    pub(super) fn unsupported(content_type: &str, unary: bool, json: bool) -> Self {
        let accepted = match (unary, json) {
            (true, true) => "application/proto, application/json",
            (true, false) => "application/proto",
            (false, true) => "application/connect+proto, application/connect+json",
            (false, false) => "application/connect+proto",
        };
        Self {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            message: format!("the content type {content_type:?} is not one of {accepted}"),
            header: Some((HeaderName::from_static("accept-post"), accepted)),
        }
    }

    pub(super) fn answer(self) -> Response<Body> {
        let mut response = Response::new(Body::Full(self.message.into()));
        *response.status_mut() = self.status;
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
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
    origin: Origin,
) -> Result<CallContext> {
    check_version(&request)?;
    let timeout = timeout(&request)?;
    for name in OWN {
        request.remove(name);
    }
    let mut context =
        CallContext::of_request(Protocol::Connect, origin, headers::to_metadata(request)?);
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
