//! Calls that are sent again, with one `Idempotency-Key`.

use std::{collections::BTreeSet, net::SocketAddr, sync::Barrier, thread};

use protoloop_testing::databases;
use serde_json::json;

use crate::support::{
    self,
    http::{self, Response},
    served::Served,
    stores,
};

#[test]
fn callers_do_not_get_the_answers_of_others() {
    stores::each(|store| {
        let server = Served::start(&support::todo(), &store.url);
        let mut ids = Vec::new();
        for caller in [
            None,
            Some(("authorization", "Bearer a")),
            Some(("authorization", "Bearer b")),
            Some(("cookie", "session=a")),
        ] {
            let mut headers = vec![
                ("content-type", "application/json"),
                ("idempotency-key", "0b5c1a52-3a0f-4f0e-9a52-6a3b8a3e9d11"),
            ];
            headers.extend(caller);
            let create = |body: &str| {
                let target = "/v1/todos";
                http::send(server.address(), "POST", target, &headers, body.as_bytes())
            };
            let first = create(r#"{"title":"once"}"#).json()["id"].to_string();
            let again = create(r#"{"title":"once"}"#).json()["id"].to_string();
            assert_eq!(first, again, "{caller:?}");
            assert!(!ids.contains(&first), "{caller:?}");
            ids.push(first);
            let other = create(r#"{"title":"twice"}"#);
            assert_eq!(other.status, 400, "{caller:?}: {}", other.text());
        }
        let all = http::get(server.address(), "/v1/todos").json();
        assert_eq!(all["todos"].as_array().map(Vec::len), Some(4), "{all}");
    });
}

fn once(address: SocketAddr, target: &str, key: &str, body: &str) -> Response {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    http::send(address, "POST", target, &headers, body.as_bytes())
}

#[test]
fn another_run_knows_what_was_answered() {
    stores::each_durable(|store| {
        let todo = r#"{"title": "once"}"#;
        let create = json!({ "create": {
            "@type": "type.googleapis.com/todo.v1.CreateTodoRequest", "todo": { "title": "in a batch" },
        }});
        let batch = json!({ "writes": [create], "requestId": "c" }).to_string();
        let calls = |address: SocketAddr| {
            let one = once(address, "/v1/todos", "a", todo);
            let batch = http::post(address, "/v1:batchWrite", &batch);
            [one, batch].map(|answer| {
                assert_eq!(answer.status, 200, "{}", answer.text());
                answer.text()
            })
        };
        let first = Served::start(&support::todo(), &store.url);
        let answers = calls(first.address());
        // What failed is not remembered: it may go well the next time.
        let failed = once(first.address(), "/v1/todos", "d", r#"{"title": 1}"#);
        assert_eq!(failed.status, 400);
        first.kill();
        let second = Served::start(&support::todo(), &store.url);
        let address = second.address();
        assert_eq!(calls(address), answers);
        let other = once(address, "/v1/todos", "a", r#"{"title": "twice"}"#);
        assert_eq!(other.status, 400, "{}", other.text());
        assert!(
            other.text().contains("was used for another request"),
            "{}",
            other.text()
        );
        assert_eq!(once(address, "/v1/todos", "d", todo).status, 200);
        let count = http::get(address, "/v1/todos:count").json();
        assert_eq!(count["count"], "3");
    });
}

#[test]
fn replicas_do_a_call_once() {
    stores::each_durable(|store| {
        let replicas = [(); 2].map(|()| Served::start(&support::todo(), &store.url));
        for round in 0..5 {
            let key = format!("round-{round}");
            let start = Barrier::new(8);
            let ids: BTreeSet<String> = thread::scope(|scope| {
                let calls: Vec<_> = (0..8)
                    .map(|number| {
                        let (start, key) = (&start, &key);
                        let address = replicas[number % 2].address();
                        scope.spawn(move || {
                            start.wait();
                            once(address, "/v1/todos", key, r#"{"title": "once"}"#)
                        })
                    })
                    .collect();
                let answers = calls.into_iter().map(|call| call.join().expect("no panic"));
                let done = answers.filter(|answer| {
                    // The replica's own other call is under way.
                    assert!([200, 409].contains(&answer.status), "{}", answer.text());
                    answer.status == 200
                });
                done.map(|answer| answer.json()["id"].to_string()).collect()
            });
            assert_eq!(ids.len(), 1, "{ids:?}");
        }
        let count = http::get(replicas[0].address(), "/v1/todos:count").json();
        assert_eq!(count["count"], "5");
    });
}

/// Who may not make the table is served as before: the process remembers.
#[test]
fn without_the_right_to_make_tables_a_process_remembers() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let url = server.database();
    let database = url.rsplit('/').next().unwrap_or_default();
    // The owner makes the tables.
    assert!(
        Served::start(&support::todo(), &url)
            .terminate()
            .status
            .success()
    );
    let rights = "CREATE ROLE writes_only LOGIN PASSWORD 'w'; \
                  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO writes_only";
    assert_eq!(server.query(database, rights), "");
    let limited = format!(
        "postgres://writes_only:w@127.0.0.1:{}/{database}",
        server.port()
    );
    let app = Served::start(&support::todo(), &limited);
    let create = || once(app.address(), "/v1/todos", "a", r#"{"title": "once"}"#);
    let (first, again) = (create(), create());
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.text(), again.text());
    let count = http::get(app.address(), "/v1/todos:count").json();
    assert_eq!(count["count"], "1");
    let log = app.terminate().log;
    assert!(
        log.contains("request ids are remembered by this process only"),
        "{log}"
    );
}
