//! Clients that others wrote: Python's grpcio, buf curl, curl.

use std::{net::SocketAddr, path::Path, process::Command};

use serde_json::Value;

use crate::support::{
    self,
    run::{Ran, run},
    served::Served,
    stores, tools,
};

#[test]
fn python_uses_every_standard_method_by_reflection() {
    let Some(python) = tools::python() else {
        return;
    };
    let server = Served::start(&support::todo(), "memory:");
    assert_eq!(script(&python, "todo.py", server.address(), &[]), "ok");
}

#[test]
fn python_uses_every_standard_method_over_every_database() {
    let Some(python) = tools::python() else {
        return;
    };
    stores::each_durable(|store| {
        let server = Served::start(&support::todo(), &store.url);
        assert_eq!(script(&python, "todo.py", server.address(), &[]), "ok");
    });
}

#[test]
fn python_asks_and_watches_the_health_service() {
    let Some(python) = tools::python() else {
        return;
    };
    let server = Served::start(&support::todo(), "memory:");
    assert_eq!(
        script(
            &python,
            "health.py",
            server.address(),
            &["todo.v1.TodoService"]
        ),
        "ok"
    );
}

#[test]
fn buf_curl_speaks_grpc_grpc_web_and_connect() {
    let Some(buf) = tools::buf() else { return };
    let server = Served::start(&support::todo(), "memory:");
    for protocol in ["grpc", "grpcweb", "connect"] {
        let call = |method: &str, request: &str| buf_curl(&buf, &server, protocol, method, request);
        let made: Value =
            json(&call("CreateTodo", r#"{"todo": {"title": "from buf"}}"#).succeeded());
        let id = made["id"].as_str().expect("a todo has an id");
        let got = json(&call("GetTodo", &format!(r#"{{"id": "{id}"}}"#)).succeeded());
        assert_eq!(got, made, "{protocol}");
        let missing = call("GetTodo", r#"{"id": "nowhere"}"#);
        assert_ne!(missing.code, Some(0), "{protocol}: {missing}");
        assert!(
            missing.stderr.contains("not_found"),
            "{protocol}: {missing}"
        );
        assert!(missing.stderr.contains("nowhere"), "{protocol}: {missing}");
        let check = "grpc.health.v1.Health/Check";
        let health = buf_curl_any(&buf, &server, protocol, check, "{}").succeeded();
        assert_eq!(json(&health)["status"], "SERVING", "{protocol}");
        let nobody = r#"{"service": "nobody"}"#;
        let missing = buf_curl_any(&buf, &server, protocol, check, nobody);
        assert!(
            missing.stderr.contains("not_found"),
            "{protocol}: {missing}"
        );
    }
}

#[test]
fn curl_speaks_rest() {
    let Some(curl) = tools::curl() else { return };
    let server = Served::start(&support::todo(), "memory:");
    let call = |arguments: &[&str]| rest(&curl, server.address(), arguments);

    let (status, made) = call(&["/v1/todos", "--json", r#"{"title": "milk"}"#]);
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().expect("a todo has an id").to_owned();
    let one = format!("/v1/todos/{id}");
    assert_eq!(call(&[&one]), (200, made));
    let (_, patched) = call(&[&one, "-X", "PATCH", "--json", r#"{"done": true}"#]);
    assert_eq!(
        (&patched["title"], &patched["done"]),
        (&"milk".into(), &true.into())
    );
    let (_, masked) = call(&[
        &format!("{one}?updateMask=title"),
        "-X",
        "PATCH",
        "--json",
        r#"{"title": "tea"}"#,
    ]);
    assert_eq!(
        (&masked["title"], &masked["done"]),
        (&"tea".into(), &true.into())
    );
    let (_, put) = call(&[&one, "-X", "PUT", "--json", r#"{"title": "coffee"}"#]);
    assert_eq!(put["title"], "coffee");
    assert_ne!(put["done"], true, "a replace clears what is not sent");
    assert_eq!(call(&["/v1/todos:count"]).1["count"], "1");
    let (_, page) = call(&[
        "-G",
        "/v1/todos",
        "--data-urlencode",
        r#"filter=title = "coffee""#,
    ]);
    assert_eq!(page["todos"].as_array().map(Vec::len), Some(1), "{page}");
    let (_, batch) = call(&[&format!("/v1/todos:batchGet?ids={id}")]);
    assert_eq!(batch["todos"][0]["id"], id);
    assert_eq!(call(&[&one, "-X", "DELETE"]).0, 200);
    assert_eq!(call(&[&one]).0, 404);
}

#[test]
fn curl_asks_for_the_head_alone() {
    let Some(curl) = tools::curl() else { return };
    let server = Served::start(&support::todo(), "memory:");
    let head = run(Command::new(curl)
        .args(["-sS", "--head"])
        .arg(format!("{}/v1/todos", server.url())))
    .succeeded();
    assert!(head.stdout.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.stdout
            .to_lowercase()
            .contains("content-type: application/json"),
        "{head}"
    );
}

#[test]
fn curl_speaks_http_2_without_an_upgrade() {
    let Some(curl) = tools::curl() else { return };
    let server = Served::start(&support::todo(), "memory:");
    let mut command = Command::new(curl);
    command
        .args(["-sS", "--http2-prior-knowledge", "-i"])
        .arg(format!("{}/v1/todos", server.url()));
    let answer = run(&mut command).succeeded();
    assert!(answer.stdout.starts_with("HTTP/2 200"), "{answer}");
}

#[test]
fn what_one_protocol_creates_the_others_read_also_after_a_restart() {
    let (Some(python), Some(buf), Some(curl)) = (tools::python(), tools::buf(), tools::curl())
    else {
        return;
    };
    stores::each_durable(|store| everyone_reads_all(&python, &buf, &curl, &store.url));
}

fn everyone_reads_all(python: &Path, buf: &Path, curl: &Path, database: &str) {
    let server = Served::start(&support::todo(), database);
    let (_, by_rest) = rest(
        curl,
        server.address(),
        &["/v1/todos", "--json", r#"{"title": "by REST"}"#],
    );
    let create = |protocol: &str| {
        let request = format!(r#"{{"todo": {{"title": "by {protocol}"}}}}"#);
        json(&buf_curl(buf, &server, protocol, "CreateTodo", &request).succeeded())
    };
    let todos = [
        by_rest,
        create("grpc"),
        create("grpcweb"),
        create("connect"),
    ];
    let everyone_reads = |server: &Served| {
        for todo in &todos {
            let (id, title) = (
                todo["id"].as_str().expect("an id"),
                todo["title"].as_str().expect("a title"),
            );
            assert_eq!(
                &rest(curl, server.address(), &[&format!("/v1/todos/{id}")]).1,
                todo
            );
            for protocol in ["grpc", "grpcweb", "connect"] {
                let got = buf_curl(
                    buf,
                    server,
                    protocol,
                    "GetTodo",
                    &format!(r#"{{"id": "{id}"}}"#),
                );
                assert_eq!(&json(&got.succeeded()), todo, "{protocol}");
            }
            assert_eq!(script(python, "get.py", server.address(), &[id]), title);
        }
    };
    everyone_reads(&server);
    let ended = server.terminate();
    assert!(ended.status.success(), "after SIGTERM: {ended:?}");
    everyone_reads(&Served::start(&support::todo(), database));
}

/// What a script of `tests/foreign` prints.
#[track_caller]
fn script(python: &Path, name: &str, server: SocketAddr, arguments: &[&str]) -> String {
    let path = support::root().join("tests/foreign").join(name);
    // Its folder is the checkout's, which is to stay as it is.
    let mut command = Command::new(python);
    command
        .arg("-B")
        .arg(path)
        .arg(server.to_string())
        .args(arguments);
    run(&mut command).succeeded().stdout.trim().to_owned()
}

/// Calls a method of the todo service; buf learns its types by reflection, over the same protocol.
#[track_caller]
fn buf_curl(buf: &Path, server: &Served, protocol: &str, method: &str, request: &str) -> Ran {
    let method = format!("todo.v1.TodoService/{method}");
    buf_curl_any(buf, server, protocol, &method, request)
}

#[track_caller]
fn buf_curl_any(buf: &Path, server: &Served, protocol: &str, method: &str, request: &str) -> Ran {
    let mut command = Command::new(buf);
    command.args([
        "curl",
        "--http2-prior-knowledge",
        "--protocol",
        protocol,
        "--data",
        request,
    ]);
    run(command.arg(format!("{}/{method}", server.url())))
}

/// The status and the JSON of a call; the first argument that starts with `/` is the target.
#[track_caller]
fn rest(curl: &Path, server: SocketAddr, arguments: &[&str]) -> (u16, Value) {
    let mut command = Command::new(curl);
    command.args(["-sS", "-w", "\n%{http_code}"]);
    for argument in arguments {
        if argument.starts_with('/') {
            command.arg(format!("http://{server}{argument}"));
        } else {
            command.arg(argument);
        }
    }
    let ran = run(&mut command).succeeded();
    let (body, status) = ran.stdout.rsplit_once('\n').expect("the status comes last");
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {body}"));
    (status.parse().expect("a number"), body)
}

#[track_caller]
fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error} in {ran}"))
}
