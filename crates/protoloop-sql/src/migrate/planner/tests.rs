mod servers;

use std::fmt::Write as _;

use super::*;
use crate::{
    Dialect, LiveColumn, LiveTable, LiveText,
    create::wanted_index,
    migrate::shape::ShapeColumn,
    testing::{everything, tables},
};

/// A model of package `shop.v1` with an id and further fields.
fn book(fields: &str) -> Vec<Table> {
    model("Book", "", fields)
}

fn model(name: &str, options: &str, fields: &str) -> Vec<Table> {
    tables(&format!(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "google/protobuf/timestamp.proto";
        import "protoloop/v1/annotations.proto";
        message {name} {{
          option (protoloop.v1.model) = {{ {options} }};
          string id = 1 [(protoloop.v1.field) = {{ id: UUID_V7 }}];
          {fields}
        }}
        enum Color {{ COLOR_UNSPECIFIED = 0; RED = 1; }}
        "#
    ))
}

/// The database that these tables make, and what is recorded of it.
fn made(tables: &[Table]) -> (Live, Record) {
    let mut live = Live::default();
    let mut record = Record::default();
    for table in tables {
        let columns = (0..table.columns().len()).map(|at| {
            let shape = ShapeColumn::wanted(table, at);
            LiveColumn {
                name: shape.name,
                type_name: shape.type_name,
                nullable: shape.nullable,
                default: shape.default.map(|_| String::new()),
                key: shape.key,
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
            texts: vec![LiveText {
                kind: "table".to_owned(),
                name: table.name().to_owned(),
                sql: crate::create::create_table(table),
            }],
            ..LiveTable::default()
        };
        live.tables.insert(table.name().to_owned(), found);
        let name = table.model().full_name().to_owned();
        record.models.insert(name, ModelRecord::of(table));
    }
    (live, record)
}

fn from_to(before: &[Table], after: &[Table], allow_destructive: bool) -> Plan {
    let (live, record) = made(before);
    from(&live, &record, after, allow_destructive)
}

fn from(live: &Live, record: &Record, after: &[Table], allow_destructive: bool) -> Plan {
    let after: Vec<&Table> = after.iter().collect();
    plan(&Request {
        tables: &after,
        live,
        record,
        packages: &["shop.v1"],
        renames: &[],
        dangling: &[],
        allow_destructive,
    })
}

/// Everything that a plan says.
fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for (word, steps) in [("", &plan.steps), ("withheld: ", &plan.withheld)] {
        for step in steps {
            let required = if step.required { ", required" } else { "" };
            let _ = writeln!(text, "{word}{step}{required}");
            if !step.note.is_empty() {
                let _ = writeln!(text, "  {}", step.note);
            }
            for sql in &step.sql {
                let _ = writeln!(text, "  {sql};");
            }
        }
    }
    for problem in &plan.problems {
        let _ = writeln!(text, "problem: {problem}");
    }
    text
}

/// The steps of a plan without their statements.
fn actions(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_database_gets_tables_and_indexes() {
    let plan = from_to(&[], &[everything()], false);
    insta::assert_snapshot!(text(&plan));
    assert!(
        plan.steps
            .iter()
            .all(|step| step.phase == Phase::Expand && !step.long)
    );
    assert_eq!(plan.record, made(&[everything()]).1);
}

#[test]
fn a_database_that_fits_stays_as_it_is() {
    let (live, record) = made(&[everything()]);
    let plan = from(&live, &record, &[everything()], false);
    assert!(plan.is_empty(), "{}", text(&plan));
    assert_eq!(plan.record, record);
    // One that was made before there was a record is adopted.
    let plan = from(&live, &Record::default(), &[everything()], false);
    assert!(plan.is_empty(), "{}", text(&plan));
    assert_eq!(plan.record, record);
}

#[test]
fn a_field_is_its_number() {
    let before = book("string title = 2; int32 pages = 3;");
    let plan = from_to(&before, &book("string name = 2; int32 pages = 3;"), false);
    insta::assert_snapshot!(text(&plan));
    // Another number is another field; the column of the old one would be in the way of its name.
    let plan = from_to(&before, &book("string name = 4; int32 pages = 3;"), true);
    assert_eq!(
        actions(&plan),
        [
            "add column books.name (expand)",
            "drop column books.title (contract, destructive)"
        ]
    );
    // The name is taken by a new field.
    let after = book("string name = 2; int32 pages = 3; bool title = 4;");
    assert_eq!(
        actions(&from_to(&before, &after, false)),
        [
            "rename column books.title to name (contract)",
            "add column books.title (expand)"
        ]
    );
}

#[test]
fn columns_exchange_their_names() {
    let before = book("string a = 2; string b = 3; string c = 4;");
    let after = book("string b = 2; string c = 3; string a = 4;");
    let plan = from_to(&before, &after, false);
    insta::assert_snapshot!(text(&plan));
    let chain = from_to(
        &before,
        &book("string b = 2; string c = 3; string d = 4;"),
        false,
    );
    assert_eq!(
        actions(&chain),
        [
            "rename column books.c to d (contract)",
            "rename column books.b to c (contract)",
            "rename column books.a to b (contract)"
        ]
    );
}

#[test]
fn a_field_of_another_number_keeps_the_column_of_its_name() {
    let before = book("string title = 2;");
    let plan = from_to(&before, &book("string title = 3;"), false);
    assert!(plan.is_empty(), "{}", text(&plan));
}

#[test]
fn the_column_of_a_removed_field_makes_room_for_its_name() {
    let before = book("string title = 2; int32 a = 3;");
    // Renamed to the name of one that is gone.
    let plan = from_to(&before, &book("string a = 2;"), false);
    assert_eq!(
        actions(&plan),
        [
            "rename column books.a to protoloop_removed_3_a (contract)",
            "rename column books.title to a (contract)"
        ]
    );
    let fields = &plan.record.models["shop.v1.Book"].fields;
    assert_eq!(fields[&3].column, "protoloop_removed_3_a");
    // A new field of a kind that the old values are not of.
    let plan = from_to(
        &before,
        &book("string title = 2; google.protobuf.Timestamp a = 4;"),
        true,
    );
    assert_eq!(
        actions(&plan),
        [
            "rename column books.a to protoloop_removed_3_a (contract)",
            "add column books.a (expand)",
            "drop column books.protoloop_removed_3_a (contract, destructive)"
        ]
    );
}

#[test]
fn drops_are_withheld_and_remembered() {
    let before = book("string title = 2; int32 pages = 3;");
    let after = book("string title = 2;");
    let plan = from_to(&before, &after, false);
    assert_eq!(actions(&plan), [""; 0]);
    assert_eq!(plan.withheld.len(), 1);
    assert!(
        plan.obstacles().is_empty(),
        "old columns are in nobody's way"
    );
    let fields = &plan.record.models["shop.v1.Book"].fields;
    assert_eq!(fields[&3].column, "pages");
    let allowed = from_to(&before, &after, true);
    insta::assert_snapshot!(text(&allowed));
    assert!(
        !allowed.record.models["shop.v1.Book"]
            .fields
            .contains_key(&3)
    );
}

#[test]
fn a_model_may_get_another_name_or_table() {
    let before = book("string title = 2;");
    let table = model("Book", "table: \"volumes\"", "string title = 2;");
    assert_eq!(
        actions(&from_to(&before, &table, false)),
        ["rename table books to volumes (contract)"]
    );
    // Renamed, with all its fields as they were.
    let plan = from_to(&before, &model("Volume", "", "string title = 2;"), false);
    assert_eq!(actions(&plan), ["rename table books to volumes (contract)"]);
    assert!(!plan.record.models.contains_key("shop.v1.Book"));
    // Renamed, and kept in its table.
    let kept = model(
        "Volume",
        "table: \"books\"",
        "string title = 2; int32 pages = 3;",
    );
    assert_eq!(
        actions(&from_to(&before, &kept, false)),
        ["add column books.pages (expand)"]
    );
    // Renamed and changed: nobody can know, unless it is said.
    let other = model("Volume", "", "string title = 2; int32 pages = 3;");
    assert_eq!(
        actions(&from_to(&before, &other, true)),
        [
            "create table volumes (expand)",
            "drop table books (contract, destructive)"
        ]
    );
    let (live, record) = made(&before);
    let renames = [("shop.v1.Book".to_owned(), "shop.v1.Volume".to_owned())];
    let all: Vec<&Table> = other.iter().collect();
    let said = plan_with(&all, &live, &record, &renames);
    assert_eq!(
        actions(&said),
        [
            "rename table books to volumes (contract)",
            "add column volumes.pages (expand)"
        ]
    );
}

fn plan_with(
    tables: &[&Table],
    live: &Live,
    record: &Record,
    renames: &[(String, String)],
) -> Plan {
    plan(&Request {
        tables,
        live,
        record,
        packages: &["shop.v1"],
        renames,
        dangling: &[],
        allow_destructive: false,
    })
}

#[test]
fn models_of_other_packages_are_left_alone() {
    let (live, mut record) = made(&book("string title = 2;"));
    let moved = record.models.remove("shop.v1.Book").expect("recorded");
    record.models.insert("stock.v1.Item".to_owned(), moved);
    let (_, own) = made(&model("Author", "", ""));
    record.models.extend(own.models);
    let plan = from(&live, &record, &model("Author", "", ""), true);
    assert_eq!(actions(&plan), ["create table authors (expand)"]);
    assert!(plan.record.models.contains_key("stock.v1.Item"));
}

#[test]
fn wider_types_are_safe() {
    let before = book(
        "int32 a = 2 [(protoloop.v1.field) = { index: true }]; int32 b = 3; string c = 4; bool d = 5; uint32 e = 6;
         optional string f = 7; int32 g = 8;",
    );
    let after = book(
        "int64 a = 2 [(protoloop.v1.field) = { index: true }]; double b = 3; bytes c = 4; int32 d = 5; uint64 e = 6;
         string f = 7; optional int32 g = 8;",
    );
    let plan = from_to(&before, &after, false);
    assert!(plan.withheld.is_empty() && plan.problems.is_empty());
    insta::assert_snapshot!(text(&plan));
}

#[test]
fn narrower_types_are_destructive() {
    let before = book("int64 a = 2; double b = 3; string c = 4;");
    let after = book("int32 a = 2; int64 b = 3; int32 c = 4; string d = 5;");
    let plan = from_to(&before, &after, false);
    assert_eq!(actions(&plan), ["add column books.d (expand)"]);
    assert_eq!(plan.obstacles().len(), 1);
    insta::assert_snapshot!(text(&from_to(&before, &after, true)));
}

#[test]
fn types_that_nothing_converts_are_problems() {
    let before = book("string a = 2; repeated string b = 3; int32 c = 4;");
    let after = book("google.protobuf.Timestamp a = 2; repeated int32 b = 3; string c = 1000;");
    let plan = from_to(&before, &after, true);
    insta::assert_snapshot!(text(&plan));
}

#[test]
fn another_key_is_a_problem() {
    let before = model("Book", "", "string title = 2;");
    let after = tables(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Book {
          option (protoloop.v1.model) = {};
          string id = 1;
          string title = 2 [(protoloop.v1.field) = { id: CLIENT }];
        }
        "#,
    );
    let plan = from_to(&before, &after, true);
    assert_eq!(plan.problems.len(), 2, "{}", text(&plan));
}

#[test]
fn indexes_come_and_go() {
    let before = book(
        "string a = 2 [(protoloop.v1.field) = { index: true }]; string b = 3 [(protoloop.v1.field) = { index: true }];",
    );
    let after = book(
        "string a = 2 [(protoloop.v1.field) = { unique: true }]; string b = 3; string c = 4 [(protoloop.v1.field) = { index: true }];",
    );
    insta::assert_snapshot!(text(&from_to(&before, &after, false)));
    // One that someone else made stays.
    let (mut live, record) = made(&before);
    let books = live.tables.get_mut("books").expect("made");
    let theirs = books.indexes["books_a_idx"].clone();
    books.indexes.insert("theirs".to_owned(), theirs);
    assert!(from(&live, &record, &before, true).is_empty());
    // One that was half built is made again.
    let books = live.tables.get_mut("books").expect("made");
    books.indexes.remove("theirs");
    books.indexes.get_mut("books_a_idx").expect("made").valid = false;
    assert_eq!(
        actions(&from(&live, &record, &before, false)),
        [
            "drop index books_a_idx of books (contract)",
            "create index books_a_idx on books (expand, long)"
        ]
    );
}

#[test]
fn an_index_that_someone_else_made_serves() {
    let after = book("string isbn = 2 [(protoloop.v1.field) = { unique: true }];");
    let (mut live, _) = made(&after);
    let books = live.tables.get_mut("books").expect("made");
    let mut theirs = books.indexes.remove("books_isbn_key").expect("made");
    // It keeps empty texts apart too, which is more than is needed.
    theirs.partial = false;
    theirs.constraint = true;
    books.indexes.insert("theirs".to_owned(), theirs);
    let plan = from(&live, &Record::default(), &after, true);
    assert!(plan.is_empty(), "{}", text(&plan));
    assert!(plan.record.models["shop.v1.Book"].indexes.is_empty());
    let gone = from(&live, &plan.record, &book("string isbn = 2;"), true);
    assert!(gone.is_empty(), "{}", text(&gone));
}

#[test]
fn a_view_needs_its_columns_and_nothing_else() {
    let before = book("string title = 2;");
    let (mut live, record) = made(&before);
    let books = live.tables.get_mut("books").expect("made");
    books.view = true;
    for column in &mut books.columns {
        column.type_name.clear();
        column.key = 0;
        column.nullable = true;
    }
    assert!(from(&live, &record, &before, true).is_empty());
    let more = book("string title = 2; bool sold = 3 [(protoloop.v1.field) = { index: true }];");
    let plan = from(&live, &record, &more, true);
    assert_eq!(
        plan.problems,
        ["table books: is a view without a column sold"]
    );
    assert!(plan.steps.is_empty());
}

#[test]
fn a_rebuild_keeps_what_others_made_and_refuses_what_it_would_lose() {
    let before = book("int32 a = 2;");
    let after = book("double a = 2;");
    let (mut live, record) = made(&before);
    let books = live.tables.get_mut("books").expect("made");
    books.columns.push(LiveColumn {
        name: "their's".to_owned(),
        type_name: "TEXT".to_owned(),
        nullable: false,
        default: Some("'?'".to_owned()),
        ..LiveColumn::default()
    });
    books.texts.push(LiveText {
        kind: "trigger".to_owned(),
        name: "t".to_owned(),
        sql: "CREATE TRIGGER t …".to_owned(),
    });
    insta::assert_snapshot!(text(&from(&live, &record, &after, false)));
    for (lost, sql) in [
        (
            "a CHECK",
            "CREATE TABLE books (id TEXT PRIMARY KEY, a INTEGER CHECK (a > 0))",
        ),
        (
            "a COLLATE",
            "CREATE TABLE books (id TEXT COLLATE nocase, \"check\" TEXT)",
        ),
        (
            "what a foreign key says beside ON DELETE",
            "create table books (id TEXT references authors on update cascade)",
        ),
    ] {
        let books = live.tables.get_mut("books").expect("made");
        books.texts[0].sql = sql.to_owned();
        let plan = from(&live, &record, &after, false);
        assert!(plan.steps.is_empty());
        assert!(plan.problems[0].contains(lost), "{:?}", plan.problems);
    }
}

#[test]
fn columns_of_others_must_not_stop_new_rows() {
    let before = book("string a = 2;");
    let (mut live, record) = made(&before);
    let books = live.tables.get_mut("books").expect("made");
    books.columns.push(LiveColumn {
        name: "theirs".to_owned(),
        type_name: "TEXT".to_owned(),
        ..LiveColumn::default()
    });
    assert_eq!(
        from(&live, &record, &before, true).problems,
        ["table books: column theirs is NOT NULL without DEFAULT but no field of the model"]
    );
}

#[test]
fn the_record_is_written_as_a_difference() {
    let (_, before) = made(&book("string title = 2;"));
    let (_, after) = made(&book(
        "string name = 2 [(protoloop.v1.field) = { index: true }];",
    ));
    let dialect: &dyn Dialect = &crate::SQLITE;
    assert!(before.write(&before, dialect).is_empty());
    let statements = before.write(&after, dialect);
    let texts: Vec<_> = statements.iter().map(|one| one.sql.as_str()).collect();
    insta::assert_snapshot!(texts.join(";\n"));
    let difference = before.difference(&after);
    assert_eq!(before.with(&difference), after);
    assert_eq!(
        after.with(&after.difference(&Record::default())),
        Record::default()
    );
}

const LINKED: &str =
    "string author_id = 2; Author author = 3 [(protoloop.v1.relation) = { belongs_to: {} }];";

fn linked(fields: &str) -> Vec<Table> {
    tables(&format!(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Author {{
          option (protoloop.v1.model) = {{}};
          string id = 1 [(protoloop.v1.field) = {{ id: UUID_V7 }}];
        }}
        message Book {{
          option (protoloop.v1.model) = {{}};
          string id = 1 [(protoloop.v1.field) = {{ id: UUID_V7 }}];
          {fields}
        }}
        "#
    ))
}

#[test]
fn a_relation_brings_its_foreign_key() {
    let before = linked("string author_id = 2;");
    let after = linked(LINKED);
    let (mut live, record) = made(&before);
    insta::assert_snapshot!(text(&from(&live, &record, &after, false)));
    // Not where rows refer to nothing.
    let all: Vec<&Table> = after.iter().collect();
    let missing = missing_references(&all, &live);
    assert_eq!(missing.len(), 1);
    insta::assert_snapshot!(missing[0].check);
    let plan = plan(&Request {
        tables: &all,
        live: &live,
        record: &record,
        packages: &["shop.v1"],
        renames: &[],
        dangling: &[(missing[0].table.clone(), missing[0].column.clone())],
        allow_destructive: false,
    });
    assert!(plan.obstacles().is_empty(), "{}", text(&plan));
    assert!(
        plan.withheld[0].note.contains("that are not there"),
        "{}",
        text(&plan)
    );
    // One that someone made with other words serves.
    let books = live.tables.get_mut("books").expect("made");
    books.columns[1].default = None;
    books.foreign_keys.push(crate::LiveForeignKey {
        name: "0".to_owned(),
        columns: vec!["author_id".to_owned()],
        target: "authors".to_owned(),
        target_columns: Vec::new(),
        on_delete: protoloop_schema::OnDelete::NoAction,
        valid: true,
    });
    let plan = from(&live, &record, &after, false);
    assert!(
        plan.steps
            .iter()
            .all(|step| matches!(step.action, Action::CreateIndex { .. })),
        "{}",
        text(&plan)
    );
    // It goes with the relation, if it was made for it.
    let plan = from(&live, &plan.record, &before, false);
    insta::assert_snapshot!(text(&plan));
}
