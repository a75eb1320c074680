//! Servers and services that are killed under writes with request ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use protoloop_testing::databases::{self, Server};

use super::{
    until,
    writers::{WRITERS, Writers},
};
use crate::support::{
    self, grpc,
    http::{self, Response},
    pause,
    served::Served,
    stores,
};

const PATIENCE: Duration = Duration::from_secs(15);

/// Writes while `faults` happen; answers the ids of what was acknowledged, by title.
fn during(writers: &Writers, faults: impl FnOnce()) -> BTreeMap<String, String> {
    let write = |writer: usize, call: usize| {
        let title = format!("{writer}-{call}");
        let id = create(writers, &title);
        Some((title, id))
    };
    writers.during(write, faults).into_iter().collect()
}

/// Sends a create until it is acknowledged, with one request id.
fn create(writers: &Writers, title: &str) -> String {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", title),
    ];
    let body = format!(r#"{{"title": "{title}"}}"#);
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < 2 * PATIENCE, "{title} is never written");
        let answer = http::try_send(
            writers.address(),
            "POST",
            "/v1/todos",
            &headers,
            body.as_bytes(),
        );
        match answer {
            Ok(answer) if answer.status == 200 => {
                let id = answer.json()["id"].as_str().map(str::to_owned);
                return id.expect("an id");
            }
            Ok(answer) => {
                // 409: the same call of before is still under way.
                assert!([409, 503].contains(&answer.status), "{}", answer.text());
                assert!(answer.header("retry-after").is_some(), "{}", answer.text());
            }
            // The service is gone for the moment.
            Err(_) => {}
        }
        pause(Duration::from_millis(20));
    }
}

/// Every acknowledged row is there, and no row twice.
fn compare(address: SocketAddr, acknowledged: &BTreeMap<String, String>) {
    let mut stored = BTreeMap::new();
    for todo in http::rows(address, "/v1/todos", "todos") {
        let text = |member: &str| todo[member].as_str().expect("a text").to_owned();
        let before = stored.insert(text("title"), text("id"));
        assert_eq!(before, None, "{todo} was written twice");
    }
    assert!(acknowledged.len() > WRITERS, "nothing was written");
    let lost: BTreeSet<_> = acknowledged
        .iter()
        .filter(|(title, id)| stored.get(*title) != Some(*id))
        .collect();
    assert!(lost.is_empty(), "acknowledged but lost: {lost:?}");
    assert_eq!(stored.len(), acknowledged.len());
}

fn ready(address: SocketAddr) -> Response {
    http::get(address, "/readyz")
}

/// What `grpc.health.v1` says of readiness: 1 is SERVING, 2 NOT_SERVING.
fn health(address: SocketAddr) -> u8 {
    let answer = grpc::unary(
        address,
        "/grpc.health.v1.Health/Check",
        b"\x0a\x09readiness",
    )
    .expect("an answer");
    match *answer {
        [0x08, status] => status,
        ref other => panic!("{other:?}"),
    }
}

fn database_is_killed(server: &Server) {
    let app = Served::start(&support::todo(), &server.database());
    let address = app.address();
    let writers = Writers::new(address);
    let acknowledged = during(&writers, || {
        for _ in 0..2 {
            pause(Duration::from_millis(700));
            assert_eq!((ready(address).status, health(address)), (200, 1));
            server.kill();
            let read = http::get(address, "/v1/todos");
            assert_eq!(read.status, 503, "{}", read.text());
            assert_eq!(read.json()["error"]["status"], "UNAVAILABLE");
            assert!(
                read.text().contains("google.rpc.RetryInfo"),
                "{}",
                read.text()
            );
            assert!(read.header("retry-after").is_some());
            until("not ready", PATIENCE, || ready(address).status == 503);
            until("NOT_SERVING", PATIENCE, || health(address) == 2);
            server.start();
            until("ready again", PATIENCE, || ready(address).status == 200);
            until("SERVING again", PATIENCE, || health(address) == 1);
        }
        pause(Duration::from_millis(500));
    });
    compare(address, &acknowledged);
}

#[test]
fn postgres_is_killed_under_writes() {
    if let Some(server) = databases::own_postgres() {
        database_is_killed(&server);
    }
}

#[test]
fn mariadb_is_killed_under_writes() {
    if let Some(server) = databases::own_mariadb() {
        database_is_killed(&server);
    }
}

#[test]
fn the_service_is_killed_under_writes_and_none_is_doubled() {
    stores::each_durable(|store| {
        let mut app = Served::start(&support::todo(), &store.url);
        let writers = Writers::new(app.address());
        let mut last = None;
        let acknowledged = during(&writers, || {
            for _ in 0..3 {
                pause(Duration::from_millis(400));
                app.kill();
                app = Served::start(&support::todo(), &store.url);
                writers.moved_to(app.address());
            }
            pause(Duration::from_millis(300));
            last = Some(app);
        });
        let app = last.expect("it serves");
        compare(app.address(), &acknowledged);
    });
}
