//! Several writes in one call, over every protocol.

use std::fs;

use serde_json::{Value, json};

use crate::support::{grpc, http, served::Served, stores};

const PROTO: &str = r#"syntax = "proto3";
package shop.v2;
import "google/api/field_behavior.proto";
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2 [(google.api.field_behavior) = REQUIRED];
  string isbn = 3 [(protoloop.v1.field) = { unique: true }];
  string etag = 4 [(protoloop.v1.field) = { etag: true }];
}
message Sale {
  option (protoloop.v1.model) = { expose: CRUD };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string book_id = 2;
}
"#;

fn write(arm: &str, request: &str, mut members: Value) -> Value {
    members["@type"] = json!(format!("type.googleapis.com/shop.v2.{request}"));
    json!({ arm: members })
}

fn created(id: &str, isbn: &str) -> Value {
    let book = json!({ "id": id, "title": "t", "isbn": isbn });
    write("create", "CreateBookRequest", json!({ "book": book }))
}

/// A length-delimited field of protobuf.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    assert!(length < 128, "one byte of length");
    [&[number << 3 | 2, length], bytes].concat()
}

const PATH: &str = "/protoloop.v1.BatchService/BatchWrite";

fn count(server: &Served, what: &str) -> u64 {
    let found = http::get(server.address(), &format!("/v2/{what}:count")).json();
    let count = found["count"].as_str();
    count.map_or(0, |count| count.parse().expect("a number"))
}

fn rest(server: &Served, writes: &[Value]) -> http::Response {
    let body = json!({ "writes": writes }).to_string();
    http::post(server.address(), "/v2:batchWrite", &body)
}

fn update(id: &str, etag: &Value) -> Value {
    let book = json!({ "id": id, "title": "x", "etag": etag });
    write("update", "UpdateBookRequest", json!({ "book": book }))
}

#[test]
fn a_batch_is_done_as_a_whole_over_every_protocol() {
    stores::each(|store| {
        let proto = store.folder.path().join("shop.proto");
        fs::write(&proto, PROTO).expect("the folder is ours");
        let server = Served::start(&proto, &store.url);
        let etag = over_rest(&server);
        failures_take_all_back(&server);
        over_connect_and_grpc(&server, &etag);
    });
}

fn over_rest(server: &Served) -> Value {
    let sale = json!({ "sale": { "bookId": "a" } });
    let sale = write("create", "CreateSaleRequest", sale);
    let answer = rest(server, &[created("a", "1"), sale]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let results = answer.json()["results"].clone();
    assert_eq!(results[0]["@type"], "type.googleapis.com/shop.v2.Book");
    assert_eq!(results[1]["id"], "1");
    results[0]["etag"].clone()
}

fn failures_take_all_back(server: &Served) {
    let answer = rest(server, &[created("b", "2"), update("a", &json!("stale"))]);
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert!(
        answer
            .text()
            .contains("writes[1].update: book `a` was changed")
    );
    let unnamed = json!({ "book": { "id": "c" } });
    let unnamed = write("create", "CreateBookRequest", unnamed);
    let answer = rest(server, &[created("b", "2"), unnamed]);
    assert_eq!(answer.status, 400, "{}", answer.text());
    let details = answer.json()["error"]["details"].to_string();
    assert!(details.contains("writes[1].create.book.title"), "{details}");
    let answer = rest(server, &[created("b", "2"), created("c", "1")]);
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!((count(server, "books"), count(server, "sales")), (1, 1));
}

fn over_connect_and_grpc(server: &Served, etag: &Value) {
    let delete = write("delete", "DeleteSaleRequest", json!({ "id": "1" }));
    let body = json!({ "writes": [update("a", etag), delete] }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("connect-protocol-version", "1"),
    ];
    let answer = http::send(server.address(), "POST", PATH, &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["results"][0]["title"], "x");
    assert_eq!((count(server, "books"), count(server, "sales")), (1, 0));

    let url = b"type.googleapis.com/shop.v2.DeleteBookRequest";
    let any = [field(1, url), field(2, &field(1, b"a"))].concat();
    let request = field(1, &field(3, &any));
    let answer = grpc::unary(server.address(), PATH, &request).expect("deleted");
    assert!(answer.ends_with(b"google.protobuf.Empty"), "{answer:?}");
    let again = grpc::unary(server.address(), PATH, &request).expect_err("gone");
    assert_eq!(again.code(), tonic::Code::NotFound);
    assert_eq!(again.message(), "writes[0].delete: book `a` was not found");
    assert_eq!(count(server, "books"), 0);
}
