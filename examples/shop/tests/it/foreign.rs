//! A client that others wrote: Python's grpcio, which learns everything by reflection.

use std::{
    env,
    io::{Write as _, stdout},
    process::Command,
};

use crate::support::{self, Binary, Database};

fn python(database: Option<Database>) {
    // `cargo xtask test` says where it is, or why it is not there.
    let Some(python) = env::var_os("PROTOLOOP_TEST_PYTHON") else {
        assert!(
            env::var_os("PROTOLOOP_TESTS_FORBID_SKIP").is_none(),
            "PROTOLOOP_TEST_PYTHON is not set and skipping is forbidden"
        );
        let line = "SKIPPED the shop's foreign client: PROTOLOOP_TEST_PYTHON is not set: run the tests by `cargo xtask test`";
        writeln!(stdout(), "{line}").expect("standard output is open");
        return;
    };
    let Some(database) = database else { return };
    let shop = Binary::start(&database.url);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign/shop.py");
    let ran = Command::new(python)
        .args(["-B", script, &shop.address])
        .output()
        .expect("Python starts");
    let (out, log) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    assert_eq!(out.trim(), "ok", "{log}");
}

#[test]
fn python_shops_on_sqlite() {
    python(support::sqlite());
}

#[test]
fn python_shops_on_postgres() {
    python(support::postgres());
}

#[test]
fn python_shops_on_mariadb() {
    python(support::mariadb());
}
