//! What is recorded, as Prometheus reads it.

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use http::{Method, StatusCode};
use protoloop_core::{
    Code, Protocol,
    observe::{Operation, RequestEnd},
};

use crate::{
    find,
    world::{World, answered, begin},
};

fn coded(code: Code) -> RequestEnd {
    RequestEnd {
        status: Some(StatusCode::OK),
        code: Some(code),
        ..RequestEnd::default()
    }
}

/// A world in which everything has happened once.
fn busy() -> World {
    let world = World::new();
    let (post, get) = (Method::POST, Method::GET);
    let method = "/todo.v1.TodoService/GetTodo";
    world.request(Protocol::Grpc, &post, method, coded(Code::Ok));
    world.request(Protocol::GrpcWeb, &post, method, coded(Code::NotFound));
    world.request(Protocol::Connect, &post, method, coded(Code::Internal));
    world.request(Protocol::Grpc, &post, method, RequestEnd::default());
    world.request(Protocol::Grpc, &post, "/a.B/C1", coded(Code::Unimplemented));
    world.request(Protocol::Grpc, &post, "/a.B/C2", coded(Code::Unimplemented));
    let health = "/grpc.health.v1.Health/Check";
    world.request(Protocol::Grpc, &post, health, coded(Code::Ok));
    world.request(Protocol::Rest, &get, "/v1/todos/1", answered(200, Some(0)));
    world.request(Protocol::Rest, &get, "/v1/todos/2", answered(503, Some(0)));
    world.request(
        Protocol::Rest,
        &get,
        "/v1/todos/3",
        RequestEnd {
            route: Some(0),
            ..RequestEnd::default()
        },
    );
    world.request(Protocol::Rest, &get, "/readyz", answered(200, None));
    let strange = Method::from_bytes(b"BREW").expect("a token");
    world.request(Protocol::Rest, &strange, "/coffee/1", answered(404, None));
    world.request(Protocol::Rest, &strange, "/coffee/2", answered(404, None));
    let operation = Operation {
        name: "SELECT",
        collection: "todos",
        trace: None,
    };
    world.operations.begin(&operation).end(None);
    world
        .operations
        .begin(&operation)
        .end(Some(Code::Unavailable));
    drop(world.operations.begin(&operation));
    world.calls.begin(&world.method, None).1.end(None);
    world
}

/// The counts of a histogram, without the times.
fn counts(text: &str, name: &str) -> Vec<String> {
    let start = format!("{name}_count");
    let mut lines: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&start))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

#[test]
fn calls_are_told_apart_by_method_and_code() {
    let text = busy().text();
    assert_eq!(
        counts(&text, "rpc_server_call_duration_seconds"),
        [
            r#"{error_type="INTERNAL",rpc_method="todo.v1.TodoService/GetTodo",rpc_response_status_code="INTERNAL",rpc_system_name="connectrpc"} 1"#,
            r#"{error_type="UNIMPLEMENTED",rpc_method="_OTHER",rpc_response_status_code="UNIMPLEMENTED",rpc_system_name="grpc"} 2"#,
            r#"{rpc_method="grpc.health.v1.Health/_OTHER",rpc_response_status_code="OK",rpc_system_name="grpc"} 1"#,
            r#"{rpc_method="todo.v1.TodoService/GetTodo",rpc_response_status_code="CANCELLED",rpc_system_name="grpc"} 1"#,
            r#"{rpc_method="todo.v1.TodoService/GetTodo",rpc_response_status_code="NOT_FOUND",rpc_system_name="grpc"} 1"#,
            r#"{rpc_method="todo.v1.TodoService/GetTodo",rpc_response_status_code="OK",rpc_system_name="grpc"} 1"#,
        ]
    );
}

#[test]
fn requests_are_told_apart_by_route_and_never_by_path() {
    let text = busy().text();
    assert_eq!(
        counts(&text, "http_server_request_duration_seconds"),
        [
            r#"{error_type="503",http_request_method="GET",http_response_status_code="503",http_route="/v1/todos/{id}",url_scheme="http"} 1"#,
            r#"{error_type="CANCELLED",http_request_method="GET",http_route="/v1/todos/{id}",url_scheme="http"} 1"#,
            r#"{http_request_method="GET",http_response_status_code="200",http_route="/readyz",url_scheme="http"} 1"#,
            r#"{http_request_method="GET",http_response_status_code="200",http_route="/v1/todos/{id}",url_scheme="http"} 1"#,
            r#"{http_request_method="_OTHER",http_response_status_code="404",url_scheme="http"} 2"#,
        ]
    );
    assert!(!text.contains("coffee"), "{text}");
    let sizes = counts(&text, "http_server_response_body_size_bytes");
    assert_eq!(sizes.len(), 5);
}

