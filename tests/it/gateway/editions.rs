//! An upstream whose files are of an edition.

use std::process::Command;

use serde_json::json;

use crate::support::{fixture, http, library::Library, root, run::run, served::Served, tools};

#[test]
fn files_of_an_edition_are_served() {
    let (Some(library), Some(buf)) = (Library::new(), tools::buf()) else {
        return;
    };
    run(Command::new(&buf)
        .arg("build")
        .arg(fixture("editions"))
        .arg("-o")
        .arg(library.descriptors()))
    .succeeded();
    let upstream = library.start();
    let descriptors = library.descriptors();
    let descriptors = descriptors.to_str().expect("UTF-8");
    for source in [&[][..], &["--descriptors", descriptors]] {
        let url = upstream.url();
        let arguments = [&["--upstream", &url, "--unbound"], source].concat();
        let gateway = Served::gateway(&arguments);
        let create = "/library.v1.Library/CreateBook";
        // A tracked field that is empty, a list that is not packed, a message between tags, a closed enum.
        let book = json!({
            "name": "books/same",
            "title": "",
            "pages": [1, 2],
            "shelf": { "number": 0, "state": "STATE_LENT" },
        });
        let asked = json!({ "book": book }).to_string();
        let answer = http::post(gateway.address(), create, &asked);
        assert_eq!((answer.status, answer.json()), (200, book));
        let unknown = r#"{"book": {"shelf": {"state": 7}}}"#;
        let answer = http::post(gateway.address(), create, unknown);
        assert_eq!(answer.status, 400, "{}", answer.text());
        // A client that reads the schema by the gateway's reflection.
        let asked = run(Command::new(&buf)
            .args(["curl", "--http2-prior-knowledge", "--protocol", "grpc"])
            .args(["--data", r#"{"name": "books/dune"}"#])
            .arg(format!("{}/library.v1.Library/GetBook", gateway.url()))
            .current_dir(root()))
        .succeeded();
        assert!(asked.stdout.contains("books/dune"), "{asked}");
    }
}
