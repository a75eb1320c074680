use protoloop_repository::{Changes, Filter, Key, OrderBy, Query, Record};

use crate::{
    SqlValue, Statement, Table,
    testing::{dialects, tables_in},
};

const NOTE: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Note {
      option (protoloop.v1.model) = {};
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      string tenant = 2 [(protoloop.v1.field) = { tenant_key: true }];
      string text = 3;
    }"#;

fn says_whose(table: &Table, statement: &Statement) {
    let sql = statement.sql.replace('`', "\"");
    let (_, condition) = sql.split_once(" WHERE ").unwrap_or_else(|| panic!("{sql}"));
    let condition = condition.split(" RETURNING ").next().unwrap_or_default();
    assert!(
        condition.contains("\"tenant\" = "),
        "{}: {sql}",
        table.dialect().name()
    );
    assert!(!sql.contains("acme"), "a value in a text: {sql}");
}

/// What a tenant's rows are read, changed and removed by.
#[test]
fn every_statement_says_whose_rows_it_is_about() {
    for dialect in dialects() {
        let table = tables_in(NOTE, dialect).remove(0);
        let model = table.model();
        let filter = |text: &str| Filter::parse(model, text).expect(text);
        let scope = filter("tenant = \"acme\"");
        let asked = Filter::And(vec![scope.clone(), filter("text = \"a\" OR id = \"b\"")]);
        let key = Key::from("a");
        let row = Record(vec![0x0a, 1, b'a', 0x1a, 1, b'x'].into());
        let mut query = Query::new(OrderBy::parse(model, "text").expect("an order"));
        query.filter = Some(asked.clone());
        let values = table.row_of(row.as_ref()).expect("values");
        let update = table.update_within(values, &key, &scope).expect("compiles");
        let changes = Changes::of(model, &row, &["text"]).expect("changes");
        for statement in [
            table.find_within(&key, &scope, true).expect("compiles"),
            table.delete_within(&key, &scope).expect("compiles"),
            update.expect("columns"),
            table.select(&query).expect("compiles").0,
            table.count(Some(&asked)).expect("compiles"),
            table
                .update_all(Some(&asked), &changes)
                .expect("compiles")
                .expect("changes"),
            table.delete_all(Some(&asked)).expect("compiles"),
        ] {
            says_whose(&table, &statement);
        }
        let found = || table.row_of(row.as_ref()).expect("values");
        let update = table.update_found(&key, Some(&scope), found(), found());
        let delete = table.delete_found(&key, Some(&scope), found());
        let compared = [update.expect("compiles"), delete.expect("compiles")];
        for (sql, values) in compared.into_iter().flatten() {
            let values = values.into_iter().map(SqlValue::into_owned).collect();
            let sql = sql.to_string();
            says_whose(&table, &Statement { sql, values });
        }
        let set = table.set(&key, Some(&scope), &changes).expect("compiles");
        assert_eq!(set.is_some(), dialect.answers_changes());
        if let Some((sql, values)) = set {
            let values = values.into_iter().map(SqlValue::into_owned).collect();
            let sql = sql.to_string();
            let set = Statement { sql, values };
            says_whose(&table, &set);
        }
    }
}
