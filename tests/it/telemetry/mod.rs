//! Metrics and traces of the commands that serve.

mod collector;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use self::collector::Collector;
use crate::support::{database_in, folder, grpc, http, served::Served, todo};

/// Long enough that nothing goes out before the end.
const NEVER: [(&str, &str); 2] = [
    ("OTEL_BSP_SCHEDULE_DELAY", "600000"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "600000"),
];

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const JSON: (&str, &str) = ("content-type", "application/json");

fn serve(variables: &[(&str, &str)], more: &[&str]) -> (Served, tempfile::TempDir) {
    let folder = folder();
    let (path, db) = (todo().display().to_string(), database_in(&folder));
    let arguments = [&["serve", &path, "--db", &db], more].concat();
    (Served::told(&arguments, variables), folder)
}

fn create(server: SocketAddr, traceparent: Option<&str>) -> http::Response {
    let mut headers = vec![JSON];
    headers.extend(traceparent.map(|value| ("traceparent", value)));
    let answer = http::send(server, "POST", "/v1/todos", &headers, br#"{"title":"t"}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// An address at which nobody listens.
fn free() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound")
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

#[test]
fn a_call_and_its_statement_are_spans_of_the_callers_trace() {
    let collector = Collector::start();
    let url = collector.url();
    let mut variables = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_SERVICE_NAME", "notes"),
    ];
    variables.extend(NEVER);
    let (server, _folder) = serve(&variables, &[]);
    let answer = create(server.address(), Some(&traceparent("01")));
    let told = answer
        .header("traceparent")
        .expect("of a traced call")
        .to_owned();
    let missing = grpc::unary(
        server.address(),
        "/todo.v1.TodoService/GetTodo",
        b"\x0a\x01x",
    );
    missing.expect_err("there is no such row");
    http::send(server.address(), "GET", "/readyz", &[], b"");
    assert!(collector.spans().is_empty(), "nothing is due yet");
    let ended = server.terminate();
    assert!(ended.status.success(), "{}", ended.log);

    let request = collector.span("notes", "POST /v1/todos");
    assert_eq!(request.trace(), TRACE);
    assert_eq!(request.parent(), PARENT);
    assert_eq!(told, format!("00-{TRACE}-{}-01", request.id()));
    assert_eq!(
        request.attribute("http.response.status_code").as_deref(),
        Some("200")
    );
    assert_eq!(request.attribute("url.path").as_deref(), Some("/v1/todos"));
    let statement = collector.span("notes", "INSERT todos");
    assert_eq!(statement.trace(), TRACE);
    assert_eq!(statement.parent(), request.id());
    assert_eq!(
        statement.attribute("db.system.name").as_deref(),
        Some("sqlite")
    );
    let call = collector.span("notes", "todo.v1.TodoService/GetTodo");
    assert_ne!(call.trace(), TRACE);
    assert_eq!(call.parent(), "");
    assert_eq!(
        call.attribute("rpc.response.status_code").as_deref(),
        Some("NOT_FOUND")
    );
    assert_eq!(collector.span("notes", "SELECT todos").parent(), call.id());
    assert_eq!(collector.spans().len(), 4, "probes have none");

    let metrics = collector.metrics();
    for name in [
        "http.server.request.duration",
        "rpc.server.call.duration",
        "db.client.operation.duration",
        "process.memory.usage",
    ] {
        assert!(
            metrics.iter().any(|sent| sent == name),
            "{name} in {metrics:?}"
        );
    }
    assert_eq!(collector.senders(), ["notes"]);
}

#[test]
fn the_sampler_decides_and_the_caller_before_it() {
    let collector = Collector::start();
    let url = collector.url();
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*url);
    let (server, _folder) = serve(&[traces, ("OTEL_TRACES_SAMPLER", "always_off")], &[]);
    let answer = create(server.address(), Some(&traceparent("01")));
    let told = answer.header("traceparent").expect("of a traced call");
    assert!(
        told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"),
        "{told}"
    );
    server.terminate();
    let (server, _folder) = serve(&[traces], &[]);
    create(server.address(), Some(&traceparent("00")));
    assert!(collector.spans().is_empty());
    create(server.address(), None);
    server.terminate();
    assert_eq!(collector.spans().len(), 2, "{:#?}", collector.spans());
    assert!(collector.metrics().is_empty(), "they have no endpoint");
}

