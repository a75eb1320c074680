//! A small server that nobody runs.

use std::sync::Arc;

use http::{HeaderMap, Method, Uri, Version};
use protoloop_core::{
    MethodInfo, Protocol, TraceContext,
    observe::{
        Connections, Datasource, RequestEnd, RequestHead, Surface, WatchesCalls, WatchesOperations,
        WatchesRequests,
    },
};
use protoloop_telemetry::{Settings, Telemetry};

/// Telemetry with a page, and what watches each part.
pub(crate) struct World {
    pub(crate) telemetry: Telemetry,
    pub(crate) requests: Arc<dyn WatchesRequests>,
    pub(crate) operations: Arc<dyn WatchesOperations>,
    pub(crate) calls: Arc<dyn WatchesCalls>,
    pub(crate) method: Arc<MethodInfo>,
}

impl World {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            prometheus: true,
            ..Settings::default()
        };
        let telemetry = Telemetry::start(&settings).expect("nothing is contacted");
        let observer = telemetry.observer();
        let method = Arc::new(MethodInfo {
            service: "todo.v1.TodoService".into(),
            name: "GetTodo".into(),
            path: "/todo.v1.TodoService/GetTodo".into(),
            index: 0,
            client_streaming: false,
            server_streaming: false,
        });
        let requests = observer.surface(&Surface {
            methods: vec![Arc::clone(&method)],
            routes: vec!["/v1/todos/{id}".into()],
            services: vec!["grpc.health.v1.Health".to_owned()],
        });
        let operations = observer.datasource(Datasource {
            name: "default".into(),
            kind: "postgres".to_owned(),
            connections: Box::new(|| {
                Some(Connections {
                    most: 10,
                    used: 2,
                    idle: 3,
                })
            }),
        });
        let calls = observer.upstream(std::slice::from_ref(&method));
        Self {
            telemetry,
            requests,
            operations,
            calls,
            method,
        }
    }

    /// A request that begins and ends.
    pub(crate) fn request(&self, protocol: Protocol, method: &Method, path: &str, end: RequestEnd) {
        let (_, ends) = begin(&*self.requests, protocol, method, path);
        ends.end(&end);
    }

    pub(crate) fn text(&self) -> String {
        let page = self.telemetry.page().expect("it was asked for");
        let text = page.text().expect("metrics can be written");
        String::from_utf8(text).expect("UTF-8")
    }
}

pub(crate) fn begin(
    watch: &dyn WatchesRequests,
    protocol: Protocol,
    method: &Method,
    path: &str,
) -> (TraceContext, Box<dyn protoloop_core::observe::RequestEnds>) {
    let uri: Uri = path.parse().expect("a path");
    watch.begin(&RequestHead {
        protocol,
        method,
        uri: &uri,
        version: Version::HTTP_2,
        headers: &HeaderMap::new(),
        secure: false,
        administrative: path == "/readyz",
        trace: TraceContext::start(),
    })
}

/// An answer with a status.
pub(crate) fn answered(status: u16, route: Option<usize>) -> RequestEnd {
    RequestEnd {
        status: http::StatusCode::from_u16(status).ok(),
        route,
        request_bytes: Some(10),
        response_bytes: 100,
        ..RequestEnd::default()
    }
}
