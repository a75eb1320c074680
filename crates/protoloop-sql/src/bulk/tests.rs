use protoloop_repository::{Changes, Filter, Key, Record};

use crate::{
    Table,
    testing::{dialects, everything, tables_in},
};

fn changes(table: &Table, names: &[&str]) -> Changes {
    let empty = Record(bytes::Bytes::new());
    Changes::of(table.model(), &empty, names).expect("changes")
}

#[test]
fn many_rows_are_changed_by_one_statement() {
    let table = everything();
    let model = table.model();
    let number = |name: &str| model.message().field_by_name(name).expect(name).number;
    let changes = changes(&table, &["title", "note"])
        .with(model, number("title"), |writer| {
            writer.string(number("title"), "'; DROP TABLE things; --");
        })
        .counting(number("count"));
    let filter = Filter::parse(model, "count > 3").expect("a filter");
    let update = table.update_all(Some(&filter), &changes).expect("compiles");
    let update = update.expect("something to do");
    same(
        &update.sql,
        r#"UPDATE "things" SET "title" = ?, "note" = ?, "count" = COALESCE("count", ?) + ? WHERE "count" > ?"#,
    );
    assert_eq!(update.values.len(), 5);
    let nothing = table
        .update_all(None, &Changes::default())
        .expect("compiles");
    assert!(nothing.is_none());
}

const NOTE: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Note {
      option (protoloop.v1.model) = {};
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      string text = 2;
      int64 version = 3;
    }"#;

#[test]
fn a_row_is_changed_and_answered_by_one_statement() {
    let texts = dialects().map(|dialect| {
        let table = tables_in(NOTE, dialect).remove(0);
        let changes = changes(&table, &["text"]).counting(3);
        let filter = Filter::parse(table.model(), "version = 7").expect("a filter");
        let key = Key::from("a");
        let set = table.set(&key, Some(&filter), &changes);
        set.expect("compiles").map(|(sql, _)| sql)
    });
    let due = [
        Some(
            r#"UPDATE "notes" SET "text" = ?, "version" = COALESCE("version", ?) + ? WHERE "version" = ? AND "id" = ? RETURNING "id", "text", "version""#,
        ),
        Some(
            r#"UPDATE "notes" SET "text" = $1, "version" = COALESCE("version", $2) + $3 WHERE "version" = $4 AND "id" = $5 RETURNING "id", "text", "version""#,
        ),
        // It has no such statement.
        None,
    ];
    assert_eq!(texts.each_ref().map(Option::as_deref), due);
}

#[test]
fn the_text_of_a_change_is_made_once() {
    let table = tables_in(NOTE, dialects()[1]).remove(0);
    let changes = changes(&table, &["text"]).counting(3);
    let key = Key::from("a");
    let set = || table.set(&key, None, &changes).expect("compiles");
    let (first, second) = (set().expect("has one"), set().expect("has one"));
    assert!(std::sync::Arc::ptr_eq(&first.0, &second.0));
    same(
        &first.0,
        r#"UPDATE "notes" SET "text" = $1, "version" = COALESCE("version", $2) + $3 WHERE "id" = $4 RETURNING "id", "text", "version""#,
    );
    let once = table.set_once(&key, None, &changes).expect("compiles");
    assert_eq!(once.values, first.1);
}

#[test]
fn several_rows_are_inserted_by_one_statement() {
    let table = tables_in(NOTE, dialects()[1]).remove(0);
    same(
        &table.insert_many_sql(2),
        r#"INSERT INTO "notes" ("id", "text", "version") VALUES ($1, $2, $3), ($4, $5, $6)"#,
    );
    let sizes = [0, 1, 5, 16, 17, 63, 1_000].map(|rows| table.insertable(rows));
    assert_eq!(sizes, [0, 1, 5, 16, 16, 32, 64]);
}

#[test]
fn many_rows_are_removed_by_one_statement() {
    let table = everything();
    let filter = Filter::parse(table.model(), "title = \"x\"").expect("a filter");
    let delete = table.delete_all(Some(&filter)).expect("compiles");
    same(&delete.sql, r#"DELETE FROM "things" WHERE "title" = ?"#);
    let all = table.delete_all(None).expect("compiles");
    same(&all.sql, r#"DELETE FROM "things""#);
}

#[track_caller]
fn same(found: &str, due: &str) {
    assert_eq!(found, due);
}
