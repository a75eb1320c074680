//! Statements that wait too long, and connections that are all taken.

use std::{
    thread,
    time::{Duration, Instant},
};

use protoloop_testing::databases::{self, Server};

use super::{MARIADB, POSTGRES, Sql, first_todo, name_of, until};
use crate::support::{self, http, served::Served};

/// A service whose table somebody holds, while `test` runs.
fn held(server: &Server, sql: Sql, parameters: &str, test: impl FnOnce(&Served, &str)) {
    let url = server.database();
    let app = Served::start(&support::todo(), &format!("{url}?{parameters}"));
    first_todo(&app);
    let database = name_of(&url);
    thread::scope(|scope| {
        let holder = scope.spawn(|| server.query(database, sql.hold));
        let soon = Duration::from_secs(2);
        until("the table is held", soon, || {
            server.query(database, sql.held) == "1"
        });
        test(&app, database);
        holder.join().expect("no panic");
    });
}

fn list_with_deadline(app: &Served, milliseconds: &str) -> http::Response {
    let headers = [
        ("content-type", "application/json"),
        ("connect-protocol-version", "1"),
        ("connect-timeout-ms", milliseconds),
    ];
    let method = "/todo.v1.TodoService/ListTodos";
    http::send(app.address(), "POST", method, &headers, b"{}")
}

fn a_deadline(server: &Server, sql: Sql) {
    held(server, sql, "", |app, database| {
        let begun = Instant::now();
        let answer = thread::scope(|scope| {
            let call = scope.spawn(|| list_with_deadline(app, "1500"));
            let soon = Duration::from_millis(1400);
            until("the statement waits on the server", soon, || {
                sql.waiting(server, database) == 1
            });
            call.join().expect("no panic")
        });
        assert_eq!(
            answer.json()["code"],
            "deadline_exceeded",
            "{}",
            answer.text()
        );
        assert!(begun.elapsed() < Duration::from_millis(2500));
        until("it is stopped there", Duration::from_secs(1), || {
            sql.waiting(server, database) == 0
        });
    });
}

fn a_statement_timeout(server: &Server, sql: Sql) {
    held(server, sql, "statement_timeout_ms=400", |app, database| {
        let begun = Instant::now();
        let answer = http::get(app.address(), "/v1/todos");
        assert_eq!(answer.status, 504, "{}", answer.text());
        assert_eq!(answer.json()["error"]["status"], "DEADLINE_EXCEEDED");
        assert!(begun.elapsed() < Duration::from_millis(2000));
        assert_eq!(sql.waiting(server, database), 0);
    });
}

fn an_exhausted_pool(server: &Server, sql: Sql) {
    let parameters = "connections=2&acquire_timeout_ms=300";
    held(server, sql, parameters, |app, database| {
        thread::scope(|scope| {
            let list = || http::get(app.address(), "/v1/todos");
            let waiting = [scope.spawn(list), scope.spawn(list)];
            let soon = Duration::from_secs(1);
            until("both connections are taken", soon, || {
                sql.waiting(server, database) == 2
            });
            let begun = Instant::now();
            let refused = list();
            assert_eq!(refused.status, 503, "{}", refused.text());
            let error = refused.json()["error"].clone();
            assert_eq!(
                error["message"],
                "all connections to the database are taken"
            );
            assert!(
                error["details"].to_string().contains("RetryInfo"),
                "{error}"
            );
            let waited = begun.elapsed();
            let bounds = Duration::from_millis(280)..Duration::from_millis(1200);
            assert!(bounds.contains(&waited), "{waited:?}");
            for call in waiting {
                // When the table is free again.
                assert_eq!(call.join().expect("no panic").status, 200);
            }
        });
    });
}

/// The tests on both servers.
macro_rules! on_servers {
    ($($name:ident: $test:ident;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn on_postgres() {
                if let Some(server) = databases::postgres() {
                    $test(server, POSTGRES);
                }
            }

            #[test]
            fn on_mariadb() {
                if let Some(server) = databases::mariadb() {
                    $test(server, MARIADB);
                }
            }
        }
    )*};
}

on_servers! {
    a_callers_deadline_stops_the_statement: a_deadline;
    a_statement_has_a_time_limit: a_statement_timeout;
    an_exhausted_pool_is_waited_for_and_then_refuses: an_exhausted_pool;
}
