//! An upstream that is not well.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    http,
    library::{Library, count},
    pause,
    served::Served,
};

/// Asks until the status is the one that is due.
#[track_caller]
fn until(server: &Served, target: &str, status: u16) -> http::Response {
    let begin = Instant::now();
    loop {
        let response = http::get(server.address(), target);
        if response.status == status {
            return response;
        }
        assert!(
            begin.elapsed() < Duration::from_secs(20),
            "{}",
            response.text()
        );
        pause(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_was_away_is_used_again() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let (port, url) = (upstream.port, upstream.url());
    let gateway = Served::gateway(&["--upstream", &url]);
    assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    drop(upstream);
    let down = until(&gateway, "/v1/books/dune", 503);
    let error = down.json();
    assert_eq!(error["error"]["status"], "UNAVAILABLE");
    assert!(
        error["error"]["message"]
            .as_str()
            .expect("text")
            .contains(&url),
        "{error}"
    );
    let ready = until(&gateway, "/readyz", 503);
    assert_eq!(
        ready.json()["checks"][format!("upstream {url}")]["status"],
        "failed"
    );
    let _again = library.start_at(port, &[]);
    until(&gateway, "/v1/books/dune", 200);
    until(&gateway, "/readyz", 200);
    assert_eq!(http::post(gateway.address(), "/v1/books", "{}").status, 200);
}

#[test]
fn what_changes_nothing_is_tried_again_and_nothing_else() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url(), "--unbound"]);
    let server = gateway.address();
    let peek = |name: &str| {
        http::post(
            server,
            "/library.v1.Library/Peek",
            &json!({ "name": name }).to_string(),
        )
    };
    let create = |name: &str| http::post(server, "/v1/books", &json!({ "name": name }).to_string());

    assert_eq!(http::get(server, "/v1/books/flaky-get-2").status, 200);
    assert_eq!(count(&gateway, "flaky get"), 3, "bound to GET");
    assert_eq!(peek("books/flaky-peek-1").status, 200);
    assert_eq!(count(&gateway, "flaky peek"), 2, "NO_SIDE_EFFECTS");
    assert_eq!(create("books/flaky-post-1").status, 503);
    assert_eq!(count(&gateway, "flaky post"), 1, "it may have happened");
    let given_up = http::get(server, "/v1/books/flaky-long-9");
    assert_eq!((given_up.status, count(&gateway, "flaky long")), (503, 3));

    let begin = Instant::now();
    assert_eq!(http::get(server, "/v1/books/pushback-300").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(
        http::get(server, "/v1/books/pushback--1").status,
        503,
        "never"
    );
}

#[test]
fn methods_may_be_named_as_safe() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let retry = ["--retry", "library.v1.Library.CreateBook"];
    let gateway = Served::gateway(&[&["--upstream", &upstream.url()][..], &retry].concat());
    let made = http::post(
        gateway.address(),
        "/v1/books",
        r#"{"name": "books/flaky-named-1"}"#,
    );
    assert_eq!((made.status, count(&gateway, "flaky named")), (200, 2));
}

#[test]
fn of_several_addresses_those_that_answer_are_used() {
    let Some(library) = Library::new() else {
        return;
    };
    let (one, other) = (library.start(), library.start());
    // Nobody listens at the third one.
    let url = format!("{},127.0.0.1:{},127.0.0.1:1", one.url(), other.port);
    let gateway = Served::gateway(&["--upstream", &url]);
    for _ in 0..40 {
        assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    }
    drop(one);
    for _ in 0..40 {
        assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    }
    assert!(count(&gateway, "GetBook") >= 40, "all of the later ones");
}

#[test]
fn an_upstream_that_comes_later_is_waited_for() {
    let Some(library) = Library::new() else {
        return;
    };
    let port = library.start().port;
    let url = format!("http://127.0.0.1:{port}");
    let late = std::thread::spawn(move || Served::gateway(&["--upstream", &url]));
    pause(Duration::from_millis(700));
    let _upstream = library.start_at(port, &[]);
    let gateway = late.join().expect("it starts");
    assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
}
