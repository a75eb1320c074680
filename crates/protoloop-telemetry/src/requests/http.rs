//! REST, and everything else that is plain HTTP.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use http::Method;
use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram, Meter},
    trace::{Span as _, SpanKind},
};
use opentelemetry_sdk::trace::Span;
use opentelemetry_semantic_conventions::attribute::{
    ERROR_TYPE, HTTP_REQUEST_METHOD, HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE, URL_PATH, URL_SCHEME,
};
use protoloop_core::{
    Code, TraceContext,
    observe::{RequestEnd, RequestEnds, RequestHead, Surface},
};

use super::decided;
use crate::{
    attributes::{self, histogram},
    definitions::{
        BYTES, CALL_SECONDS, HTTP_ACTIVE, HTTP_DURATION, HTTP_REQUEST_SIZE, HTTP_RESPONSE_SIZE,
    },
    spans::{self, Opening, Spans},
};

/// What every schema's routes share.
#[derive(Clone)]
pub(crate) struct HttpInstruments {
    duration: Histogram<f64>,
    request: Histogram<f64>,
    response: Histogram<f64>,
    active: Arc<ActiveRequests>,
}

/// The methods that have a name of their own; all others are one.
const METHODS: [&str; 11] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
    "_OTHER",
];

const SCHEMES: [&str; 2] = ["http", "https"];

/// Requests in flight, by method and scheme.
#[derive(Debug, Default)]
struct ActiveRequests([[AtomicI64; SCHEMES.len()]; METHODS.len()]);

fn number(method: &Method) -> u8 {
    let known = METHODS.iter().position(|known| *known == method.as_str());
    // There are eleven.
    u8::try_from(known.unwrap_or(METHODS.len() - 1)).unwrap_or_default()
}

impl HttpInstruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let active = Arc::new(ActiveRequests::default());
        let seen = Arc::clone(&active);
        meter
            .i64_observable_up_down_counter(HTTP_ACTIVE.name)
            .with_unit(HTTP_ACTIVE.unit)
            .with_description(HTTP_ACTIVE.description)
            .with_callback(move |observer| {
                let by_method = seen.0.iter().zip(METHODS);
                for ((counts, method), secure) in
                    by_method.flat_map(|row| [(row, false), (row, true)])
                {
                    let count = counts[usize::from(secure)].load(Ordering::Relaxed);
                    if count != 0 || method == METHODS[0] && !secure {
                        observer.observe(count, &asked(method, secure));
                    }
                }
            })
            .build();
        Self {
            duration: histogram(meter, &HTTP_DURATION, &CALL_SECONDS),
            request: histogram(meter, &HTTP_REQUEST_SIZE, &BYTES),
            response: histogram(meter, &HTTP_RESPONSE_SIZE, &BYTES),
            active,
        }
    }
}

fn asked(method: &'static str, secure: bool) -> [KeyValue; 2] {
    [
        attributes::of(HTTP_REQUEST_METHOD, method),
        attributes::of(URL_SCHEME, SCHEMES[usize::from(secure)]),
    ]
}

/// The routes of a schema.
pub(super) struct Http {
    instruments: HttpInstruments,
    routes: Vec<Arc<str>>,
    series: RwLock<HashMap<Key, Arc<Series>>>,
}

/// What tells the series apart. Paths are no part of it: of what nobody serves there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    route: Place,
    method: u8,
    secure: bool,
    /// Zero for a request without an answer.
    status: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// By its position.
    Route(usize),
    /// A page of the server itself.
    Page(&'static str),
    Nowhere,
}

const PAGES: [&str; 2] = ["/livez", "/readyz"];

struct Series {
    duration: BoundHistogram<f64>,
    request: BoundHistogram<f64>,
    response: BoundHistogram<f64>,
}

impl Http {
    pub(super) fn new(surface: &Surface, instruments: &HttpInstruments) -> Self {
        Self {
            instruments: instruments.clone(),
            routes: surface.routes.clone(),
            series: RwLock::default(),
        }
    }

