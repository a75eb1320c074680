//! Replicas that are replaced while clients call them, and replicas that wait for their database.

mod balancer;
mod envoy;

use std::{
    io::{BufRead as _, BufReader},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use balancer::Balancer;

use crate::support::{
    self, PROTOLOOP, database_in, folder, grpc, http, pause, root, run, served::Served, tools,
};

/// A client in Python that calls without a pause.
struct Load(Child);

impl Load {
    fn start(python: &PathBuf, address: SocketAddr, channels: usize) -> Self {
        Self::start_with(python, address, &[channels])
    }

    /// With the number of channels, and of calls on each of them, where they are to come to an end.
    fn start_with(python: &PathBuf, address: SocketAddr, numbers: &[usize]) -> Self {
        let process = Command::new(python)
            .arg(root().join("tests/foreign/load.py"))
            .arg(address.to_string())
            .args(numbers.iter().map(usize::to_string))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Self(process.expect("Python starts"))
    }

    /// Ends it: how many calls were answered, how many were not, and what those met.
    fn end(mut self) -> (usize, usize, String) {
        drop(self.0.stdin.take());
        let out = self.0.wait_with_output().expect("it ends");
        let out = String::from_utf8_lossy(&out.stdout).into_owned();
        let mut parts = out.trim().splitn(3, ' ');
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        let (Some(answered), Some(failed)) = (number(), number()) else {
            panic!("the load did not say how it went: {out:?}");
        };
        (
            answered,
            failed,
            parts.next().unwrap_or_default().to_owned(),
        )
    }
}

/// Calls over HTTP/1.1 on connections that are kept until the server says `close`: how many were answered, and what the
/// others met.
fn rest(address: SocketAddr, over: &AtomicBool) -> (usize, Vec<String>) {
    let (mut answered, mut failed) = (0, Vec::new());
    while !over.load(Ordering::Relaxed) {
        let mut connection = http::Connection::open(address);
        while !over.load(Ordering::Relaxed) {
            match connection.post("/v1/todos", r#"{"title":"rest"}"#) {
                Ok(answer) if answer.status == 200 => {
                    answered += 1;
                    if answer.header("connection") == Some("close") {
                        break;
                    }
                }
                Ok(answer) => failed.push(format!("{}: {}", answer.status, answer.text())),
                Err(error) => {
                    failed.push(error.to_string());
                    break;
                }
            }
        }
    }
    (answered, failed)
}

#[test]
fn replicas_are_replaced_and_no_call_fails() {
    let Some(python) = tools::python() else {
        return;
    };
    let folder = folder();
    let database = database_in(&folder);
    let start = || {
        let arguments = ["--drain-delay=500ms", "--grace-period=10s", "--log=warn"];
        Served::start_with(&support::todo(), &database, &arguments)
    };
    let balancer = Balancer::start();
    let mut replicas = [start(), start()];
    replicas
        .iter()
        .for_each(|replica| balancer.add(replica.address()));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let rest = scope.spawn(|| rest(balancer.address(), &over));
        let load = Load::start(&python, balancer.address(), 4);
        for _ in 0..4 {
            pause(Duration::from_millis(500));
            let new = start();
            balancer.add(new.address());
            let ended = std::mem::replace(&mut replicas[0], new).terminate();
            assert!(ended.status.success(), "{}", ended.log);
            replicas.rotate_left(1);
        }
        over.store(true, Ordering::Relaxed);
        let (answered, failed, what) = load.end();
        assert_eq!(failed, 0, "of {answered} over gRPC: {what}");
        let (rest, failed) = rest.join().expect("no panic");
        assert!(failed.is_empty(), "{failed:?}");
        assert!(answered > 100 && rest > 100, "{answered} {rest}");
    });
}

#[test]
fn connections_get_old_and_spread_again() {
    let Some(python) = tools::python() else {
        return;
    };
    let folder = folder();
    let database = database_in(&folder);
    let start = || {
        let arguments = ["--max-connection-age=300ms"];
        Served::start_with(&support::todo(), &database, &arguments)
    };
    let balancer = Balancer::start();
    let first = start();
    balancer.add(first.address());
    let load = Load::start(&python, balancer.address(), 4);
    pause(Duration::from_millis(700));
    // All connections are the first one's; nobody makes another one but for their age.
    let second = start();
    balancer.add(second.address());
    pause(Duration::from_secs(2));
    let (answered, failed, what) = load.end();
    assert_eq!(failed, 0, "of {answered}: {what}");
    let calls = second.terminate().log.matches("CreateTodo").count();
    assert!(
        calls > 10,
        "{calls} of {answered} went to the second replica"
    );
}

/// A process that waits, killed when dropped.
struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What `grpc.health.v1` says of a name: 1 is SERVING, 2 NOT_SERVING.
fn health(address: SocketAddr, name: &str) -> u8 {
    let request = [
        &[10, u8::try_from(name.len()).expect("short")][..],
        name.as_bytes(),
    ]
    .concat();
    let answer = grpc::unary(address, "/grpc.health.v1.Health/Check", &request);
    answer.expect("an answer")[1]
}

#[test]
fn a_server_that_waits_for_migrations_is_alive_and_not_ready() {
    let folder = folder();
    let database = database_in(&folder);
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = address.expect("a free port");
    let todo = support::todo();
    let process = Command::new(PROTOLOOP)
        .arg("serve")
        .arg(&todo)
        .args(["--migrate=wait", "--log-format=json", "--db", &database])
        .args(["--listen", &address.to_string()])
        .env("OTEL_SERVICE_NAME", "todo")
        .env("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=todo-7")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut process = Waiting(process.expect("it starts"));
    let mut out = BufReader::new(process.0.stdout.take().expect("it is piped"));
    let mut line = String::new();
    out.read_line(&mut line).expect("a pipe");
    assert_eq!(line, format!("waiting on {address} for the database\n"));

    let mut log = BufReader::new(process.0.stderr.take().expect("it is piped"));
    let mut logged = |text: &str| {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(log.read_line(&mut line).expect("a pipe"), 0, "no {text:?}");
        }
        serde_json::from_str::<serde_json::Value>(&line).expect("JSON")
    };
    let told = logged("waiting until the database fits the models");
    assert_eq!(
        told["missing"], "the models need: create table todos (expand)",
        "{told}"
    );
    assert_eq!(told["resource"]["service.name"], "todo", "{told}");
    assert_eq!(told["resource"]["k8s.pod.name"], "todo-7", "{told}");

    assert_eq!(http::get(address, "/livez").status, 200);
    let ready = http::get(address, "/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("migrated"), "{}", ready.text());
    for (name, wanted) in [
        ("", 1),
        ("liveness", 1),
        ("readiness", 2),
        ("todo.v1.TodoService", 2),
    ] {
        assert_eq!(health(address, name), wanted, "{name:?}");
    }
    assert_eq!(http::get(address, "/v1/todos").status, 503);

    run::run(
        Command::new(PROTOLOOP)
            .args(["migrate", "apply", "--db", &database])
            .arg(&todo),
    )
    .succeeded();
    let limit = Instant::now() + Duration::from_secs(20);
    while http::try_send(address, "GET", "/v1/todos", &[], b"").map_or(0, |answer| answer.status)
        != 200
    {
        assert!(Instant::now() < limit, "it does not serve");
        pause(Duration::from_millis(20));
    }
    assert_eq!(health(address, "readiness"), 1);
}
