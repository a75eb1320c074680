//! What the log says of calls.

use serde_json::Value;

use crate::support::{self, grpc, http, served::Served};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn todo(arguments: &[&str]) -> Served {
    Served::start_with(&support::root().join("examples/todo"), "memory:", arguments)
}

/// A create that carries a trace, and the id of what it made.
fn create(server: &Served) -> String {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer secret-token"),
        ("traceparent", &*format!("00-{TRACE}-00f067aa0ba902b7-01")),
    ];
    let body = br#"{"title":"secret-title"}"#;
    let answer = http::send(server.address(), "POST", "/v1/todos", &headers, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// The lines about calls, each an object.
fn calls(log: &str) -> Vec<Value> {
    let line = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    let lines = log.lines().map(line);
    lines
        .filter(|line| line["span"]["name"] == "call")
        .collect()
}

#[test]
fn each_call_is_one_line_of_json() {
    let server = todo(&[]);
    let id = create(&server);
    let missing = http::get(server.address(), "/v1/todos/nowhere");
    assert_eq!(missing.status, 404);
    let trace = missing
        .header("traceparent")
        .expect("sent with every error");
    let trace = trace.split('-').nth(1).expect("four parts").to_owned();
    let get = [&[0x0A, 36][..], id.as_bytes()].concat();
    grpc::unary(server.address(), "/todo.v1.TodoService/GetTodo", &get).expect("there");
    // No calls, no lines.
    http::get(server.address(), "/livez");
    http::get(server.address(), "/no/route");

    let ended = server.terminate();
    let [create, missing, get] = &calls(&ended.log)[..] else {
        panic!("three lines are due:\n{}", ended.log)
    };
    for (line, method, protocol, code, message) in [
        (create, "CreateTodo", "rest", "OK", "done"),
        (missing, "GetTodo", "rest", "NOT_FOUND", "refused"),
        (get, "GetTodo", "grpc", "OK", "done"),
    ] {
        assert_eq!(line["level"], "INFO", "{line}");
        assert_eq!(line["message"], message, "{line}");
        assert_eq!(line["code"], code, "{line}");
        assert!(
            line["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0),
            "{line}"
        );
        assert!(
            line["timestamp"]
                .as_str()
                .is_some_and(|time| time.ends_with('Z')),
            "{line}"
        );
        let span = &line["span"];
        assert_eq!(span["rpc.system"], "grpc", "{line}");
        assert_eq!(span["rpc.service"], "todo.v1.TodoService", "{line}");
        assert_eq!(span["rpc.method"], method, "{line}");
        assert_eq!(span["protocol"], protocol, "{line}");
    }
    assert_eq!(create["span"]["trace_id"], TRACE);
    assert_eq!(missing["span"]["trace_id"], *trace);
    assert_eq!(missing["error"], "todo `nowhere` was not found");
    assert_eq!(get["span"]["trace_id"].as_str().map(str::len), Some(32));
    assert_ne!(get["span"]["trace_id"], create["span"]["trace_id"]);
    assert!(
        !ended.log.contains("secret"),
        "neither data nor credentials belong into a log"
    );
}

#[test]
fn text_is_one_line_too() {
    let server = todo(&["--log-format", "text"]);
    create(&server);
    let ended = server.terminate();
    let lines: Vec<&str> = ended
        .log
        .lines()
        .filter(|line| line.contains("CreateTodo"))
        .collect();
    let [line] = lines[..] else {
        panic!("one line is due:\n{}", ended.log)
    };
    for part in [
        "INFO",
        "done",
        "code=\"OK\"",
        "duration_ms=",
        "todo.v1.TodoService",
        TRACE,
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(
        !line.contains('\u{1b}'),
        "no colours where there is no terminal: {line:?}"
    );
}

#[test]
fn a_filter_leaves_lines_out() {
    let server = todo(&["--log", "warn"]);
    create(&server);
    assert_eq!(calls(&server.terminate().log), Vec::<Value>::new());
}
