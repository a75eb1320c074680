//! The databases that a test is run over.

use std::{
    io::{Write as _, stderr},
    thread,
};

use protoloop_testing::databases;
use tempfile::TempDir;

/// An empty database, of one test alone.
pub(crate) struct Store {
    /// `sqlite`, as sqlmap calls it too; `mysql` for MariaDB.
    pub(crate) kind: &'static str,
    /// What `--db` is given.
    pub(crate) url: String,
    /// Goes away with the store.
    pub(crate) folder: TempDir,
}

/// Runs a test over memory and every database.
pub(crate) fn each(test: impl Fn(&Store)) {
    run(
        &Store {
            kind: "memory",
            url: "memory:".to_owned(),
            folder: super::folder(),
        },
        &test,
    );
    each_durable(test);
}

/// Runs a test over every database: SQLite in a file, PostgreSQL, MariaDB. One that cannot be had is left out, and said so.
pub(crate) fn each_durable(test: impl Fn(&Store)) {
    let folder = super::folder();
    let url = super::database_in(&folder);
    let kind = "sqlite";
    run(&Store { kind, url, folder }, &test);
    for (kind, server) in [
        ("postgresql", databases::postgres()),
        ("mysql", databases::mariadb()),
    ] {
        if let Some(server) = server {
            let (url, folder) = (server.database(), super::folder());
            run(&Store { kind, url, folder }, &test);
        }
    }
}

fn run(store: &Store, test: &impl Fn(&Store)) {
    let _named = Named(store.kind);
    test(store);
}

/// Says over which database a test failed.
struct Named(&'static str);

impl Drop for Named {
    fn drop(&mut self) {
        if thread::panicking() {
            // The test has failed already, with or without its database's name.
            let _ = writeln!(stderr(), "the database was {}", self.0);
        }
    }
}
