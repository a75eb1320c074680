//! Servers and services that are killed under writes with request ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use protoloop_testing::databases::{self, Server};

use super::{Stop, until};
use crate::support::{
    self, grpc,
    http::{self, Response},
    pause,
    served::Served,
    stores,
};

const WRITERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(15);

/// Writers that send each create until it is acknowledged, with one request id.
struct Load {
    /// Where the service is at the moment.
    address: Mutex<SocketAddr>,
    stop: AtomicBool,
}

impl Load {
    fn new(address: SocketAddr) -> Self {
        Self {
            address: Mutex::new(address),
            stop: AtomicBool::new(false),
        }
    }

    fn address(&self) -> SocketAddr {
        *self.address.lock().expect("nobody panics")
    }

    /// Writes while `faults` happen; answers the ids of what was acknowledged, by title.
    fn during(&self, faults: impl FnOnce()) -> BTreeMap<String, String> {
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || self.write(writer)))
                .collect();
            {
                let _stop = Stop(&self.stop);
                faults();
            }
            let writers = writers.into_iter();
            writers
                .flat_map(|writer| writer.join().expect("no panic"))
                .collect()
        })
    }

    fn write(&self, writer: usize) -> Vec<(String, String)> {
        let mut acknowledged = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let title = format!("{writer}-{}", acknowledged.len());
            let id = self.create(&title);
            acknowledged.push((title, id));
        }
        acknowledged
    }

    fn create(&self, title: &str) -> String {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", title),
        ];
        let body = format!(r#"{{"title": "{title}"}}"#);
        let begun = Instant::now();
        loop {
            assert!(begun.elapsed() < 2 * PATIENCE, "{title} is never written");
            let answer = http::try_send(
                self.address(),
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
}

/// Every acknowledged row is there, and no row twice.
fn compare(address: SocketAddr, acknowledged: &BTreeMap<String, String>) {
    let mut stored = BTreeMap::new();
    let mut token = String::new();
    loop {
        let page = http::get(
            address,
            &format!("/v1/todos?pageSize=100&pageToken={token}"),
        );
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        for todo in page["todos"].as_array().into_iter().flatten() {
            let text = |member: &str| todo[member].as_str().expect("a text").to_owned();
            let before = stored.insert(text("title"), text("id"));
            assert_eq!(before, None, "{todo} was written twice");
        }
        token = page["nextPageToken"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            break;
        }
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
    let load = Load::new(address);
    let acknowledged = load.during(|| {
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
        let load = Load::new(app.address());
        let mut last = None;
        let acknowledged = load.during(|| {
            for _ in 0..3 {
                pause(Duration::from_millis(400));
                app.kill();
                app = Served::start(&support::todo(), &store.url);
                *load.address.lock().expect("nobody panics") = app.address();
            }
            pause(Duration::from_millis(300));
            last = Some(app);
        });
        let app = last.expect("it serves");
        compare(app.address(), &acknowledged);
    });
}
