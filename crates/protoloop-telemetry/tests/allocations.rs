//! What watching costs, in allocations: those of the first time aside, one for what waits for the end.

use std::sync::Arc;

use allocation_counter::measure;
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use protoloop_core::{
    Code, MethodInfo, Protocol, TraceContext,
    observe::{Datasource, Operation, RequestEnd, RequestHead, Surface},
};
use protoloop_telemetry::{Settings, Telemetry};

#[test]
fn what_is_watched_again_costs_one_allocation() {
    let settings = Settings {
        prometheus: true,
        ..Settings::default()
    };
    let telemetry = Telemetry::start(&settings).expect("nothing is contacted");
    let observer = telemetry.observer();
    let path = "/todo.v1.TodoService/GetTodo";
    let method = MethodInfo {
        service: "todo.v1.TodoService".into(),
        name: "GetTodo".into(),
        path: path.into(),
        index: 0,
        client_streaming: false,
        server_streaming: false,
    };
    let requests = observer.surface(&Surface {
        methods: vec![Arc::new(method)],
        routes: vec!["/v1/todos/{id}".into()],
        services: Vec::new(),
    });
    let operations = observer.datasource(Datasource {
        name: "default".into(),
        kind: "sqlite".to_owned(),
        connections: Box::new(|| None),
    });
    let headers = HeaderMap::new();
    let (post, get) = (Method::POST, Method::GET);
    let uris = [path, "/v1/todos/1"].map(Uri::from_static);
    let trace = TraceContext::start();
    let request = |protocol, method, uri| {
        let (_, ends) = requests.begin(&RequestHead {
            protocol,
            method,
            uri,
            version: Version::HTTP_2,
            headers: &headers,
            secure: false,
            administrative: false,
            trace,
        });
        ends.end(&RequestEnd {
            status: Some(StatusCode::OK),
            code: Some(Code::Ok),
            route: (protocol == Protocol::Rest).then_some(0),
            request_bytes: Some(10),
            response_bytes: 10,
        });
    };
    let operation = Operation {
        name: "SELECT",
        collection: "todos",
        trace: None,
    };
    let work: [(&str, &dyn Fn()); 3] = [
        ("a call", &|| request(Protocol::Grpc, &post, &uris[0])),
        ("a request", &|| request(Protocol::Rest, &get, &uris[1])),
        ("an operation", &|| operations.begin(&operation).end(None)),
    ];
    for (name, work) in work {
        work();
        let info = measure(work);
        assert_eq!(info.count_total, 1, "{name}");
    }
}
