//! Several writes in one call, over every protocol.

use std::fs;

use serde_json::{Value, json};

use crate::support::{self, grpc, http, served::Served};

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

#[test]
fn a_batch_is_done_as_a_whole_over_every_protocol() {
    let folder = support::folder();
    let proto = folder.path().join("shop.proto");
    fs::write(&proto, PROTO).expect("the folder is ours");
    for database in ["memory:", &support::database_in(&folder)] {
        let server = Served::start(&proto, database);
        let count = |what: &str| {
            let found = http::get(server.address(), &format!("/v2/{what}:count")).json();
            found["count"]
                .as_str()
                .map_or(0, |count| count.parse().expect("a number"))
        };

        // REST.
        let sale = json!({ "sale": { "bookId": "a" } });
        let writes = json!({ "writes": [
            created("a", "1"),
            write("create", "CreateSaleRequest", sale),
        ]});
        let answer = http::post(server.address(), "/v2:batchWrite", &writes.to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let results = answer.json()["results"].clone();
        assert_eq!(results[0]["@type"], "type.googleapis.com/shop.v2.Book");
        assert_eq!(results[1]["id"], "1");
        let etag = results[0]["etag"].clone();

        // The second fails, so the first was never done.
        let stale = json!({ "book": { "id": "a", "title": "x", "etag": "stale" } });
        let writes = json!({ "writes": [
            created("b", "2"),
            write("update", "UpdateBookRequest", stale),
        ]});
        let answer = http::post(server.address(), "/v2:batchWrite", &writes.to_string());
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(
            answer
                .text()
                .contains("writes[1].update: book `a` was changed")
        );
        let unnamed = json!({ "book": { "id": "c" } });
        let writes = json!({ "writes": [
            created("b", "2"),
            write("create", "CreateBookRequest", unnamed),
        ]});
        let answer = http::post(server.address(), "/v2:batchWrite", &writes.to_string());
        assert_eq!(answer.status, 400, "{}", answer.text());
        let details = answer.json()["error"]["details"].to_string();
        assert!(details.contains("writes[1].create.book.title"), "{details}");
        let writes = json!({ "writes": [created("b", "2"), created("c", "1")] });
        let answer = http::post(server.address(), "/v2:batchWrite", &writes.to_string());
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert_eq!((count("books"), count("sales")), (1, 1));

        // Connect, with the etag as it is.
        let fresh = json!({ "book": { "id": "a", "title": "x", "etag": etag } });
        let writes = json!({ "writes": [
            write("update", "UpdateBookRequest", fresh),
            write("delete", "DeleteSaleRequest", json!({ "id": "1" })),
        ]});
        let path = "/protoloop.v1.BatchService/BatchWrite";
        let headers = [
            ("content-type", "application/json"),
            ("connect-protocol-version", "1"),
        ];
        let body = writes.to_string();
        let answer = http::send(server.address(), "POST", path, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["results"][0]["title"], "x");
        assert_eq!((count("books"), count("sales")), (1, 0));

        // gRPC.
        let url = b"type.googleapis.com/shop.v2.DeleteBookRequest";
        let any = [field(1, url), field(2, &field(1, b"a"))].concat();
        let request = field(1, &field(3, &any));
        let answer = grpc::unary(server.address(), path, &request).expect("deleted");
        assert!(answer.ends_with(b"google.protobuf.Empty"), "{answer:?}");
        let again = grpc::unary(server.address(), path, &request).expect_err("gone");
        assert_eq!(again.code(), tonic::Code::NotFound);
        assert_eq!(again.message(), "writes[0].delete: book `a` was not found");
        assert_eq!(count("books"), 0);
    }
}
