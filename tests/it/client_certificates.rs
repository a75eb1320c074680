//! `--tls-client-ca`: callers show a certificate, or are not heard.

use std::{path::Path, process::Command};

use crate::support::{self, fixture, run, served::Served, tools};

/// The status that curl gets, `000` for a connection that is refused.
fn status(curl: &Path, server: &Served, shown: &[&str]) -> String {
    let port = server.address().port();
    let tls = fixture("tls");
    let ran = run::run(
        Command::new(curl)
            .current_dir(tls)
            .args([
                "--silent",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
            ])
            .args(["--cacert", "ca.pem", "--connect-to", "::127.0.0.1:"])
            .args(shown)
            .arg(format!("https://books.example:{port}/v1/todos")),
    );
    ran.stdout
}

#[test]
fn a_caller_without_a_certificate_is_refused() {
    let Some(curl) = tools::curl() else {
        return;
    };
    let file = |name: &str| {
        let path = fixture("tls").join(name);
        path.to_str().expect("UTF-8").to_owned()
    };
    let (cert, key, ca) = (file("server.pem"), file("server.key"), file("ca.pem"));
    let arguments = [
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--tls-client-ca",
        &ca,
    ];
    let todo = support::root().join("examples/todo");
    let server = Served::start_with(&todo, "memory:", &arguments);
    let shown = ["--cert", "client.pem", "--key", "client.key"];
    assert_eq!(status(&curl, &server, &shown), "200");
    assert_eq!(status(&curl, &server, &[]), "000");
    // Signed by nobody that the server knows.
    let other = support::root().join("crates/protoloop-server/tests/it/tls");
    let (cert, key) = (other.join("server.pem"), other.join("server.key"));
    let shown = [cert, key].map(|path| path.to_str().expect("UTF-8").to_owned());
    let shown = ["--cert", &shown[0], "--key", &shown[1]];
    assert_eq!(status(&curl, &server, &shown), "000");
    // Still there for those who may.
    let shown = ["--cert", "client.pem", "--key", "client.key"];
    assert_eq!(status(&curl, &server, &shown), "200");
}
