//! Tenants, soft delete, bulk methods and ids of several fields, as callers meet them.

use std::{net::SocketAddr, sync::Barrier, thread};

use serde_json::{Value, json};

use crate::support::{http, served::Served, stores};

const SHOP: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "protoloop/v1/annotations.proto";
message Note {
  option (protoloop.v1.model) = { expose: [CRUD, BULK] soft_delete: true };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string tenant = 2 [(protoloop.v1.field) = { tenant_key: true }];
  string title = 3 [(protoloop.v1.field) = { unique: true }];
  google.protobuf.Timestamp delete_time = 4 [(protoloop.v1.field) = { delete_time: true }];
  string created_by = 5 [(protoloop.v1.field) = { created_by: true }];
  int64 version = 6 [(protoloop.v1.field) = { version: true }];
  string etag = 7 [(protoloop.v1.field) = { etag: true }];
  string secret = 8 [(protoloop.v1.field) = { hidden: true }];
}
message OrderLine {
  option (protoloop.v1.model) = { expose: CRUD };
  string order_id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  int32 line = 2 [(protoloop.v1.field) = { id: CLIENT }];
  int32 quantity = 3 [(protoloop.v1.field) = { default_value: "1" }];
}
"#;

const PROXY: [&str; 4] = ["--subject-header", "x-user", "--tenant-header", "x-tenant"];

/// Runs a test with a server on each database.
fn shops(arguments: &[&str], test: impl Fn(SocketAddr)) {
    stores::each(|store| {
        let path = store.folder.path().join("shop.proto");
        std::fs::write(&path, SHOP).expect("the folder is ours");
        let server = Served::start_with(&path, &store.url, arguments);
        test(server.address());
    });
}

