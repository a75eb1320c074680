//! Methods, paths, headers and sizes.

use super::table::{Row, refuse, with_kitchen};
use crate::support::http;

#[test]
fn a_path_that_is_no_route_is_not_found() {
    let missing = |method, target: &str| Row::new(method, target, "").gives(404, "NOT_FOUND");
    refuse(&[
        missing("GET", "/"),
        missing("GET", "/v1/nothing"),
        missing("POST", "/v1/nothing").json("{}"),
        missing("GET", "/v1/dishes/"),
        missing("GET", "/v1//dishes"),
        missing("GET", "/v1/dishes/x/y"),
        missing("GET", "/v2/dishes"),
        missing("GET", "/V1/dishes"),
        missing("GET", "/v1/dishes:nosuch"),
    ]);
}

#[test]
fn a_method_that_a_route_does_not_take_is_named() {
    let refused =
        |method, target: &str, names| Row::new(method, target, names).gives(405, "UNIMPLEMENTED");
    refuse(&[
        refused("DELETE", "/v1/dishes", "DELETE"),
        refused("PUT", "/v1/dishes", "PUT").json("{}"),
        refused("PATCH", "/v1/dishes", "PATCH").json("{}"),
        refused("POST", "/v1/dishes/x", "POST").json("{}"),
        refused("POST", "/v1/dishes:count", "POST").json("{}"),
        refused("BREW", "/v1/dishes", "BREW"),
    ]);
}

#[test]
fn a_refused_method_is_answered_with_those_allowed() {
    with_kitchen(|server| {
        let answer = http::send(server, "DELETE", "/v1/dishes", &[], b"");
        let allowed = answer.header("allow").unwrap_or_default();
        let all_there = ["GET", "HEAD", "POST"]
            .iter()
            .all(|method| allowed.contains(method));
        if all_there {
            String::new()
        } else {
            format!("allow: {allowed:?}")
        }
    });
}

#[test]
fn what_is_not_there_is_named() {
    let missing =
        |method, target: &str, names| Row::new(method, target, names).gives(404, "NOT_FOUND");
    refuse(&[
        missing("GET", "/v1/dishes/nowhere", "nowhere"),
        missing("DELETE", "/v1/dishes/nowhere", "nowhere"),
        missing("PATCH", "/v1/dishes/nowhere", "nowhere").json(r#"{"name": "x"}"#),
        missing("PUT", "/v1/dishes/nowhere", "nowhere").json(r#"{"name": "x"}"#),
        missing("GET", "/v1/dishes/a%2Fb", "a/b"),
    ]);
}

#[test]
fn a_path_that_is_badly_encoded_is_refused() {
    refuse(&[
        Row::new("GET", "/v1/dishes/%zz", "byte 11"),
        Row::new("GET", "/v1/dishes/%2", "byte 11"),
        Row::new("GET", "/v1/dishes/%ff", "byte 11"),
    ]);
}

#[test]
fn a_body_of_another_type_or_coding_is_refused() {
    let refused = |names| Row::new("POST", "/v1/dishes", names).gives(415, "INVALID_ARGUMENT");
    refuse(&[
        refused("text/plain").body("text/plain", "{}"),
        refused("xml").body("application/xml", "<dish/>"),
        refused("Content-Encoding")
            .json("{}")
            .header("content-encoding", "compress"),
    ]);
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let large = |size: usize| format!(r#"{{"name": "{}"}}"#, "x".repeat(size));
    let refused = || Row::new("POST", "/v1/dishes", "large").gives(413, "RESOURCE_EXHAUSTED");
    refuse(&[
        refused().json(large(5 << 20)),
        refused().json(large(20 << 20)),
    ]);
}

#[test]
fn what_only_the_server_sets_is_refused_or_ignored() {
    with_kitchen(|server| {
        let mut wrong = String::new();
        let ignored = http::post(
            server,
            "/v1/dishes",
            r#"{"createTime": "2001-01-01T00:00:00Z"}"#,
        );
        if ignored.status != 200
            || ignored.json()["createTime"]
                .as_str()
                .unwrap_or("2001")
                .starts_with("2001")
        {
            wrong.push_str(&format!("\ncreate_time was taken: {}", ignored.text()));
        }
        let made = http::post(server, "/v1/dishes", r#"{"bornIn": "Rome"}"#).json();
        let one = format!("/v1/dishes/{}", made["id"].as_str().unwrap_or_default());
        let json = [("content-type", "application/json")];
        let patched = http::send(
            server,
            "PATCH",
            &format!("{one}?updateMask=bornIn"),
            &json,
            br#"{"bornIn": "Oslo"}"#,
        );
        if patched.status != 400 || !patched.text().contains("born_in") {
            wrong.push_str(&format!(
                "\nborn_in is IMMUTABLE: {} {}",
                patched.status,
                patched.text()
            ));
        }
        wrong
    });
}

#[test]
fn a_change_of_what_another_changed_is_refused() {
    with_kitchen(|server| {
        let mut wrong = String::new();
        let made = http::post(server, "/v1/dishes", r#"{"name": "a"}"#).json();
        let one = format!("/v1/dishes/{}", made["id"].as_str().unwrap_or_default());
        let mut expect = |what: &str, status: u16, body: &str| {
            let headers = [("content-type", "application/json")];
            let answer = http::send(server, "PATCH", &one, &headers, body.as_bytes());
            if answer.status != status {
                wrong.push_str(&format!("\n{what}: {} {}", answer.status, answer.text()));
            }
        };
        let read = serde_json::json!({"name": "b", "etag": made["etag"]}).to_string();
        expect("an etag of nobody", 409, r#"{"name": "b", "etag": "old"}"#);
        expect("the etag that was read", 200, &read);
        expect("the same, which is old by now", 409, &read);
        wrong
    });
}

#[test]
fn a_contradiction_is_refused() {
    refuse(&[
        Row::new("POST", "/v1/dishes", "id").json(r#"{"id": "mine"}"#),
        Row::new("PATCH", "/v1/dishes/a", "id").json(r#"{"id": "b", "name": "x"}"#),
        Row::new("PUT", "/v1/dishes/a", "id").json(r#"{"id": "b", "name": "x"}"#),
        Row::new("GET", "/v1/dishes", "body").json(r#"{"pageSize": 1}"#),
    ]);
}

#[test]
fn a_second_row_of_a_unique_value_is_refused() {
    with_kitchen(|server| {
        let create = || http::post(server, "/v1/dishes", r#"{"sku": "A-1"}"#);
        let (first, second) = (create(), create());
        let right = first.status == 200 && second.status == 409 && second.text().contains("sku");
        if right {
            String::new()
        } else {
            format!("{} {}", second.status, second.text())
        }
    });
}

#[test]
fn a_method_that_nobody_implements_says_so() {
    let row = Row::new("POST", "/v1/ovens/big:bake", "Bake").json(r#"{"degrees": 200}"#);
    refuse(&[row.gives(501, "UNIMPLEMENTED")]);
    refuse(&[Row::new("POST", "/v1/ovens/big:bake", "degrees").json(r#"{"degrees": "hot"}"#)]);
}
