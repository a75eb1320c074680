use protoloop_repository::{Changes, Filter, Record};

use crate::{Table, testing::everything};

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
