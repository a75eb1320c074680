//! Every protocol in front of the same upstream.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{
    fixture, http,
    library::Library,
    root,
    run::{Ran, run},
    served::Served,
    tools,
};

#[test]
fn grpc_passes_every_shape_of_call_by_reflection() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    library.script("behind.py", &gateway.address().to_string());
}

#[test]
fn grpc_passes_every_shape_of_call_by_a_descriptor_set() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let descriptors = library.descriptors();
    let descriptors = descriptors.to_str().expect("UTF-8");
    let gateway = Served::gateway(&["--upstream", &upstream.url(), "--descriptors", descriptors]);
    library.script("behind.py", &gateway.address().to_string());
}

#[test]
fn rest_is_transcoded_by_the_annotations() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    let server = gateway.address();
    let headers = [("x-ask", "spice"), ("x-request-timeout", "3.5")];
    let got = http::send(server, "GET", "/v1/books/dune", &headers, b"");
    assert_eq!((got.status, got.header("x-head")), (200, Some("head")));
    let book = got.json();
    assert_eq!(
        (&book["name"], &book["title"]),
        (&json!("books/dune"), &json!("spice"))
    );
    let left: i64 = book["labels"]["deadline"]
        .as_str()
        .and_then(|left| left.parse().ok())
        .expect("a deadline");
    assert!((1000..=3500).contains(&left), "{left}");
    let made = http::post(server, "/v1/books", r#"{"name": "books/made"}"#);
    assert_eq!(
        (made.status, &made.json()["name"]),
        (200, &json!("books/made"))
    );
    let missing = http::get(server, "/v1/books/missing");
    let error = &missing.json()["error"];
    assert_eq!(
        (missing.status, &error["status"]),
        (404, &json!("NOT_FOUND"))
    );
    assert_eq!(error["message"], "there is no books/missing");
    assert_eq!(missing.header("x-tail"), Some("shelf 7"));
    assert_eq!(error["details"][0]["reason"], "NO_BOOK");
    assert_eq!(
        error["details"][1]["@type"],
        "type.googleapis.com/library.v1.Nowhere"
    );
    assert_eq!(http::get(server, "/v1/nothing").status, 404);
    assert_eq!(
        http::send(server, "DELETE", "/v1/books/dune", &[], b"").status,
        405
    );
}

#[test]
fn a_trace_goes_on_at_the_upstream() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    let sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("traceparent", sent)];
    let got = http::send(gateway.address(), "GET", "/v1/books/dune", &headers, b"");
    let seen = got.json()["labels"]["traceparent"]
        .as_str()
        .expect("a trace")
        .to_owned();
    assert_eq!(seen[..36], sent[..36], "the same trace");
    assert_ne!(seen, sent, "the gateway's span is the parent");
    assert_eq!(got.header("traceparent"), Some(&*seen));
}

#[test]
fn buf_curl_speaks_its_protocols_through_the_gateway() {
    let (Some(library), Some(buf)) = (Library::new(), tools::buf()) else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    for protocol in ["grpc", "grpcweb", "connect"] {
        let call = |method: &str, request: &str| -> Ran {
            run(Command::new(&buf)
                .args([
                    "curl",
                    "--http2-prior-knowledge",
                    "--protocol",
                    protocol,
                    "--data",
                    request,
                ])
                .arg(format!("{}/library.v1.Library/{method}", gateway.url()))
                .current_dir(root()))
        };
        let book = call("GetBook", r#"{"name": "books/buf"}"#).succeeded();
        let book: Value = serde_json::from_str(&book.stdout).expect("JSON");
        assert_eq!(book["name"], "books/buf", "{protocol}");
        let books = call("ListBooks", r#"{"count": 3}"#).succeeded();
        assert_eq!(
            books.stdout.matches("books/").count(),
            3,
            "{protocol}: {books}"
        );
        let missing = call("GetBook", r#"{"name": "books/missing"}"#);
        assert!(
            missing.stderr.contains("not_found"),
            "{protocol}: {missing}"
        );
        assert!(
            missing.stderr.contains("library.v1.Nowhere"),
            "{protocol}: {missing}"
        );
    }
}

#[test]
fn health_and_reflection_show_the_upstream() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    let ready = http::get(gateway.address(), "/readyz");
    assert_eq!(
        (ready.status, ready.json()["status"].as_str()),
        (200, Some("ok"))
    );
    assert!(ready.text().contains(&upstream.url()), "{}", ready.text());
    let log = gateway.terminate();
    assert!(log.status.success());
}

#[test]
fn several_upstreams_answer_by_service() {
    let Some(library) = Library::new() else {
        return;
    };
    let (one, other) = (library.start(), library.start());
    let probe = format!("library.v1.Probe={}", other.url());
    let gateway = Served::gateway(&["--upstream", &one.url(), "--upstream", &probe]);
    assert_eq!(http::get(gateway.address(), "/v1/books/dune").status, 200);
    // The other one counts calls too, and has seen none.
    let report = http::get(gateway.address(), "/v1/report");
    assert_eq!((report.status, report.json()), (200, json!({})));
}

#[test]
fn what_cannot_be_used_is_said_at_the_start() {
    let fails = |arguments: &[&str], what: &str| {
        let arguments = [&["gateway", "--listen", "127.0.0.1:0"], arguments].concat();
        let ran = crate::support::run::protoloop(&root(), &arguments);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(what), "{ran}");
    };
    fails(&["--upstream", "ftp://a"], "must be http or https");
    fails(&["--upstream", "a..b=http://a:1"], "is no selector");
    fails(&["--upstream", "http://a:1", "--retry", "x*"], "--retry x*");
    let upstream = ["--upstream", "http://127.0.0.1:1"];
    fails(
        &[&upstream[..], &["--descriptors", "nowhere.binpb"]].concat(),
        "nowhere.binpb: No such file",
    );
    let proto = fixture("library.proto");
    let proto = proto.to_str().expect("UTF-8");
    fails(
        &[&upstream[..], &["--descriptors", proto]].concat(),
        "FileDescriptorSet",
    );
}
