//! What becomes of calls when a database fails, and of rows.

mod killed;
mod limits;
mod replica;
mod tls;
mod transfers;
mod writers;

use std::time::{Duration, Instant};

use protoloop_testing::databases::Server;

use crate::support::{self, http, served::Served};

/// The name of the database in a URL.
fn name_of(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or(url);
    path.rsplit('/').next().unwrap_or(path)
}

/// Waits until something holds.
#[track_caller]
fn until(what: &str, patience: Duration, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < patience, "not in time: {what}");
        support::pause(Duration::from_millis(20));
    }
}

/// How a kind of server is asked about itself.
#[derive(Clone, Copy)]
struct Sql {
    /// Holds the table `todos` for five seconds against everybody.
    hold: &'static str,
    /// Whether it is held: one row then.
    held: &'static str,
    /// The number of statements of a database, at `$`, that wait for a lock.
    waiting: &'static str,
}

const POSTGRES: Sql = Sql {
    hold: "BEGIN; LOCK TABLE todos IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(5); COMMIT",
    held: "SELECT 1 FROM pg_locks WHERE relation = 'todos'::regclass AND mode = 'AccessExclusiveLock' AND granted",
    waiting: "SELECT count(*) FROM pg_stat_activity WHERE datname = '$' AND wait_event_type = 'Lock'",
};

const MARIADB: Sql = Sql {
    hold: "LOCK TABLES todos WRITE; SELECT SLEEP(5); UNLOCK TABLES",
    held: "SELECT 1 FROM information_schema.processlist WHERE db = database() AND info LIKE 'SELECT SLEEP(%'",
    waiting: "SELECT count(*) FROM information_schema.processlist WHERE db = '$' AND state LIKE 'Waiting for%'",
};

impl Sql {
    /// How many statements of a database wait.
    fn waiting(self, server: &Server, database: &str) -> u32 {
        let count = server.query(database, &self.waiting.replace('$', database));
        count.parse().expect("a number")
    }
}

/// A todo, and with it the table.
fn first_todo(app: &Served) {
    let made = http::post(app.address(), "/v1/todos", r#"{"title": "first"}"#);
    assert_eq!(made.status, 200, "{}", made.text());
}
