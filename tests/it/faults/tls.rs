//! TLS between the service and its database.

use std::path::PathBuf;

use protoloop_testing::databases::{self, Certificate, Server};

use super::first_todo;
use crate::support::{self, run, served::Served};

/// A certificate of 127.0.0.1, and who signed it.
fn by_address() -> (PathBuf, PathBuf, PathBuf) {
    let folder = support::root().join("crates/protoloop-server/tests/it/tls");
    let file = |name: &str| folder.join(name);
    (file("server.pem"), file("server.key"), file("ca.pem"))
}

/// A certificate of `books.example`, and who signed it: somebody else.
fn by_name() -> (PathBuf, PathBuf, PathBuf) {
    let file = |name: &str| support::fixture("tls").join(name);
    (file("server.pem"), file("server.key"), file("ca.pem"))
}

fn in_url(path: &std::path::Path) -> String {
    path.display().to_string().replace(' ', "%20")
}

/// How a kind of server calls its modes.
struct Modes {
    require: &'static str,
    verify_ca: &'static str,
    verify_full: &'static str,
    off: &'static str,
}

const POSTGRES: Modes = Modes {
    require: "require",
    verify_ca: "verify-ca",
    verify_full: "verify-full",
    off: "disable",
};

const MARIADB: Modes = Modes {
    require: "required",
    verify_ca: "verify_ca",
    verify_full: "verify_identity",
    off: "disabled",
};

/// Starts the service; it must not come up.
#[track_caller]
fn refused(url: &str) {
    let todo = support::todo();
    let todo = todo.to_str().expect("UTF-8");
    let folder = support::folder();
    let arguments = ["serve", todo, "--db", url, "--listen", "127.0.0.1:0"];
    let ran = run::protoloop(folder.path(), &arguments);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(
        !ran.stderr.contains(databases::PASSWORD) && !ran.stderr.contains("s3cr"),
        "{ran}"
    );
}

/// `encrypted` answers a number that is larger when there are connections with TLS.
fn modes(server: &Server, modes: &Modes, encrypted: impl Fn(&Server, &str) -> u32) {
    let url = server.database();
    let (_, _, ca) = by_address();
    let (_, _, other) = by_name();
    let (ca, other) = (in_url(&ca), in_url(&other));
    let encrypts = |parameters: &str| {
        let encrypted = || encrypted(server, super::name_of(&url));
        let before = encrypted();
        let app = Served::start(&support::todo(), &format!("{url}?{parameters}"));
        first_todo(&app);
        let after = encrypted();
        assert!(app.terminate().status.success());
        after > before
    };
    assert!(encrypts(&format!("sslmode={}", modes.require)));
    for mode in [modes.verify_ca, modes.verify_full] {
        assert!(encrypts(&format!("sslmode={mode}&sslrootcert={ca}")));
        refused(&format!("{url}?sslmode={mode}&sslrootcert={other}"));
    }
    assert!(!encrypts(&format!("sslmode={}", modes.off)));
}

/// A server whose certificate is of another name.
fn names(server: &Server, modes: &Modes) {
    let url = server.database();
    let (_, _, ca) = by_name();
    let ca = in_url(&ca);
    let app = Served::start(
        &support::todo(),
        &format!("{url}?sslmode={}&sslrootcert={ca}", modes.verify_ca),
    );
    first_todo(&app);
    refused(&format!(
        "{url}?sslmode={}&sslrootcert={ca}",
        modes.verify_full
    ));
}

/// A server without TLS.
fn without(server: &Server, modes: &Modes) {
    let url = server.database();
    refused(&format!("{url}?sslmode={}", modes.require));
}

/// Encrypted connections that there are.
fn of_postgres(server: &Server, database: &str) -> u32 {
    let sql = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) \
               WHERE s.ssl AND a.datname = current_database() AND a.pid <> pg_backend_pid()";
    server.query(database, sql).parse().expect("a number")
}

/// Encrypted connections that there have been.
fn of_mariadb(server: &Server, database: &str) -> u32 {
    let sql = "SELECT variable_value FROM information_schema.global_status \
               WHERE variable_name = 'SSL_FINISHED_ACCEPTS'";
    server.query(database, sql).parse().expect("a number")
}

fn certificate<'a>(files: &'a (PathBuf, PathBuf, PathBuf)) -> Certificate<'a> {
    Certificate {
        chain: &files.0,
        key: &files.1,
    }
}

#[test]
fn postgres_over_tls() {
    let Some(server) = databases::postgres_with_tls(certificate(&by_address())) else {
        return;
    };
    modes(&server, &POSTGRES, of_postgres);
    drop(server);
    if let Some(server) = databases::postgres_with_tls(certificate(&by_name())) {
        names(&server, &POSTGRES);
    }
    if let Some(server) = databases::postgres() {
        without(server, &POSTGRES);
    }
}

#[test]
fn mariadb_over_tls() {
    let Some(server) = databases::mariadb_with_tls(certificate(&by_address())) else {
        return;
    };
    modes(&server, &MARIADB, of_mariadb);
    drop(server);
    if let Some(server) = databases::mariadb_with_tls(certificate(&by_name())) {
        names(&server, &MARIADB);
    }
    if let Some(server) = databases::mariadb() {
        without(server, &MARIADB);
    }
}
