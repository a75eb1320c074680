//! Related rows over REST and gRPC, on every database.

use std::fs;

use serde_json::{Value, json};

use crate::support::{grpc, http, served::Served, stores};

const PROTO: &str = r#"syntax = "proto3";
package library.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string name = 2;
  repeated Book books = 3 [(protoloop.v1.relation) = { has_many: {} }];
  Profile profile = 4 [(protoloop.v1.relation) = { has_one: { owned: true } }];
}
message Profile {
  option (protoloop.v1.model) = { expose: READ };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string author_id = 2;
  string text = 3;
}
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  string author_id = 3;
  Author author = 4 [(protoloop.v1.relation) = { belongs_to: {} }];
  repeated Tag tags = 5 [(protoloop.v1.relation) = { has_many: { through: "BookTag" } }];
  string secret = 6 [(protoloop.v1.field) = { hidden: true }];
}
message Tag {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
message BookTag {
  option (protoloop.v1.model) = { expose: CRUD };
  string book_id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string tag_id = 2 [(protoloop.v1.field) = { id: CLIENT }];
}
"#;

struct Library {
    server: Served,
}

impl Library {
    #[track_caller]
    fn send(&self, method: &str, target: &str, body: &Value, status: u16) -> Value {
        let headers = [("content-type", "application/json")];
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let address = self.server.address();
        let answer = http::send(address, method, target, &headers, body.as_bytes());
        assert_eq!(
            answer.status,
            status,
            "{method} {target}: {}",
            answer.text()
        );
        answer.json()
    }

    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "callers read better so")]
    fn post(&self, target: &str, body: Value) -> Value {
        self.send("POST", target, &body, 200)
    }

    #[track_caller]
    fn get(&self, target: &str) -> Value {
        self.send("GET", target, &Value::Null, 200)
    }

    /// Fails with this HTTP status; answers the code and the message.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "callers read better so")]
    fn refused(&self, method: &str, target: &str, body: Value, status: u16) -> String {
        let error = self.send(method, target, &body, status)["error"].clone();
        let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text("status"), text("message"))
    }
}

fn each(test: impl Fn(&Library)) {
    stores::each(|store| {
        let proto = store.folder.path().join("library.proto");
        fs::write(&proto, PROTO).expect("the folder is ours");
        let library = Library {
            server: Served::start(&proto, &store.url),
        };
        library.post(
            "/v1/authors",
            json!({ "id": "a", "name": "Ada", "profile": { "text": "of Ada" } }),
        );
        library.post("/v1/authors", json!({ "id": "b", "name": "Bob" }));
        for (id, title) in [("1", "One"), ("2", "Two"), ("3", "Three")] {
            library.post("/v1/authors/a/books", json!({ "id": id, "title": title }));
        }
        for tag in ["x", "y"] {
            library.post("/v1/tags", json!({ "id": tag }));
        }
        library.post("/v1/books/1/tags:link", json!({ "tagIds": ["x", "y"] }));
        library.post("/v1/books/2/tags:link", json!({ "tagIds": ["y"] }));
        test(&library);
    });
}

#[test]
fn rows_come_with_what_they_are_related_to() {
    each(|library| {
        let author = library.get("/v1/authors/a?include=books.tags,profile&readMask=name,books.id,books.tags.id,profile.text");
        assert_eq!(
            author,
            json!({
                "name": "Ada",
                "books": [
                    { "id": "1", "tags": [{ "id": "x" }, { "id": "y" }] },
                    { "id": "2", "tags": [{ "id": "y" }] },
                    { "id": "3" },
                ],
                "profile": { "text": "of Ada" },
            })
        );
        let scope =
            r#"[{"relation":"books","scope":{"order":"title","limit":1,"fields":["title"]}}]"#;
        let include: String = scope.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let authors = library.get(&format!("/v1/authors?include={include}&readMask=id"));
        assert_eq!(
            authors["authors"],
            json!([{ "id": "a", "books": [{ "title": "One" }] }, { "id": "b" }])
        );
        let told = library.refused("GET", "/v1/books?include=author.secret", Value::Null, 400);
        assert!(told.contains("`Author` has no relation `secret`"), "{told}");
    });
}