/// A caller as the proxy tells of it.
struct As(SocketAddr, &'static str);

impl As {
    fn call(&self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        let headers = [
            ("content-type", "application/json"),
            ("x-user", "ada"),
            ("x-tenant", self.1),
        ];
        let answer = http::send(self.0, method, target, &headers, body.as_bytes());
        (answer.status, answer.json())
    }

    #[track_caller]
    fn ok(&self, method: &str, target: &str, body: &Value) -> Value {
        let (status, answer) = self.call(method, target, body);
        assert_eq!(status, 200, "{method} {target}: {answer}");
        answer
    }
}

#[test]
fn tenants_of_a_proxy_do_not_meet() {
    shops(&PROXY, |address| {
        let (acme, beta) = (As(address, "acme"), As(address, "beta"));
        let note = acme.ok("POST", "/v1/notes", &json!({"title": "plan"}));
        assert_eq!(note["tenant"], "acme");
        assert_eq!(note["createdBy"], "ada");
        let one = format!("/v1/notes/{}", note["id"].as_str().expect("an id"));
        for (method, target, body) in [
            ("GET", one.clone(), Value::Null),
            ("PATCH", one.clone(), json!({"title": "mine"})),
            ("PUT", one.clone(), json!({"title": "mine"})),
            ("DELETE", one.clone(), Value::Null),
            ("POST", format!("{one}:undelete"), json!({})),
        ] {
            let (status, answer) = beta.call(method, &target, &body);
            assert_eq!(status, 404, "{method} {target}: {answer}");
        }
        // Two tenants have the same title, and one does not twice.
        beta.ok("POST", "/v1/notes", &json!({"title": "plan"}));
        let (status, answer) = acme.call("POST", "/v1/notes", &json!({"title": "plan"}));
        assert_eq!(status, 409, "{answer}");
        let listed = beta.ok(
            "GET",
            "/v1/notes?filter=tenant%20%3D%20%22acme%22",
            &Value::Null,
        );
        assert_eq!(listed, json!({}));
        assert_eq!(
            http::get(address, "/v1/notes").status,
            401,
            "nobody said who calls"
        );
        let (status, _) = As(address, "").call("GET", "/v1/notes", &Value::Null);
        assert_eq!(status, 403, "of no tenant");
        let (status, answer) = acme.call("GET", "/v1/notes?filter=secret%3A*", &Value::Null);
        assert_eq!(status, 400, "{answer}");
    });
}

#[test]
fn headers_say_nothing_unless_they_are_trusted() {
    shops(&[], |address| {
        let (status, answer) = As(address, "acme").call("GET", "/v1/notes", &Value::Null);
        assert_eq!(status, 401, "{answer}");
    });
}

#[test]
fn deleted_rows_come_back_or_go_for_good() {
    shops(&PROXY, |address| {
        let acme = As(address, "acme");
        let note = acme.ok("POST", "/v1/notes", &json!({"title": "plan"}));
        let one = format!("/v1/notes/{}", note["id"].as_str().expect("an id"));
        let deleted = acme.ok("DELETE", &one, &Value::Null);
        assert!(deleted["deleteTime"].is_string(), "{deleted}");
        assert_eq!(acme.ok("GET", &one, &Value::Null), deleted);
        assert_eq!(acme.ok("GET", "/v1/notes", &Value::Null), json!({}));
        let again = acme.ok("POST", "/v1/notes", &json!({"title": "plan"}));
        let (status, _) = acme.call("POST", &format!("{one}:undelete"), &json!({}));
        assert_eq!(status, 409);
        let change = json!({"filter": "*", "note": {"title": "other"}, "updateMask": "title"});
        let changed = acme.ok("POST", "/v1/notes:bulkUpdate", &change);
        assert_eq!(changed, json!({"updateCount": "1"}));
        let back = acme.ok("POST", &format!("{one}:undelete"), &json!({}));
        assert_eq!(back["version"], "3");
        acme.ok("DELETE", &one, &Value::Null);
        let tried = acme.ok("POST", "/v1/notes:purge", &json!({"filter": "*"}));
        assert_eq!(
            tried,
            json!({"purgeCount": "1", "purgeSample": [note["id"]]})
        );
        let purge = json!({"filter": "*", "force": true});
        assert_eq!(
            acme.ok("POST", "/v1/notes:purge", &purge),
            json!({"purgeCount": "1"})
        );
        assert_eq!(acme.call("GET", &one, &Value::Null).0, 404);
        let kept = format!("/v1/notes/{}", again["id"].as_str().expect("an id"));
        acme.ok("GET", &kept, &Value::Null);
    });
}

#[test]
fn of_changes_to_one_version_one_is_kept() {
    shops(&PROXY, |address| {
        let acme = As(address, "acme");
        let note = acme.ok("POST", "/v1/notes", &json!({"title": "plan"}));
        let one = format!("/v1/notes/{}", note["id"].as_str().expect("an id"));
        let start = Barrier::new(8);
        let kept = thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|racer| {
                    let (one, start, etag) = (&one, &start, &note["etag"]);
                    scope.spawn(move || {
                        start.wait();
                        let body = json!({"title": format!("by {racer}"), "etag": etag});
                        As(address, "acme").call("PATCH", one, &body).0
                    })
                })
                .collect();
            let statuses = racers
                .into_iter()
                .map(|racer| racer.join().expect("no panic"));
            let statuses: Vec<u16> = statuses.collect();
            assert!(
                statuses.iter().all(|status| [200, 409].contains(status)),
                "{statuses:?}"
            );
            statuses.iter().filter(|status| **status == 200).count()
        });
        assert_eq!(kept, 1);
        assert_eq!(acme.ok("GET", &one, &Value::Null)["version"], "2");
    });
}

#[test]
fn an_id_of_several_fields_is_a_path() {
    shops(&[], |address| {
        let anyone = As(address, "");
        for line in [1, 2] {
            let made = anyone.ok(
                "POST",
                "/v1/orderLines",
                &json!({"orderId": "a", "line": line}),
            );
            assert_eq!(made, json!({"orderId": "a", "line": line, "quantity": 1}));
        }
        let changed = anyone.ok("PATCH", "/v1/orderLines/a/2", &json!({"quantity": 5}));
        assert_eq!(changed["quantity"], 5);
        let body = json!({"requests": [{"orderId": "a", "line": 2}, {"orderId": "a", "line": 1}]});
        let got = anyone.ok("POST", "/v1/orderLines:batchGet", &body);
        assert_eq!(got["orderLines"][0], changed);
        anyone.ok("DELETE", "/v1/orderLines/a/2", &Value::Null);
        assert_eq!(
            anyone.call("GET", "/v1/orderLines/a/2", &Value::Null).0,
            404
        );
    });
}
