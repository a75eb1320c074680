//! Forms as curl sends them.

use std::{net::SocketAddr, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{self, echo::Echo, http, run::run, served::Served, tools};

const NOTE: &str = r#"
syntax = "proto3";
package note.v1;
import "protoloop/v1/annotations.proto";
message Note {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  bool done = 3;
  bytes picture = 4;
  repeated string tags = 5;
  Place place = 6;
}
message Place {
  string town = 1;
  int32 number = 2;
}
"#;

/// A server of notes, and the folder of its schema.
fn notes(arguments: &[&str]) -> (tempfile::TempDir, Served) {
    let folder = support::folder();
    let path = folder.path().join("note.proto");
    std::fs::write(&path, NOTE).expect("the folder is ours");
    let server = Served::start_with(&path, "memory:", arguments);
    (folder, server)
}

/// The status and the JSON of a call of curl.
#[track_caller]
fn call(curl: &Path, server: SocketAddr, target: &str, arguments: &[&str]) -> (u16, Value) {
    let mut command = Command::new(curl);
    command
        .args(["-sS", "-w", "\n%{http_code}"])
        .args(arguments);
    let ran = run(command.arg(format!("http://{server}{target}"))).succeeded();
    let (body, status) = ran.stdout.rsplit_once('\n').expect("the status comes last");
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {body}"));
    (status.parse().expect("a number"), body)
}

#[test]
fn curl_sends_url_encoded_forms() {
    let Some(curl) = tools::curl() else { return };
    let (_folder, server) = notes(&[]);
    let call = |target: &str, arguments: &[&str]| call(&curl, server.address(), target, arguments);
    let fields = [
        "title=salt & pepper",
        "place.town=Zürich",
        "tags=a",
        "tags=b",
        "place.number=7",
    ];
    let arguments: Vec<_> = fields
        .iter()
        .flat_map(|field| ["--data-urlencode", field])
        .collect();
    let (status, made) = call("/v1/notes", &arguments);
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["title"], "salt & pepper");
    assert_eq!(made["place"], json!({"town": "Zürich", "number": 7}));
    assert_eq!(made["tags"], json!(["a", "b"]));
    // The fields that are sent are the ones that change.
    let one = format!("/v1/notes/{}", made["id"].as_str().expect("an id"));
    let (status, patched) = call(&one, &["-X", "PATCH", "-d", "done=true"]);
    assert_eq!(
        (status, &patched["done"], &patched["title"]),
        (200, &json!(true), &made["title"])
    );
    let (status, wrong) = call("/v1/notes", &["-d", "titel=x"]);
    assert_eq!(status, 400);
    let message = wrong["error"]["message"].as_str().expect("a text");
    assert!(message.contains(r#"did you mean "title"?"#), "{message}");
    let (status, wrong) = call("/v1/notes", &["-d", r#"{"title": "x"}"#]);
    let message = wrong["error"]["message"].as_str().expect("a text");
    assert!(
        status == 400 && message.contains("application/json"),
        "{message}"
    );
}

#[test]
fn curl_sends_files() {
    let Some(curl) = tools::curl() else { return };
    let (folder, server) = notes(&[]);
    let call = |target: &str, arguments: &[&str]| call(&curl, server.address(), target, arguments);
    let picture = folder.path().join("a.png");
    // Some of it looks like a boundary.
    let content = b"\x89PNG\r\n--------------------------\r\n".repeat(5000);
    std::fs::write(&picture, &content).expect("the folder is ours");
    let file = format!("picture=@{};type=image/png", picture.display());
    let (status, made) = call(
        "/v1/notes",
        &[
            "-F",
            "title=a",
            "-F",
            &file,
            "-F",
            r#"place={"town": "Rom"};type=application/json"#,
        ],
    );
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["place"]["town"], "Rom");
    let one = format!(
        "/v1/notes/{}?$fields=picture&$alt=proto",
        made["id"].as_str().expect("an id")
    );
    let got = http::get(server.address(), &one);
    assert!(got.body.ends_with(&content), "{} bytes", got.body.len());
    let (status, wrong) = call("/v1/notes", &["-F", "title=a", "-F", "title=b"]);
    assert_eq!(
        (status, &wrong["error"]["message"]),
        (400, &json!("title: is given more than once"))
    );
}

#[test]
fn a_form_of_another_page_is_refused() {
    let form = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://shop.example"),
    ];
    let post = |arguments: &[&str]| {
        let (_folder, server) = notes(arguments);
        http::send(server.address(), "POST", "/v1/notes", &form, b"title=a").status
    };
    assert_eq!(post(&[]), 403);
    assert_eq!(post(&["--cors", "https://other.example"]), 403);
    assert_eq!(post(&["--cors", "https://shop.example"]), 200);
    assert_eq!(post(&["--cors", "*"]), 200);
    assert_eq!(post(&["--rest-forms", "anywhere"]), 200);
    assert_eq!(post(&["--rest-forms", "refuse"]), 415);
}

#[test]
fn curl_streams_a_file_to_an_upstream() {
    let (Some(curl), Some(python)) = (tools::curl(), tools::python()) else {
        return;
    };
    let echo = Echo::start(&python);
    let descriptors = echo.descriptors.to_str().expect("UTF-8");
    let gateway = Served::gateway(&["--upstream", &echo.url(), "--descriptors", descriptors]);
    // Larger than a body may be, so it is never held.
    let content: Vec<u8> = (0..6_u32 << 20).map(|index| (index % 251) as u8).collect();
    let path = echo.folder.path().join("large.bin");
    std::fs::write(&path, &content).expect("the folder is ours");
    let file = format!("content=@{};type=image/png", path.display());
    let arguments = [
        "-H",
        "x-case: upload",
        "-F",
        "name=a",
        "-F",
        &file,
        "-F",
        "note=b",
    ];
    let (status, answer) = call(&curl, gateway.address(), "/take", &arguments);
    let arrived = echo.arrived("upload");
    let messages = arrived["messages"].as_array().expect("a list");
    assert_eq!((status, &answer["i32"]), (200, &json!(messages.len())));
    assert_eq!(arrived["method"], "Take");
    let (first, last) = (&messages[0], &messages[messages.len() - 1]);
    assert_eq!(first["name"], "a");
    assert_eq!(first["content"]["contentType"], "image/png");
    assert_eq!(*last, json!({"note": "b"}));
    let pieces = &messages[..messages.len() - 1];
    assert!(pieces.len() > 4, "{} pieces", pieces.len());
    let length: usize = pieces
        .iter()
        .map(|piece| decoded_length(&piece["content"]["data"]))
        .sum();
    assert_eq!(length, content.len());
}

/// How many bytes a base64 text stands for.
fn decoded_length(text: &Value) -> usize {
    let text = text.as_str().expect("bytes are text");
    text.trim_end_matches('=').len() * 3 / 4
}
