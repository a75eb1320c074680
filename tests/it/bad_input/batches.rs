//! Batches: the element is named, and nothing is done by halves.

use super::table::{Row, refuse, with_kitchen};
use crate::support::http;

fn batch(verb: &str, body: &str, names: &'static str) -> Row {
    Row::new("POST", format!("/v1/dishes:{verb}"), names).json(body)
}

#[test]
fn the_element_that_is_wrong_is_named() {
    refuse(&[
        batch(
            "batchCreate",
            r#"{"requests": [{"dish": {}}, {"dish": {"name": 5}}]}"#,
            "requests[1].dish.name",
        ),
        batch(
            "batchCreate",
            r#"{"requests": [{"dish": {}}, {"dish": {"colour": 5}}]}"#,
            "requests[1].dish",
        ),
        batch("batchCreate", r#"{"requests": {}}"#, "requests"),
        batch("batchCreate", r#"{"dishes": []}"#, "dishes"),
        batch(
            "batchUpdate",
            r#"{"requests": [{"dish": {"id": "a"}, "updateMask": "colour"}]}"#,
            "requests[0]",
        )
        .and_names("colour"),
        batch(
            "batchUpdate",
            r#"{"requests": [{"dish": {"id": "nowhere", "name": "x"}}]}"#,
            "nowhere",
        )
        .gives(404, "NOT_FOUND"),
        batch("batchDelete", r#"{"ids": ["nowhere"]}"#, "nowhere").gives(404, "NOT_FOUND"),
        batch("batchDelete", r#"{"ids": "x"}"#, "ids"),
        Row::new("GET", "/v1/dishes:batchGet?ids=nowhere", "nowhere").gives(404, "NOT_FOUND"),
    ]);
}

#[test]
fn a_batch_that_is_too_long_is_refused() {
    let many = |count: usize| {
        format!(
            r#"{{"requests": [{}]}}"#,
            vec![r#"{"dish": {}}"#; count].join(",")
        )
    };
    refuse(&[batch("batchCreate", &many(20_000), "requests")]);
}

#[test]
fn a_batch_is_all_or_nothing() {
    with_kitchen(|server| {
        let body = r#"{"requests": [{"dish": {"sku": "A"}}, {"dish": {"sku": "B"}}, {"dish": {"sku": "A"}}]}"#;
        let answer = http::post(server, "/v1/dishes:batchCreate", body);
        let count = http::get(server, "/v1/dishes:count").text();
        let nothing_done =
            answer.status == 409 && http::get(server, "/v1/dishes").text().find("sku").is_none();
        if nothing_done {
            String::new()
        } else {
            format!("{} {}, then {count}", answer.status, answer.text())
        }
    });
}
