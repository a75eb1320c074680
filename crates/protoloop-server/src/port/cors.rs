//! Which web pages may call, after the Fetch standard.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header, uri::Authority};
use tonic::body::Body;

/// Response headers that a page may read beside the safe-listed ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "grpc-status, grpc-message, grpc-status-details-bin, traceparent, etag, location, retry-after",
);

/// How long a browser may remember the answer to a preflight: two hours, the longest that all of them keep.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");

/// Which origins' pages may call. Credentials (cookies) are never allowed: tokens go into a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cors {
    /// Every page.
    Any,
    /// The pages of these origins, each as browsers write it: `https://shop.example`.
    Origins(Vec<String>),
    /// None.
    Off,
}

/// Whose a WebSocket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    /// A page of the same host, or no page at all.
    Own,
    /// A page that may call, without credentials.
    Foreign,
    /// A page that may not.
    Refused,
}

impl Cors {
    pub(crate) fn check(&self, problems: &mut Vec<String>) {
        let Self::Origins(origins) = self else {
            return;
        };
        for origin in origins {
            let uri = origin.parse::<http::Uri>().ok();
            let whole = uri.is_some_and(|uri| uri.scheme().is_some() && uri.path() == "/");
            if !whole || origin.ends_with('/') {
                problems.push(format!(
                    "cors: {origin:?} must be a scheme and a host, such as https://shop.example"
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

    /// Who opens a WebSocket, by its `Origin` and the host it asks. A browser lets every page open one, with the cookies
    /// of its user: no preflight, no CORS. So the server has to look.
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
