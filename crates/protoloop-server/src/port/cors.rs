//! Which web pages may call, after the Fetch standard.

use std::str::FromStr;

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header, uri::Authority};
use tonic::body::Body;

/// Response headers that a page may read beside the safe-listed ones: all of them, since which metadata there is is the
/// application's matter, and calls are without credentials. Browsers that do not know the `*` get the names.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "*, grpc-status, grpc-message, grpc-status-details-bin, traceparent, etag, location, retry-after",
);

/// How long a browser may remember the answer to a preflight: two hours, the longest that all of them keep.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");

/// Which pages of other origins may call; those of the server's own need no leave. Credentials (cookies) are never
/// allowed: tokens go into a header.
///
/// Read from text it is `*`, or origins joined by commas, or empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cors {
    /// Every page.
    Any,
    /// The pages of these origins, each as browsers write it: `https://shop.example`.
    Origins(Vec<String>),
    /// None.
    #[default]
    Off,
}

/// Whose a WebSocket or a form is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    /// A page of the same host, or no page at all.
    Own,
    /// A page that may call, without credentials.
    Foreign,
    /// A page that may not.
    Refused,
}

impl FromStr for Cors {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let cors = match text.trim() {
            "" => Self::Off,
            "*" => Self::Any,
            origins => Self::Origins(
                origins
                    .split(',')
                    .map(|one| one.trim().to_owned())
                    .collect(),
            ),
        };
        let mut problems = Vec::new();
        cors.check(&mut problems);
        match problems.is_empty() {
            true => Ok(cors),
            false => Err(problems.join("; ")),
        }
    }
}

impl Cors {
    pub(crate) fn check(&self, problems: &mut Vec<String>) {
        let Self::Origins(origins) = self else {
            return;
        };
        for origin in origins {
            let uri = origin.parse::<http::Uri>().ok();
            let is_origin = |uri: &http::Uri| {
                uri.scheme().is_some() && uri.path() == "/" && uri.query().is_none()
            };
            // A browser writes it in small letters, and what is compared is what it writes.
            let small = !origin.bytes().any(|byte| byte.is_ascii_uppercase());
            if !uri.as_ref().is_some_and(is_origin) || origin.ends_with('/') || !small {
                problems.push(format!(
                    "cors: {origin:?} must be a scheme and a host in small letters, such as https://shop.example"
                ));
            }
        }
    }

    /// The answer to a preflight request; `None` when the request is no preflight.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
        let asks = method == Method::OPTIONS
            && headers.contains_key(header::ORIGIN)
            && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || *self == Self::Off {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let out = response.headers_mut();
        if self.allow(headers.get(header::ORIGIN), out) {
            out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            out.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            // Metadata names are the application's, so the list that is asked for is the list that is allowed.
            if let Some(names) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
        }
        Some(response)
    }

    /// Lets the page at `origin`, if a page asked, read an answer.
    pub(crate) fn expose(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        if self.allow(origin, response) {
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    /// Who opens a WebSocket or sends a form, by its `Origin` and the host it asks. A browser lets every page do so, with
    /// the cookies of its user: no preflight, no CORS. So the server has to look.
    pub(crate) fn opener(&self, headers: &HeaderMap, uri: &Uri) -> Opener {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return Opener::Own;
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = uri.authority().map(Authority::as_str).or(host);
        let page = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"));
        if let (Some(host), Some((_, page))) = (host, page)
            && page.eq_ignore_ascii_case(host)
        {
            return Opener::Own;
        }
        let allowed = match self {
            Self::Any => true,
            Self::Origins(known) => known.iter().any(|known| *known == *origin),
            Self::Off => false,
        };
        match allowed {
            true => Opener::Foreign,
            false => Opener::Refused,
        }
    }

    /// Writes `access-control-allow-origin` when the origin may call.
    fn allow(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) -> bool {
        if let Self::Origins(_) = self {
            // The answer depends on who asks; a shared cache must know it.
            response.append(header::VARY, HeaderValue::from_static("origin"));
        }
        let Some(origin) = origin else {
            return false;
        };
        let allowed = match self {
            Self::Off => return false,
            Self::Any => HeaderValue::from_static("*"),
            Self::Origins(known) if known.iter().any(|known| *known == *origin) => origin.clone(),
            Self::Origins(_) => return false,
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        true
    }
}
