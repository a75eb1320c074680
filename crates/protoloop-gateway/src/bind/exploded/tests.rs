use std::sync::Arc;

use protoloop_wire::Tables;

use super::Exploded;
use crate::plan::FilterPlan;

fn tables() -> Arc<Tables> {
    Tables::new(&Arc::new(crate::rest::tests::schema(PROTO)))
}

/// The JSON of `key=value` pairs, without their encoding.
fn json(tables: &Tables, pairs: &[(&str, &str)]) -> Result<String, String> {
    let model = tables.by_name("explode.v1.Book").expect("the model");
    let plan = || FilterPlan {
        name: "filter".into(),
        number: 1,
        model,
    };
    let known = Some(plan());
    let taken = pairs.iter().all(|(key, _)| Exploded::takes(&known, key));
    assert!(taken, "{pairs:?}");
    let mut exploded = Exploded::default();
    for (key, value) in pairs {
        exploded
            .add(&plan(), key, value)
            .map_err(|error| error.to_string())?;
    }
    let finished = exploded.finish(tables, model);
    let finished = finished.map_err(|error| error.to_string())?;
    Ok(finished.expect("some pairs").1)
}

const PROTO: &str = r#"
syntax = "proto3";
package explode.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Book {
  string title = 1;
  double price = 2;
  int64 size = 3;
  bool done = 4;
  Author author = 5;
  repeated Review reviews = 6;
  map<string, int32> counts = 7;
  google.protobuf.Timestamp at = 8;
  google.protobuf.Int32Value rank = 9;
  repeated int32 marks = 10;
}
message Author { string name = 1; int32 age = 2; }
message Review { int32 stars = 1; string text = 2; Author by = 3; }
"#;

#[test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
fn brackets_become_json() {
    let tables = tables();
    let table: &[(&[(&str, &str)], &str)] = &[
        (
            &[("filter[where][title]", "5")],
            r#"{"where":{"title":"5"}}"#,
        ),
        (&[("filter[where][price]", "5")], r#"{"where":{"price":5}}"#),
        (
            &[("filter[where][price][gt]", "-5.5e3")],
            r#"{"where":{"price":{"gt":-5.5e3}}}"#,
        ),
        // What is no number stays text, which the filter refuses.
        (
            &[("filter[where][price]", "5]},{")],
            r#"{"where":{"price":"5]},{"}}"#,
        ),
        (
            &[("filter[where][price]", "05")],
            r#"{"where":{"price":"05"}}"#,
        ),
        (
            &[("filter[where][price]", "NaN")],
            r#"{"where":{"price":"NaN"}}"#,
        ),
        (
            &[("filter[where][done]", "true")],
            r#"{"where":{"done":true}}"#,
        ),
        (&[("filter[where][done]", "1")], r#"{"where":{"done":"1"}}"#),
        (
            &[("filter[where][title]", "a\"\\\n")],
            r#"{"where":{"title":"a\"\\\u000a"}}"#,
        ),
        (&[("filter[where][a\"b]", "x")], r#"{"where":{"a\"b":"x"}}"#),
        (
            &[("filter[where][rank][exists]", "true")],
            r#"{"where":{"rank":{"exists":true}}}"#,
        ),
        (&[("filter[where][rank]", "7")], r#"{"where":{"rank":7}}"#),
        (
            &[("filter[where][counts.a]", "7")],
            r#"{"where":{"counts.a":7}}"#,
        ),
        (
            &[("filter[where][counts][contains]", "7")],
            r#"{"where":{"counts":{"contains":"7"}}}"#,
        ),
        (
            &[("filter[where][marks][length]", "7")],
            r#"{"where":{"marks":{"length":7}}}"#,
        ),
        (
            &[("filter[where][marks][contains]", "7")],
            r#"{"where":{"marks":{"contains":7}}}"#,
        ),
        (
            &[("filter[where][author.age]", "7")],
            r#"{"where":{"author.age":7}}"#,
        ),
        (
            &[("filter[where][title][like]", "1")],
            r#"{"where":{"title":{"like":"1"}}}"#,
        ),
        (
            &[
                ("filter[where][and][0][price][gt]", "5"),
                ("filter[where][and][1][title]", "x"),
                ("filter[limit]", "2"),
                ("filter[order]", "title DESC"),
            ],
            r#"{"where":{"and":[{"price":{"gt":5}},{"title":"x"}]},"limit":2,"order":"title DESC"}"#,
        ),
        (
            &[
                ("filter[where][price][inq][]", "1"),
                ("filter[where][price][inq][]", "2"),
                ("filter[order][0]", "title"),
            ],
            r#"{"where":{"price":{"inq":[1,2]}},"order":["title"]}"#,
        ),
        (
            &[("filter[where][reviews][some][stars][gte]", "4")],
            r#"{"where":{"reviews":{"some":{"stars":{"gte":4}}}}}"#,
        ),
        (
            &[
                ("filter[fields][title]", "true"),
                ("filter[fields][price]", "false"),
            ],
            r#"{"fields":{"title":true,"price":false}}"#,
        ),
        (&[("filter[fields]", "title")], r#"{"fields":"title"}"#),
        (
            &[("filter[include][][relation]", "author")],
            r#"{"include":[{"relation":"author"}]}"#,
        ),
        (
            &[
                ("filter[include][0][scope][where][stars]", "4"),
                ("filter[include][0][scope][limit]", "1"),
                ("filter[include][0][relation]", "reviews"),
            ],
            r#"{"include":[{"relation":"reviews","scope":{"where":{"stars":4},"limit":1}}]}"#,
        ),
    ];
    for (pairs, due) in table {
        assert_eq!(json(&tables, pairs).as_deref(), Ok(*due), "{pairs:?}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    let tables = tables();
    let long = format!("filter{}", "[a]".repeat(65));
    let table: &[(&[(&str, &str)], &str)] = &[
        (
            &[("filter[where", "x")],
            "expected brackets to the end of the key",
        ),
        (
            &[("filter[where]x", "x")],
            "expected brackets to the end of the key",
        ),
        (&[(&long, "x")], "more than 64 brackets"),
        (
            &[
                ("filter[where][title]", "x"),
                ("filter[where][title][gt]", "y"),
            ],
            "has a value and brackets below it",
        ),
    ];
    for (pairs, due) in table {
        let found = json(&tables, pairs).expect_err("refused");
        assert!(found.ends_with(due), "{found}");
    }
    let many = vec![("filter[where][or][][title]", "x"); 501];
    assert!(
        json(&tables, &many)
            .expect_err("refused")
            .ends_with("at most 500 parameters")
    );
}
