use protoloop_repository::{Cursor, Filter, Key, OrderBy, Query, Value};

use crate::{
    SqlValue, Statement, Table,
    testing::{EVERYTHING, dialects, everything, tables_in},
};

fn show(statement: &Statement) -> String {
    let values: Vec<String> = statement
        .values
        .iter()
        .map(|value| format!("{value:?}"))
        .collect();
    format!("{}\n-- {}", statement.sql, values.join(", "))
}

fn filtered(table: &Table, filter: &str) -> String {
    let filter = Filter::parse(table.model(), filter).expect(filter);
    let statement = table.count(Some(&filter)).expect("compiles");
    let condition = statement
        .sql
        .replace('`', "\"")
        .replace(r#"SELECT COUNT(*) FROM "things" WHERE "#, "");
    show(&Statement {
        sql: condition,
        values: statement.values,
    })
}

#[test]
fn filters_become_conditions() {
    insta::assert_snapshot!(conditions(&everything()));
    for table in others() {
        insta::assert_snapshot!(named("filters", &table), conditions(&table));
    }
}

/// The same model in the other dialects.
fn others() -> Vec<Table> {
    let others = dialects()
        .into_iter()
        .filter(|dialect| dialect.name() != "sqlite");
    others
        .map(|dialect| tables_in(EVERYTHING, dialect).remove(0))
        .collect()
}

fn named(what: &str, table: &Table) -> String {
    format!("{what}_{}", table.dialect().name())
}

fn conditions(table: &Table) -> String {
    let filters = [
        r#"title = "milk""#,
        "note != \"x\"",
        "title != \"x\"",
        "NOT done = true",
        "count > 3 AND balance <= -9223372036854775808",
        "big = 18446744073709551615",
        "weight > 0.5",
        "ratio < 0.5",
        "color = RED OR color = BLUE",
        "at >= \"2026-11-21T00:00:00.5Z\"",
        "took > 1.5s",
        "note:*",
        "NOT address:*",
        "nick = \"n\"",
        "limit < 5",
        "tags:\"a\"",
        "numbers:7",
        "labels:\"env\"",
        "labels.env = \"prod\"",
        "addresses.7.city = \"Bern\"",
        "address.city = \"Bern\"",
        "address.zip > 8000",
        "address.geo.lat >= 46.9",
        "address.geo.cell > 5",
        "address.geo.seen < \"2026-01-01T00:00:00Z\"",
        "address.geo.drift < 1.5s",
        "address.geo:*",
        "address.floors.attic = 3",
        "address.color = RED",
        "title = \"mi*\"",
        "title = \"*ilk\"",
        "like(title, \"m_lk\")",
        "ilike(note, \"MILK%\")",
        "regexp(title, \"^m.lk$\")",
    ];
    let text: Vec<String> = filters
        .iter()
        .map(|filter| format!("{filter}\n{}", filtered(table, filter)))
        .collect();
    text.join("\n\n")
}

#[test]
fn orders_have_nulls_last_and_pages_begin_behind_a_place() {
    insta::assert_snapshot!(pages(&everything()));
    for table in others() {
        insta::assert_snapshot!(named("orders", &table), pages(&table));
    }
}

fn pages(table: &Table) -> String {
    let mut text = Vec::new();
    let pages: [(&str, Vec<Value>); 5] = [
        ("", vec![Value::String("7".into())]),
        (
            "title desc",
            vec![Value::String("t".into()), Value::String("7".into())],
        ),
        (
            "note",
            vec![Value::String("n".into()), Value::String("7".into())],
        ),
        (
            "note desc, count",
            vec![Value::Null, Value::I64(3), Value::String("7".into())],
        ),
        (
            "address.zip desc",
            vec![Value::I64(1), Value::String("7".into())],
        ),
    ];
    for (order, values) in pages {
        let mut query = Query::new(OrderBy::parse(table.model(), order).expect(order));
        query.after = Some(Cursor { values });
        query.limit = Some(2);
        query.fields = Some(vec![2]);
        let (statement, _) = table.select(&query).expect("compiles");
        text.push(format!("{order}\n{}", show(&statement)));
    }
    text.join("\n\n")
}

#[test]
fn a_skip_without_limit_has_one() {
    let table = everything();
    let mut query = Query::new(table.model().key_order().clone());
    query.skip = 3;
    query.fields = Some(vec![]);
    let (statement, selection) = table.select(&query).expect("compiles");
    insta::assert_snapshot!(show(&statement));
    let names: Vec<&str> = selection
        .columns(&table)
        .map(|column| &*column.name)
        .collect();
    assert_eq!(names, ["id"]);
}

#[test]
fn the_number_of_keys_is_rounded_up() {
    let table = everything();
    let keys = ["a", "b", "c"].map(Key::from);
    // The second time the text is there.
    for _ in 0..2 {
        let (sql, values) = table.select_keys(&keys.iter().collect::<Vec<_>>());
        assert!(sql.ends_with(r#"WHERE "id" IN (?, ?, ?, ?)"#), "{sql}");
        let texts = ["a", "b", "c", "c"].map(|text| SqlValue::Text(text.into()));
        assert_eq!(values, texts);
    }
}

#[test]
fn bytes_inside_a_message_have_no_order() {
    let table = everything();
    let query = Query::new(OrderBy::parse(table.model(), "address.door").expect("an order"));
    let error = table.select(&query).expect_err("refused");
    assert_eq!(error.code(), protoloop_core::Code::Unimplemented);
}
