//! TLS to the upstream, with certificates on both sides.

use std::time::Duration;

use crate::support::{fixture, http, library::Library, pause, run, served::Served};

#[test]
fn an_upstream_may_ask_for_a_certificate() {
    let Some(library) = Library::new() else {
        return;
    };
    let file = |name: &str| fixture("tls").join(name);
    let upstream = library.start_at(0, &[file("ca.pem"), file("server.key"), file("server.pem")]);
    let url = format!("https://127.0.0.1:{}", upstream.port);
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client.key"));
    let text = |path: &std::path::Path| path.to_str().expect("UTF-8").to_owned();
    let (ca, cert, key) = (text(&ca), text(&cert), text(&key));
    let descriptors = text(&library.descriptors());
    let base = [
        "--upstream",
        &url,
        "--descriptors",
        &descriptors,
        "--upstream-ca",
        &ca,
    ];
    let shown = ["--upstream-cert", &cert, "--upstream-key", &key];
    let named = ["--upstream-server-name", "books.example"];

    let whole = Served::gateway(&[&base[..], &shown, &named].concat());
    assert_eq!(http::get(whole.address(), "/v1/books/dune").status, 200);
    for incomplete in [[&base[..], &shown].concat(), [&base[..], &named].concat()] {
        let gateway = Served::gateway(&incomplete);
        pause(Duration::from_millis(300));
        let refused = http::get(gateway.address(), "/v1/books/dune");
        assert_eq!(refused.status, 503, "{}", refused.text());
    }
    let plain = [
        "gateway",
        "--upstream",
        "http://127.0.0.1:1",
        "--upstream-ca",
        "nowhere.pem",
    ];
    let ran = run::protoloop(
        library.path("").as_path(),
        &[
            &plain[..],
            &["--descriptors", &descriptors, "--listen", "256.0.0.1:1"],
        ]
        .concat(),
    );
    assert_eq!(ran.code, Some(2), "{ran}");
    let missing = [
        "gateway",
        "--upstream",
        &url,
        "--upstream-ca",
        "nowhere.pem",
    ];
    let ran = run::protoloop(library.path("").as_path(), &missing);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("nowhere.pem"), "{ran}");
}