#[test]
fn work_of_datasources_and_upstreams_is_seen() {
    let text = busy().text();
    let of = r#"db_collection_name="todos",db_operation_name="SELECT",db_system_name="postgresql""#;
    assert_eq!(
        counts(&text, "db_client_operation_duration_seconds"),
        [
            format!(r#"{{{of},error_type="CANCELLED"}} 1"#),
            format!(r#"{{{of},error_type="UNAVAILABLE"}} 1"#),
            format!("{{{of}}} 1"),
        ]
    );
    for line in [
        r#"db_client_connection_count{db_client_connection_pool_name="default",db_client_connection_state="idle"} 3"#,
        r#"db_client_connection_count{db_client_connection_pool_name="default",db_client_connection_state="used"} 2"#,
        r#"db_client_connection_max{db_client_connection_pool_name="default"} 10"#,
        r#"rpc_client_call_duration_seconds_count{rpc_method="todo.v1.TodoService/GetTodo",rpc_response_status_code="OK",rpc_system_name="grpc"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_is_in_flight_is_counted_until_it_ends() {
    let world = World::new();
    let active = |protocol| match protocol {
        Protocol::Grpc => r#"protoloop_server_active_calls{rpc_system_name="grpc"} "#,
        _ => r#"http_server_active_requests{http_request_method="GET",url_scheme="http"} "#,
    };
    let count = |protocol| {
        let text = world.text();
        let mut lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(active(protocol)));
        lines.next().expect("it is always there").to_owned()
    };
    for (protocol, method) in [
        (Protocol::Grpc, Method::POST),
        (Protocol::Rest, Method::GET),
    ] {
        assert_eq!(count(protocol), "0");
        let (_, first) = begin(&*world.requests, protocol, &method, "/x/y");
        let (_, second) = begin(&*world.requests, protocol, &method, "/x/y");
        assert_eq!(count(protocol), "2");
        first.end(&coded(Code::Ok));
        second.end(&RequestEnd::default());
        assert_eq!(count(protocol), "0");
    }
}

#[test]
fn many_at_once_are_all_counted() {
    let world = World::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..500_usize {
                    let code = Code::from_i32(i32::try_from(round % 17).expect("small"));
                    let path = "/todo.v1.TodoService/GetTodo";
                    world.request(Protocol::Grpc, &Method::POST, path, coded(code));
                    let status = 200 + u16::try_from(round % 7).expect("small");
                    world.request(
                        Protocol::Rest,
                        &Method::GET,
                        "/v1",
                        answered(status, Some(0)),
                    );
                }
            });
        }
    });
    let text = world.text();
    for name in [
        "rpc_server_call_duration_seconds",
        "http_server_request_duration_seconds",
    ] {
        let sum: usize = counts(&text, name)
            .iter()
            .map(|line| line.rsplit(' ').next().expect("a value"))
            .map(|value| value.parse::<usize>().expect("a number"))
            .sum();
        assert_eq!(sum, 2000, "{name}");
    }
}

/// Every name on the page has a type, a help and, where it is a histogram, all of its parts.
#[test]
fn the_page_is_well_formed() {
    let text = busy().text();
    let (mut typed, mut helped) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(typed.insert(rest.split(' ').next()), "{line} twice");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(!help.is_empty(), "{line}");
            assert!(helped.insert(Some(name)), "{line} twice");
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            value.parse::<f64>().expect("a number");
            let name = series.split('{').next().unwrap_or(series);
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| name.strip_suffix(part))
                .filter(|base| typed.contains(&Some(*base)));
            assert!(typed.contains(&Some(base.unwrap_or(name))), "{line}");
        }
    }
    assert_eq!(typed, helped);
    assert!(text.contains("protoloop_build_info{version="), "{text}");
    assert!(text.contains("# TYPE target_info gauge"), "{text}");
}

#[test]
fn prometheus_own_checker_reads_it() {
    let Some(promtool) = find::find("PROTOLOOP_TEST_PROMTOOL") else {
        return;
    };
    let mut check = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs");
    let mut stdin = check.stdin.take().expect("piped");
    stdin.write_all(busy().text().as_bytes()).expect("it reads");
    drop(stdin);
    let checked = check.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&checked.stderr);
    // It can read all of it, and would have given other names to what the conventions call so.
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    let named: Vec<_> = said.lines().filter_map(name).collect();
    let conventions = [
        "db_client_connection_count",
        "process_thread_count",
        "process_unix_file_descriptor_count",
    ];
    assert_eq!(named, conventions, "{said}");
    assert!(
        said.lines()
            .all(|line| line.ends_with(r#""_count" suffix"#)),
        "{said}"
    );
}
