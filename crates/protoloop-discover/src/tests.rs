use protoloop_sql::{LiveColumn, LiveForeignKey, LiveIndex, LiveTable};

use super::*;

fn column(name: &str, type_name: &str, key: usize) -> LiveColumn {
    LiveColumn {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        nullable: key == 0,
        key,
        ..LiveColumn::default()
    }
}

fn table(columns: Vec<LiveColumn>) -> LiveTable {
    LiveTable {
        columns,
        ..LiveTable::default()
    }
}

fn refers(column: &str, target: &str) -> LiveForeignKey {
    LiveForeignKey {
        name: column.to_owned(),
        columns: vec![column.to_owned()],
        target: target.to_owned(),
        target_columns: vec!["id".to_owned()],
        on_delete: protoloop_schema::OnDelete::SetNull,
        valid: true,
    }
}

fn live(tables: Vec<(&str, LiveTable)>) -> Live {
    let named = tables.into_iter();
    Live {
        tables: named
            .map(|(name, table)| (name.to_owned(), table))
            .collect(),
        ..Live::default()
    }
}

fn text(live: &Live) -> String {
    let found = discover(live, "sqlite", &Options::default(), &Lock::default());
    let notices: Vec<_> = found.notices.iter().map(ToString::to_string).collect();
    format!("{}\n{}", found.text, notices.join("\n"))
}

#[test]
fn names_that_meet_are_told_apart() {
    let twice = table(vec![
        column("id", "TEXT", 1),
        column("First Name", "TEXT", 0),
        column("first_name", "TEXT", 0),
        column("boss_id", "TEXT", 0),
        column("boss", "TEXT", 0),
    ]);
    let mut people = twice.clone();
    people.foreign_keys = vec![refers("boss_id", "person")];
    insta::assert_snapshot!(text(&live(vec![("person", people), ("people", twice)])));
}

#[test]
fn what_cannot_be_said_in_a_file_is_written_so_that_it_can() {
    let mut odd = table(vec![
        column("id", "INTEGER", 1),
        column("say \"hi\"\\\n", "TEXT", 0),
        column("2nd", "TEXT", 0),
    ]);
    odd.comment = "one\n*/ option x = 1;\r\nmessage Evil {}".to_owned();
    odd.columns[1].default = Some("'it''s'".to_owned());
    insta::assert_snapshot!(text(&live(vec![("odd \"table\"", odd)])));
}

#[test]
fn every_foreign_key_is_a_relation_or_told() {
    let parent = table(vec![column("id", "TEXT", 1)]);
    let pair = table(vec![column("a", "TEXT", 1), column("b", "TEXT", 2)]);
    let mut child = table(vec![
        column("id", "TEXT", 1),
        column("one_id", "TEXT", 0),
        column("two_id", "TEXT", 0),
        column("number", "INTEGER", 0),
        column("gone_id", "TEXT", 0),
        column("pair_id", "TEXT", 0),
    ]);
    child.foreign_keys = vec![
        refers("one_id", "parents"),
        refers("two_id", "parents"),
        refers("number", "parents"),
        refers("gone_id", "gone"),
        refers("pair_id", "pairs"),
        LiveForeignKey {
            columns: vec!["one_id".to_owned(), "two_id".to_owned()],
            ..refers("both", "pairs")
        },
    ];
    child.indexes.insert(
        "only".to_owned(),
        LiveIndex {
            columns: vec!["two_id".to_owned()],
            descending: vec![false],
            method: "btree".to_owned(),
            unique: true,
            partial: false,
            valid: true,
            constraint: true,
        },
    );
    insta::assert_snapshot!(text(&live(vec![
        ("parents", parent),
        ("pairs", pair),
        ("children", child)
    ])));
}

#[test]
fn a_lock_that_cannot_be_is_refused() {
    let lock = |fields: &str| {
        format!(r#"{{"version":1,"tables":{{"t":{{"message":"T","fields":{fields}}}}}}}"#)
    };
    let field = |number: u32| format!(r#"{{"number":{number},"name":"a"}}"#);
    for text in [
        String::new(),
        r#"{"version":2,"tables":{}}"#.to_owned(),
        lock(&format!(r#"{{"a":{}}}"#, field(0))),
        lock(&format!(r#"{{"a":{}}}"#, field(19_000))),
        lock(&format!(r#"{{"a":{},"b":{}}}"#, field(1), field(1))),
    ] {
        let error = Lock::parse(&text).expect_err(&text);
        assert!(error.message().starts_with(LOCK_FILE), "{error}");
    }
    let good = lock(&format!(r#"{{"a":{}}}"#, field(18_999)));
    let mut good = Lock::parse(&good).expect("reads");
    assert_eq!(good.field("t", "b", "b").number, 20_000);
    assert_eq!(Lock::parse(&good.text()).expect("reads"), good);
}
