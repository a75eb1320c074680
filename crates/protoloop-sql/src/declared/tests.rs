use std::fmt::Write as _;

use protoloop_repository::{Cursor, Filter, Key, OrderBy, Query, Value};

use super::*;
use crate::{MARIADB, POSTGRES, SQLITE, Table, testing::tables_in};

/// A table of others, with the types that a server calls them.
fn model(types: &[(&str, &str)]) -> String {
    let mut text = r#"
        syntax = "proto3";
        package shop.v1;
        import "google/protobuf/timestamp.proto";
        import "google/protobuf/struct.proto";
        import "protoloop/v1/annotations.proto";
        enum Rating {
          NONE = 0;
          G = 1 [(protoloop.v1.value) = { label: "G" }];
          PG_13 = 2 [(protoloop.v1.value) = { label: "it's $1 ?" }];
        }
        message Film {
          option (protoloop.v1.model) = { table: "film" };
    "#
    .to_owned();
    for (number, (field, column_type)) in (1..).zip(types) {
        let id = if number == 1 { "id: CLIENT " } else { "" };
        let computed = if field.ends_with("computed") {
            "computed: true "
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{field} = {number} [(protoloop.v1.field) = {{ {id}{computed}column_type: \"{}\" }}];",
            column_type.replace('"', "\\\"")
        );
    }
    text + "}"
}

const FIELDS: [&str; 9] = [
    "string id",
    "google.protobuf.Timestamp at",
    "optional Rating rating",
    "repeated string tags",
    "double price",
    "optional string budget",
    "string title",
    "optional string day",
    "string name_computed",
];

fn types_of(types: [&'static str; 9]) -> Vec<(&'static str, &'static str)> {
    FIELDS.into_iter().zip(types).collect()
}

fn tables() -> [Table; 2] {
    let postgres = types_of([
        "uuid",
        "timestamp with time zone",
        "\"Rating\"",
        "character varying(10)[]",
        "numeric(4,2)",
        "numeric",
        "character varying(50)",
        "date",
        "text",
    ]);
    let mariadb = types_of([
        "varchar(36) COLLATE utf8mb4_general_ci",
        "datetime(6)",
        "enum('G','it''s $1 ?')",
        "set('a','b')",
        "decimal(4,2)",
        "decimal(30,2)",
        "varchar(50) COLLATE latin1_swedish_ci",
        "date",
        "longtext",
    ]);
    [
        tables_in(&model(&postgres), &POSTGRES).remove(0),
        tables_in(&model(&mariadb), &MARIADB).remove(0),
    ]
}

fn named(what: &str, table: &Table) -> String {
    format!("{what}_{}", table.dialect().name())
}

#[test]
fn every_statement_converts() {
    for table in tables() {
        let text = [
            &**table.find_sql(),
            &**table.insert_sql(),
            table.update_sql().expect("columns"),
            &**table.delete_sql(),
        ];
        insta::assert_snapshot!(named("statements", &table), text.join("\n"));
    }
}

#[test]
fn filters_and_orders_compare_by_the_declared_type() {
    for table in tables() {
        let mut text = String::new();
        for filter in [
            "at > \"2026-01-02T03:04:05.678901Z\"",
            "rating = G",
            "rating != G",
            "rating = NONE",
            "rating > G",
            "tags:\"a\"",
            "NOT tags:*",
            "price >= 2.5",
            "budget < \"100.5\"",
            "title = \"Ace\" OR title > \"b\"",
            "in(title, [\"a\", \"b\"])",
            "title = \"Ac*\"",
            "regexp(budget, \"^1\")",
            "day = \"2026-02-28\"",
        ] {
            let Ok(parsed) = Filter::parse(table.model(), filter) else {
                let _ = writeln!(text, "{filter}\n  no filter");
                continue;
            };
            let statement = table.count(Some(&parsed)).expect(filter);
            let _ = writeln!(
                text,
                "{filter}\n  {}\n  {:?}",
                statement.sql, statement.values
            );
        }
        let order = OrderBy::parse(table.model(), "rating desc, title, budget").expect("orders");
        let cursor = Cursor {
            values: vec![
                Value::Enum(2),
                Value::String("x".into()),
                Value::String("1.5".into()),
                Value::String("018f0000-0000-7000-8000-000000000001".into()),
            ],
        };
        let mut query = Query::new(order);
        query.after = Some(cursor);
        let (statement, _) = table.select(&query).expect("compiles");
        let _ = writeln!(text, "{}\n  {:?}", statement.sql, statement.values);
        insta::assert_snapshot!(named("filters", &table), text);
    }
}

#[test]
fn what_is_no_value_of_the_type_is_the_callers_mistake() {
    for table in tables() {
        for (filter, part) in [
            ("budget = \"a lot\"", "budget: `a lot` is no decimal number"),
            ("day >= \"2026-02-30\"", "day: `2026-02-30` is no date"),
        ] {
            let parsed = Filter::parse(table.model(), filter).expect("parses");
            let error = table.count(Some(&parsed)).expect_err(filter);
            assert_eq!(error.code(), protoloop_core::Code::InvalidArgument);
            assert!(error.message().contains(part), "{error}");
        }
        // rating: 7, price: 2.125
        for (record, part) in [
            (vec![0x18, 0x07], "is none of the values"),
            (
                [&[0x29][..], &2.125f64.to_le_bytes()].concat(),
                "2 digits behind the point",
            ),
        ] {
            let error = table.row_of(&record).expect_err(part);
            assert!(error.message().contains(part), "{error}");
        }
    }
    let [postgres, _] = tables();
    for none in ["018F0000-0000-7000-8000-000000000001", "x"] {
        let key = Key::from(none);
        assert_eq!(postgres.key_values(&key), [SqlValue::Null]);
    }
}

#[test]
fn types_that_a_field_does_not_fit_are_told_at_start() {
    let wrong = |column_type: &str, dialect: &'static dyn Dialect| {
        let text = model(&[("string id", "uuid"), ("int64 count", column_type)]);
        let models = crate::testing::models(&text);
        Table::new(&models[0], dialect).map(drop)
    };
    let error = wrong("point", &POSTGRES).expect_err("no number");
    assert!(error.message().contains("column_type `point`"), "{error}");
    wrong("text); DROP TABLE x; --", &POSTGRES).expect_err("no type");
    wrong("geometry", &MARIADB).expect_err("no number");
    // SQLite stores every field in its own way.
    wrong("point", &SQLITE).expect("ignored");
}
