use std::collections::BTreeMap;

use super::*;
use crate::testing::{EVERYTHING, dialects, everything, tables, tables_in};

fn lines(plan: &Plan) -> String {
    plan.statements.join(";\n")
}

#[test]
fn a_new_database_gets_tables_and_indexes() {
    insta::assert_snapshot!(lines(&plan(&[&everything()], &Live::default())));
    for dialect in dialects() {
        let tables = tables_in(EVERYTHING, dialect);
        let keys = tables_in(KEYS, dialect);
        let all: Vec<&Table> = tables.iter().chain(&keys).collect();
        let name = format!("tables_{}", dialect.name());
        insta::assert_snapshot!(name, lines(&plan(&all, &Live::default())));
    }
}

const KEYS: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Order {
      option (protoloop.v1.model) = { table: "or\"ders" };
      int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
    }
    message Receipt {
      option (protoloop.v1.model) = { };
      uint64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
      string isbn = 2 [(protoloop.v1.field) = { unique: true }];
    }
"#;

#[test]
fn keys_may_be_counted_or_of_several_fields() {
    let tables = tables(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Order {
          option (protoloop.v1.model) = { table: "or\"ders" };
          int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
        }
        message Receipt {
          option (protoloop.v1.model) = { };
          uint64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
          double sum = 2;
        }
        "#,
    );
    let all: Vec<&Table> = tables.iter().collect();
    insta::assert_snapshot!(lines(&plan(&all, &Live::default())));
}

#[test]
fn a_unique_index_leaves_out_rows_without_a_value() {
    let tables = tables(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Book {
          option (protoloop.v1.model) = {
            indexes: { fields: ["shelf", "data"] unique: true }
            indexes: { fields: ["shelf", "place"] unique: true }
            indexes: { fields: ["shelf", "note"] unique: true }
            indexes: { fields: ["shelf"] }
          };
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
          string isbn = 2 [(protoloop.v1.field) = { unique: true }];
          string shelf = 3;
          bytes data = 4;
          int32 place = 5;
          optional string note = 6;
        }
        "#,
    );
    insta::assert_snapshot!(lines(&plan(&[&tables[0]], &Live::default())));
    let mut live = live(&tables[0]);
    assert_eq!(plan(&[&tables[0]], &live), Plan::default());
    let books = live.tables.get_mut("books").expect("there");
    let index = books.indexes.get_mut("books_isbn_key").expect("declared");
    index.partial = false;
    assert_eq!(
        plan(&[&tables[0]], &live).problems,
        [
            "table books: index books_isbn_key of books is unique on (isbn), the model needs unique on (isbn) of some rows"
        ]
    );
}

/// The database that a table's own plan makes.
fn live(table: &Table) -> Live {
    let columns = table.columns().iter().enumerate().map(|(index, column)| {
        let key = table.key().iter().position(|at| *at == index);
        LiveColumn {
            name: column.name.to_string(),
            type_name: column_type(table, column, key.is_some()).to_owned(),
            nullable: column.nullable,
            key: key.map_or(0, |place| place + 1),
            ..LiveColumn::default()
        }
    });
    let indexes = table.indexes().map(|index| {
        let found = wanted_index(table, index);
        (index.name.to_string(), found)
    });
    let found = LiveTable {
        columns: columns.collect(),
        indexes: indexes.collect(),
        ..LiveTable::default()
    };
    Live {
        tables: BTreeMap::from([(table.name().to_owned(), found)]),
        ..Live::default()
    }
}

#[test]
fn a_database_that_fits_stays_as_it_is() {
    let table = everything();
    assert_eq!(plan(&[&table], &live(&table)), Plan::default());
}

#[test]
fn missing_columns_are_added() {
    let table = everything();
    let mut live = live(&table);
    let things = live.tables.get_mut("things").expect("there");
    things
        .columns
        .retain(|column| !["title", "weight", "at", "data"].contains(&&*column.name));
    insta::assert_snapshot!(lines(&plan(&[&table], &live)));
}

#[test]
fn other_differences_are_all_told() {
    let table = everything();
    let mut live = live(&table);
    let things = live.tables.get_mut("things").expect("there");
    for column in &mut things.columns {
        match &*column.name {
            "title" => column.type_name = "INTEGER".to_owned(),
            "done" => column.nullable = true,
            "note" => column.nullable = false,
            "id" => column.key = 0,
            _ => {}
        }
    }
    things.columns.push(LiveColumn {
        name: "old".to_owned(),
        type_name: "TEXT".to_owned(),
        nullable: false,
        ..LiveColumn::default()
    });
    for index in things.indexes.values_mut() {
        index.unique = !index.unique;
    }
    let mut plan = plan(&[&table, &table], &live);
    plan.problems.sort();
    assert_eq!(plan.statements, Vec::<String>::new());
    insta::assert_snapshot!(plan.problems.join("\n"));
}