#[test]
fn a_gateway_and_its_upstream_share_a_trace() {
    let collector = Collector::start();
    let url = collector.url();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url);
    let (upstream, _folder) = serve(&[endpoint, ("OTEL_SERVICE_NAME", "notes")], &[]);
    let behind = upstream.url();
    let arguments = ["gateway", "--upstream", &behind];
    let gateway = Served::told(&arguments, &[endpoint, ("OTEL_SERVICE_NAME", "edge")]);
    create(gateway.address(), None);
    gateway.terminate();
    upstream.terminate();
    let request = collector.span("edge", "POST /v1/todos");
    assert_eq!(request.parent(), "");
    let call = collector.span("edge", "todo.v1.TodoService/CreateTodo");
    assert_eq!(call.parent(), request.id());
    let served = collector.span("notes", "todo.v1.TodoService/CreateTodo");
    assert_eq!(served.parent(), call.id());
    assert_eq!(
        collector.span("notes", "INSERT todos").parent(),
        served.id()
    );
    for seen in [&call, &served] {
        assert_eq!(seen.trace(), request.trace());
    }
    assert!(
        collector
            .metrics()
            .iter()
            .any(|name| name == "rpc.client.call.duration")
    );
}

#[test]
fn a_collector_that_is_away_keeps_nobody_waiting() {
    let url = format!("http://{}", free());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ];
    let (server, _folder) = serve(&variables, &["--grace-period", "1s"]);
    for _ in 0..20 {
        create(server.address(), None);
    }
    let began = Instant::now();
    let ended = server.terminate();
    assert!(ended.status.success(), "{}", ended.log);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "it took {took:?}");
    assert!(
        ended.log.contains("\"WARN\"") || ended.log.contains("\"ERROR\""),
        "{}",
        ended.log
    );
}

#[test]
fn variables_that_ask_for_what_is_not_there_keep_it_from_starting() {
    for (name, value, said) in [
        (
            "OTEL_TRACES_EXPORTER",
            "zipkin",
            "OTEL_TRACES_EXPORTER: \"zipkin\"",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://a b",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ),
    ] {
        let path = todo().display().to_string();
        let mut command = std::process::Command::new(crate::support::PROTOLOOP);
        command
            .args(["serve", &path, "--db", "memory:"])
            .env(name, value);
        let ran = crate::support::run::run(&mut command);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(said), "{ran}");
    }
}

#[test]
fn the_page_counts_what_was_called() {
    let page = free();
    let (server, _folder) = serve(&[], &["--metrics", &page.to_string()]);
    for _ in 0..3 {
        create(server.address(), None);
    }
    for number in 0..20 {
        let path = format!("/no/where/{number}");
        http::send(server.address(), "GET", &path, &[], b"");
        let path = format!("/v1/todos/{number}");
        http::send(server.address(), "GET", &path, &[], b"");
    }
    let shown = http::send(page, "GET", "/metrics", &[], b"");
    assert_eq!(shown.status, 200);
    let text = shown.text();
    for line in [
        r#"http_server_request_duration_seconds_count{http_request_method="POST",http_response_status_code="200",http_route="/v1/todos",url_scheme="http"} 3"#,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",url_scheme="http"} 20"#,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="404",http_route="/v1/todos/{id}",url_scheme="http"} 20"#,
        r#"db_client_operation_duration_seconds_count{db_collection_name="todos",db_operation_name="INSERT",db_system_name="sqlite"} 3"#,
        r#"db_client_connection_count{db_client_connection_pool_name="default",db_client_connection_state="idle"} "#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("/no/"), "{text}");
    let ended = server.terminate();
    assert!(ended.status.success());
    assert!(
        ended.out.contains(&format!("http://{page}/metrics")),
        "{}",
        ended.out
    );
}