    pub(super) fn begin(
        http: &Arc<Self>,
        head: &RequestHead<'_>,
        spans: Option<&Spans>,
    ) -> (TraceContext, Box<dyn RequestEnds>) {
        let method = number(head.method);
        let path = head.uri.path();
        let page = PAGES
            .iter()
            .find(|page| head.administrative && **page == path);
        let span = spans.filter(|_| page.is_none()).and_then(|spans| {
            let opening = Opening {
                place: head.trace,
                parent: TraceContext::of_caller(head.headers),
                remote: Some(head.headers),
                kind: SpanKind::Server,
            };
            spans.begin(opening, || {
                let name = METHODS[usize::from(method)];
                let mut attributes = Vec::with_capacity(3);
                attributes.extend(asked(name, head.secure));
                attributes.push(attributes::of(URL_PATH, beginning(path)));
                (name.into(), attributes)
            })
        });
        let request = WatchedRequest {
            http: Arc::clone(http),
            method,
            secure: head.secure,
            page: page.copied(),
            began: Instant::now(),
            span,
        };
        request.active().fetch_add(1, Ordering::Relaxed);
        let place = decided(head, spans, request.span.is_some());
        (place, Box::new(request))
    }

    fn series(&self, key: Key) -> Arc<Series> {
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(&key) {
            return Arc::clone(series);
        }
        drop(known);
        let mut all = Vec::with_capacity(5);
        all.extend(asked(METHODS[usize::from(key.method)], key.secure));
        all.extend(
            self.route(key.route)
                .map(|route| attributes::of(HTTP_ROUTE, route)),
        );
        all.extend(outcome(key.status));
        let series = Arc::new(Series {
            duration: self.instruments.duration.bind(&all),
            request: self.instruments.request.bind(&all),
            response: self.instruments.response.bind(&all),
        });
        let mut known = self.series.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert(series))
    }

    fn route(&self, place: Place) -> Option<Arc<str>> {
        match place {
            Place::Route(index) => self.routes.get(index).cloned(),
            Place::Page(path) => Some(path.into()),
            Place::Nowhere => None,
        }
    }
}

/// Longest path that a span tells, in bytes.
const PATH: usize = 256;

/// As much of a path as a span tells.
fn beginning(path: &str) -> String {
    path[..path.floor_char_boundary(PATH)].to_owned()
}

/// What an answer is called, for spans as well.
fn outcome(status: u16) -> impl Iterator<Item = KeyValue> {
    let answered =
        (status != 0).then(|| attributes::of(HTTP_RESPONSE_STATUS_CODE, i64::from(status)));
    let error = match status {
        0 => Some(attributes::of(ERROR_TYPE, Code::Cancelled.name())),
        500.. => Some(attributes::of(ERROR_TYPE, status.to_string())),
        _ => None,
    };
    answered.into_iter().chain(error)
}

struct WatchedRequest {
    http: Arc<Http>,
    method: u8,
    secure: bool,
    page: Option<&'static str>,
    began: Instant,
    span: Option<Span>,
}

impl WatchedRequest {
    fn active(&self) -> &AtomicI64 {
        &self.http.instruments.active.0[usize::from(self.method)][usize::from(self.secure)]
    }

    fn record(&self, key: Key, took: Duration, end: &RequestEnd) {
        let series = self.http.series(key);
        series.duration.record(took.as_secs_f64());
        if let Some(bytes) = end.request_bytes {
            series.request.record(bytes as f64);
        }
        series.response.record(end.response_bytes as f64);
    }
}

impl RequestEnds for WatchedRequest {
    fn end(mut self: Box<Self>, end: &RequestEnd) {
        let took = self.began.elapsed();
        self.active().fetch_sub(1, Ordering::Relaxed);
        let status = end.status.map_or(0, |status| status.as_u16());
        let key = Key {
            route: match (self.page, end.route) {
                (Some(page), _) => Place::Page(page),
                (None, Some(route)) => Place::Route(route),
                (None, None) => Place::Nowhere,
            },
            method: self.method,
            secure: self.secure,
            status,
        };
        self.record(key, took, end);
        if let Some(mut span) = self.span.take() {
            let route = self.http.route(key.route);
            if let Some(route) = &route {
                span.update_name(format!("{} {route}", METHODS[usize::from(self.method)]));
            }
            let route = route.map(|route| attributes::of(HTTP_ROUTE, route));
            let failed = match status {
                0 => Some(Code::Cancelled),
                500.. => Some(end.code.unwrap_or(Code::Unknown)),
                _ => None,
            };
            spans::end(span, route.into_iter().chain(outcome(status)), failed);
        }
    }
}
