//! No text of a caller gets into the text of a statement.

use protoloop_repository::{Cursor, Filter, Key, OrderBy, Query, Value};

use crate::{SqlValue, Statement, Table, testing::everything};

/// What every hostile text has in it, and no statement may have.
const MARK: &str = "zq9";

const HOSTILE: &[&str] = &[
    "zq9' OR '1'='1",
    "zq9\" OR 1=1 --",
    "zq9`; DROP TABLE things; --",
    "zq9') UNION SELECT * FROM sqlite_schema --",
    "zq9\\' OR 1=1 #",
    "zq9/* */ OR /**/ 1=1",
    "zq9\0'--",
    "zq9?$1:name@p%s{}",
    "zq9ʼ OR 1=1",
    "zq9\u{ff07} OR 1=1",
    "zq9\u{202e}' --",
    "zq9\n;\r\nDELETE FROM things",
    "zq9$.a\"]",
    "zq9||(SELECT 1)||",
    "zq9[*]",
    "'zq9",
    "%_\\zq9",
];

/// Conditions with a text in every place that takes one; `@` stands for it, as JSON.
const PLACES: &[&str] = &[
    r#"{"title":@}"#,
    r#"{"title":{"neq":@}}"#,
    r#"{"title":{"gt":@,"lte":@}}"#,
    r#"{"title":{"between":[@,@]}}"#,
    r#"{"title":{"inq":[@,"a"]}}"#,
    r#"{"title":{"nin":[@]}}"#,
    r#"{"title":{"like":@}}"#,
    r#"{"title":{"nlike":@}}"#,
    r#"{"title":{"ilike":@}}"#,
    r#"{"note":{"like":@}}"#,
    r#"{"nick":@}"#,
    r#"{"address.city":@}"#,
    r#"{"address.city":{"gt":@}}"#,
    r#"{"tags":{"contains":@}}"#,
    r#"{"tags":{"containsAny":[@,"a"]}}"#,
    r#"{"tags":{"containedBy":[@,"a"]}}"#,
    r#"{"labels":{"contains":@}}"#,
    r#"{"labels.env":@}"#,
    r#"{"extra.a.b":@}"#,
    r#"{"extra.a":{"inq":[@,5]}}"#,
    r#"{"text_price":@}"#,
];

/// Paths with a text as key; `@` stands for it, as JSON within JSON.
const KEYS: &[&str] = &[
    "labels",
    "extra",
    "extra.a",
    "address.floors",
    "addresses.7.floors",
];

fn check(statement: &Statement, text: &str, what: &str) {
    assert!(!statement.sql.contains(MARK), "{what}: {}", statement.sql);
    let bound = statement.values.iter().any(|value| match value {
        SqlValue::Text(bound) => bound.contains(MARK),
        _ => false,
    });
    assert!(bound, "{what} does not ask for {text:?}: {}", statement.sql);
    let placeholders = statement.sql.matches('?').count();
    assert_eq!(placeholders, statement.values.len(), "{}", statement.sql);
}

fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn count(table: &Table, wheres: &str) -> Statement {
    let text = format!("{{\"where\":{wheres}}}");
    let filter =
        Filter::parse(table.model(), &text).unwrap_or_else(|error| panic!("{text}: {error}"));
    table.count(Some(&filter)).expect("compiles")
}

#[test]
fn values_are_bound() {
    let table = everything();
    for text in HOSTILE {
        for place in PLACES {
            let wheres = place.replace('@', &json(text));
            check(&count(&table, &wheres), text, &wheres);
        }
        // Also where the pattern is no longer the text itself.
        let escaped: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let wheres = format!(r#"{{"title":{{"regexp":{}}}}}"#, json(&escaped));
        check(&count(&table, &wheres), text, &wheres);
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let aip = format!("title = \"{quoted}\" OR labels:\"{quoted}\"");
        let filter =
            Filter::parse(table.model(), &aip).unwrap_or_else(|error| panic!("{aip}: {error}"));
        check(&table.count(Some(&filter)).expect("compiles"), text, &aip);
    }
}

#[test]
fn keys_of_maps_are_bound() {
    let table = everything();
    for text in HOSTILE {
        for path in KEYS {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            let name = json(&format!("{path}.\"{quoted}\""));
            let wheres = format!("{{{name}:{{\"exists\":true}}}}");
            check(&count(&table, &wheres), text, &wheres);
        }
    }
}

#[test]
fn places_and_keys_are_bound() {
    let table = everything();
    for text in HOSTILE {
        let order =
            OrderBy::parse(table.model(), "title desc, note, address.city").expect("an order");
        let mut query = Query::new(order);
        let value = || Value::String((*text).to_owned());
        query.after = Some(Cursor {
            values: vec![value(), value(), value(), value()],
        });
        let (statement, _) = table.select(&query).expect("compiles");
        check(&statement, text, "a place");
        let keys = [Key::from(*text)];
        let keys: Vec<&Key> = keys.iter().collect();
        let (sql, values) = table.select_keys(&keys);
        let sql = sql.to_string();
        check(&Statement { sql, values }, text, "keys");
    }
}

#[test]
fn names_that_are_none_do_not_get_far() {
    let table = everything();
    for text in HOSTILE {
        let name = json(text);
        for wheres in [
            format!("{{{name}:1}}"),
            format!("{{\"title\":{{{name}:1}}}}"),
        ] {
            let text = format!("{{\"where\":{wheres}}}");
            assert!(Filter::parse(table.model(), &text).is_err(), "{text}");
        }
        assert!(OrderBy::parse(table.model(), text).is_err(), "{text}");
    }
}
