//! `/livez` and `/readyz`.

use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tonic::body::Body;

use crate::health::{Readiness, Report};

/// An administrative page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// The process runs.
    Live,
    /// It can do its work.
    Ready,
}

impl Page {
    pub(crate) fn of(method: &Method, path: &str) -> Option<Self> {
        if method != Method::GET && method != Method::HEAD {
            return None;
        }
        match path {
            "/livez" => Some(Self::Live),
            "/readyz" => Some(Self::Ready),
            _ => None,
        }
    }

    pub(crate) async fn answer(self, readiness: &Readiness) -> Response<Body> {
        match self {
            Self::Live => page(StatusCode::OK, &json!({ "status": "ok" })),
            Self::Ready => ready(&readiness.report().await),
        }
    }
}

fn ready(report: &Report) -> Response<Body> {
    let check = |failure: &Option<String>| match failure {
        None => json!({ "status": "ok" }),
        Some(message) => json!({ "status": "failed", "message": message }),
    };
    let outcomes = report.outcomes.iter();
    let checks: Map<String, Value> = outcomes
        .map(|outcome| (outcome.name.to_string(), check(&outcome.failure)))
        .collect();
    let (code, status) = match (report.draining, report.is_ready()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
        (false, true) => (StatusCode::OK, "ok"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    page(code, &json!({ "status": status, "checks": checks }))
}

fn page(status: StatusCode, content: &Value) -> Response<Body> {
    let text = content.to_string();
    let mut response = Response::new(Body::new(http_body_util::Full::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    // A probe that reads a cache probes nothing.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
