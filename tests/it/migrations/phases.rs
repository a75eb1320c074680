//! Two versions of a schema at once on one database: expanded for the new one, and not yet contracted for the old one.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Place, places};
use crate::support::{
    http,
    run::{Ran, protoloop},
    served::Served,
};

const OLD: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  int32 pages = 3;
  string isbn = 4 [(protoloop.v1.field) = { index: true }];
  optional string note = 5;
  google.protobuf.Timestamp read_at = 6;
  repeated string tags = 7;
  string binding = 20;
  optional string room = 21;
}
message Shelf {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string place = 2;
}
"#;

/// Fields and models come and go, and so do indexes.
const NEW: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2 [(protoloop.v1.field) = { index: true }];
  reserved 3, 4, 5, 6, 7;
  reserved "pages", "isbn", "note", "read_at", "tags";
  string language = 8;
  int64 price = 9;
  optional double weight = 10;
  Kind kind = 11 [(protoloop.v1.field) = { default_value: "NOVEL" }];
  repeated string authors = 12;
  map<string, int32> stock = 13;
  google.protobuf.Timestamp printed_at = 14;
  bool sold = 15;
  bytes cover = 16;
  Size size = 17;
  optional string binding = 20;
  string room = 21;
}
enum Kind {
  KIND_UNSPECIFIED = 0;
  NOVEL = 1;
}
message Size {
  int32 width = 1;
}
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string name = 2 [(protoloop.v1.field) = { unique: true }];
}
"#;

#[track_caller]
fn ok(address: SocketAddr, method: &str, target: &str, body: &Value) -> Value {
    let headers = [("content-type", "application/json")];
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = http::send(address, method, target, &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{method} {target}: {}", answer.text());
    answer.json()
}

/// Every standard method of books by one side, and the other side reads what it wrote.
fn works(one: SocketAddr, other: SocketAddr, id: &str, own: &Value) {
    let path = format!("/v1/books/{id}");
    let mut book = json!({ "title": "Ulysses" });
    let fields = book.as_object_mut().expect("an object");
    fields.extend(own.as_object().expect("an object").clone());
    let made = ok(one, "POST", &format!("/v1/books?book_id={id}"), &book);
    for (name, value) in own.as_object().expect("an object") {
        assert_eq!(&made[name], value, "{made}");
    }
    assert_eq!(ok(other, "GET", &path, &Value::Null)["title"], "Ulysses");
    ok(other, "PATCH", &path, &json!({ "title": "Dubliners" }));
    let read = ok(one, "GET", &path, &Value::Null);
    assert_eq!(read["title"], "Dubliners");
    // What the other side knows nothing of is still there.
    for (name, value) in own.as_object().expect("an object") {
        assert_eq!(&read[name], value, "{read}");
    }
    let filter = "/v1/books?filter=title%20%3D%20%22Dubliners%22&order_by=title";
    for side in [one, other] {
        let listed = ok(side, "GET", filter, &Value::Null);
        let found = listed["books"].as_array().into_iter().flatten();
        assert!(found.into_iter().any(|book| book["id"] == id), "{listed}");
    }
    ok(one, "PUT", &path, &book);
    ok(other, "DELETE", &path, &Value::Null);
    assert_eq!(http::get(one, &path).status, 404);
}

fn old_fields() -> Value {
    json!({
        "pages": 7, "isbn": "1-2", "note": "n", "readAt": "2026-01-02T03:04:05Z", "tags": ["a", "b"],
        "room": "",
    })
}

fn new_fields() -> Value {
    json!({
        "language": "en", "price": "12", "weight": 0.5, "kind": "NOVEL", "authors": ["x"], "stock": {"a": 1},
        "printedAt": "2026-01-02T03:04:05Z", "sold": true, "cover": "AAE=", "size": {"width": 3},
    })
}

#[test]
fn old_and_new_code_work_between_the_phases() {
    places().iter().for_each(between);
}

/// Runs `protoloop migrate …` for one of the versions.
fn migrate(place: &Place, proto: &str, arguments: &[&str]) -> Ran {
    let all = [&["migrate"], arguments, &[proto, "--db", &place.db]].concat();
    protoloop(place.path(), &all)
}

fn between(place: &Place) {
    let proto = place.path().join("shop.proto");
    let next = place.path().join("next.proto");
    place.write(OLD);
    std::fs::write(&next, NEW).expect("the folder is ours");
    place.migrate(&["apply"]).succeeded();
    let start = |proto| Served::start_with(proto, &place.db, &["--migrate=check"]);
    let old = start(&proto);
    let address = old.address();
    ok(address, "POST", "/v1/books?book_id=before", &old_fields());
    let shelf = json!({ "place": "here" });
    ok(address, "POST", "/v1/shelves?shelf_id=s", &shelf);

    expand(place);
    let new = start(&next);
    works(address, new.address(), "one", &old_fields());
    works(new.address(), address, "two", &new_fields());
    let author = json!({ "name": "Joyce" });
    ok(new.address(), "POST", "/v1/authors?author_id=a", &author);
    ok(address, "PATCH", "/v1/shelves/s", &shelf);
    // A replica of before may start again: it crashed, or the rollout goes back.
    let again = start(&proto);
    works(again.address(), new.address(), "three", &old_fields());
    again.terminate();
    let before = ok(new.address(), "GET", "/v1/books/before", &Value::Null);
    assert_eq!(before["id"], "before");

    old.terminate();
    let contract = ["apply", "--phase=contract", "--allow-destructive"];
    migrate(place, "next.proto", &contract).succeeded();
    migrate(place, "next.proto", &["verify"]).succeeded();
    works(new.address(), new.address(), "four", &new_fields());
    new.terminate();
}

/// Expands, which is the first thing that can be done, and has no obstacle.
fn expand(place: &Place) {
    let early = migrate(place, "next.proto", &["apply", "--phase=contract"]);
    assert_eq!(early.code, Some(1), "{early}");
    assert!(early.stderr.contains("apply the phase expand"), "{early}");
    let plan = migrate(place, "next.proto", &["plan", "--output=json"]).succeeded();
    let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
    assert_eq!(plan["downtime"], json!([]), "{plan}");
    assert_eq!(plan["obstacles"], json!([]), "{plan}");

    let report = place.path().join("report");
    let report = report.to_str().expect("UTF-8");
    let expand = [
        "apply",
        "--phase=expand",
        "--no-downtime",
        "--report",
        report,
    ];
    migrate(place, "next.proto", &expand).succeeded();
    let told = std::fs::read_to_string(report).expect("it is written");
    for part in [
        "done: create table authors (expand)",
        "left: drop column books.pages",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

/// A rename has no moment at which both versions work, and the plan says so.
#[test]
fn what_needs_downtime_is_told() {
    for place in places() {
        place.write(OLD);
        place.migrate(&["apply"]).succeeded();
        place.write(&OLD.replace("string title = 2", "string name = 2"));
        let plan = place.migrate(&["plan"]).succeeded();
        assert!(
            plan.stdout
                .contains("needs downtime: rename column books.title to name"),
            "{plan}"
        );
        let refused = place.migrate(&["apply", "--phase=expand", "--no-downtime"]);
        assert_eq!(refused.code, Some(1), "{refused}");
        assert!(
            refused
                .stderr
                .contains("nor code of now without them: rename column"),
            "{refused}"
        );
        let plan = place.migrate_json(&["plan"]);
        assert_eq!(plan["downtime"].as_array().map(Vec::len), Some(1), "{plan}");
        assert_eq!(plan["steps"][0]["phase"], "contract", "{plan}");
    }
}