#[test]
fn a_parent_has_its_rows_below_it() {
    each(|library| {
        let list = library.get("/v1/authors/a/books?orderBy=title&pageSize=2&readMask=id");
        assert_eq!(list["books"], json!([{ "id": "1" }, { "id": "3" }]));
        let token = list["nextPageToken"].as_str().expect("another page");
        let next =
            format!("/v1/authors/a/books?orderBy=title&pageSize=2&readMask=id&pageToken={token}");
        assert_eq!(library.get(&next), json!({ "books": [{ "id": "2" }] }));
        assert_eq!(
            library.get("/v1/books/1/tags"),
            json!({ "tags": [{ "id": "x" }, { "id": "y" }] })
        );
        assert_eq!(library.get("/v1/authors/a/profile")["text"], "of Ada");
        for (method, target, body, status, told) in [
            (
                "GET",
                "/v1/authors/z/books",
                Value::Null,
                404,
                "NOT_FOUND: author `z` was not found",
            ),
            (
                "GET",
                "/v1/authors/b/profile",
                Value::Null,
                404,
                "NOT_FOUND: author `b` has no profile",
            ),
            (
                "POST",
                "/v1/authors/a/books",
                json!({ "id": "4", "authorId": "b" }),
                400,
                "INVALID_ARGUMENT: book.author_id: differs from author",
            ),
            (
                "POST",
                "/v1/books/1/tags:link",
                json!({ "tagIds": ["x", "z"] }),
                404,
                "NOT_FOUND: tag_ids: tag `z` was not found",
            ),
        ] {
            assert_eq!(
                library.refused(method, target, body, status),
                told,
                "{target}"
            );
        }
        library.post("/v1/books/1/tags:unlink", json!({ "tagIds": ["x"] }));
        assert_eq!(
            library.get("/v1/books/1/tags"),
            json!({ "tags": [{ "id": "y" }] })
        );
    });
}

#[test]
fn keys_are_held_true() {
    each(|library| {
        let told = library.refused(
            "POST",
            "/v1/books",
            json!({ "id": "4", "authorId": "z" }),
            400,
        );
        assert_eq!(
            told,
            "FAILED_PRECONDITION: author_id: there is no such author"
        );
        let told = library.refused("DELETE", "/v1/authors/a", Value::Null, 400);
        assert_eq!(
            told,
            "FAILED_PRECONDITION: books refer to the author by their author_id"
        );
        // Its links go with a book, and its profile with an author.
        for id in ["1", "2", "3"] {
            library.send("DELETE", &format!("/v1/books/{id}"), &Value::Null, 200);
        }
        library.send("DELETE", "/v1/authors/a", &Value::Null, 200);
        assert_eq!(library.get("/v1/bookTags"), json!({}));
        assert_eq!(library.get("/v1/profiles"), json!({}));
    });
}

#[test]
fn owned_rows_are_written_with_their_whole() {
    each(|library| {
        let changed = json!({ "profile": { "text": "new" } });
        let author = library.send("PATCH", "/v1/authors/a", &changed, 200);
        assert_eq!(author["name"], "Ada");
        assert_eq!(author["profile"]["text"], "new");
        library.send("PATCH", "/v1/authors/a?updateMask=profile", &json!({}), 200);
        assert_eq!(library.get("/v1/profiles"), json!({}));
        let told = library.refused(
            "PATCH",
            "/v1/authors/a",
            json!({ "books": [{ "id": "1" }] }),
            400,
        );
        assert_eq!(told, "INVALID_ARGUMENT: author.books: cannot be written");
    });
}

#[test]
fn grpc_and_reflection_have_the_same_methods() {
    each(|library| {
        // ListBooksOfAuthorRequest { author: "a", page_size: 1 } by its field numbers.
        let request = [&[11 << 3 | 2, 1][..], b"a", &[3 << 3, 1]].concat();
        let path = "/library.v1.AuthorService/ListBooksOfAuthor";
        let answer = grpc::unary(library.server.address(), path, &request).expect("an answer");
        // The first field is a book whose first field is its id.
        assert_eq!(answer[0], 1 << 3 | 2);
        assert_eq!(&answer[2..5], &[1 << 3 | 2, 1, b'1']);
        let request = [&[11 << 3 | 2, 1][..], b"z"].concat();
        let status =
            grpc::unary(library.server.address(), path, &request).expect_err("no such author");
        assert_eq!(status.code(), tonic::Code::NotFound);
    });
}
