//! Routes for methods that have no annotations.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{http, library::Library, pause, run, served::Served};

const RULES: &str = "type: google.api.Service
http:
  rules:
  - selector: library.v1.Library.Peek
    get: /peek/{name=**}
  - selector: library.v1.Library.GetBook
    get: /mine/{name=books/*}
";

#[test]
fn a_service_configuration_replaces_annotations() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let rules = library.path("rules.yaml");
    fs::write(&rules, RULES).expect("a file");
    let gateway = Served::gateway(&[
        "--upstream",
        &upstream.url(),
        "--config",
        rules.to_str().expect("UTF-8"),
        "--routes",
    ]);
    let server = gateway.address();
    assert_eq!(
        http::get(server, "/peek/books/a/b").json()["name"],
        "books/a/b"
    );
    assert_eq!(http::get(server, "/mine/books/a").status, 200);
    assert_eq!(
        http::get(server, "/v1/books/a").status,
        404,
        "the annotation counts no more"
    );
    assert_eq!(http::get(server, "/v1/report").status, 200, "others stay");
    fs::write(&rules, RULES.replace("/mine/", "/yours/")).expect("a file");
    let begin = Instant::now();
    while http::get(server, "/yours/books/a").status != 200 {
        assert!(
            begin.elapsed() < Duration::from_secs(15),
            "the new rules are never served"
        );
        pause(Duration::from_millis(20));
    }
    fs::write(&rules, RULES.replace("GetBook", "GetBok")).expect("a file");
    pause(Duration::from_millis(500));
    assert_eq!(
        http::get(server, "/yours/books/a").status,
        200,
        "faulty rules change nothing"
    );
    let ended = gateway.terminate();
    assert!(ended.out.contains("GET   /peek/{name=**}"), "{}", ended.out);
    assert!(ended.log.contains("rules.yaml:6:15"), "{}", ended.log);
}

#[test]
fn faults_of_the_rules_name_file_and_line() {
    let Some(library) = Library::new() else {
        return;
    };
    let (rules, descriptors) = (library.path("rules.yaml"), library.descriptors());
    let start = |text: &str| {
        fs::write(&rules, text).expect("a file");
        let arguments = [
            "gateway",
            "--upstream",
            "http://127.0.0.1:1",
            "--listen",
            "127.0.0.1:0",
            "--config",
            rules.to_str().expect("UTF-8"),
            "--descriptors",
            descriptors.to_str().expect("UTF-8"),
        ];
        let ran = run::protoloop(library.path("").as_path(), &arguments);
        assert_eq!(ran.code, Some(1), "{ran}");
        ran.stderr
    };
    let unknown = start(&RULES.replace("Peek", "Poke"));
    assert!(
        unknown.contains(
            "rules.yaml:4:15: error: the selector `library.v1.Library.Poke` is of no method"
        ),
        "{unknown}"
    );
    let template = start(&RULES.replace("{name=**}", "{nome=**}"));
    assert!(
        template.contains("rules.yaml:5:10: error: library.v1.Library.Peek"),
        "{template}"
    );
    let yaml = start("http: [\n");
    assert!(yaml.contains("rules.yaml:1:7: error"), "{yaml}");
}

#[test]
fn methods_without_a_rule_can_be_posted_to() {
    let Some(library) = Library::new() else {
        return;
    };
    let upstream = library.start();
    let url = upstream.url();
    let gateway = Served::gateway(&["--upstream", &url, "--unbound", "--routes"]);
    let peek = "/library.v1.Library/Peek";
    let peeked = http::post(gateway.address(), peek, r#"{"name": "books/x"}"#);
    assert_eq!(
        (peeked.status, &peeked.json()["name"]),
        (200, &json!("books/x"))
    );
    let out = gateway.terminate().out;
    assert!(out.contains(&format!("POST  {peek}")), "{out}");
    assert!(!out.contains("POST  /library.v1.Library/GetBook"), "{out}");
    // Connect answers the path all the same, so that only the table of routes tells.
    let without = Served::gateway(&["--upstream", &url, "--routes"]);
    let out = without.terminate().out;
    assert!(!out.contains(&format!("POST  {peek}")), "{out}");
}
