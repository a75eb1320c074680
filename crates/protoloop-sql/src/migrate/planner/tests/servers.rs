//! What changes are in the words of database servers.

use protoloop_schema::OnDelete;

use super::{from, from_to, made, text};
use crate::{
    LiveForeignKey,
    testing::{dialects, tables_in},
};

const BEFORE: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Author {
      option (protoloop.v1.model) = { };
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      bool dead = 2;
    }
    message Book {
      option (protoloop.v1.model) = { };
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      string title = 2 [(protoloop.v1.field) = { index: true }];
      string isbn = 3 [(protoloop.v1.field) = { unique: true }];
      string stock = 4;
      optional int32 pages = 5;
      string author_id = 6;
      string gone = 7 [(protoloop.v1.field) = { unique: true }];
      int64 shelf = 8 [(protoloop.v1.field) = { unique: true }];
    }
    message Draft {
      option (protoloop.v1.model) = { };
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
    }
"#;

const AFTER: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Author {
      option (protoloop.v1.model) = { };
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      string dead = 2;
    }
    message Book {
      option (protoloop.v1.model) = { };
      string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
      string name = 2 [(protoloop.v1.field) = { index: true }];
      string code = 3 [(protoloop.v1.field) = { unique: true }];
      int64 stock = 4;
      int64 pages = 5;
      string author_id = 6;
      string shelf = 8 [(protoloop.v1.field) = { unique: true }];
      string note = 9;
      Author author = 10 [(protoloop.v1.relation) = { belongs_to: { key: "author_id" on_delete: CASCADE } }];
    }
    message Shelf {
      option (protoloop.v1.model) = { };
      int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
      string place = 2 [(protoloop.v1.field) = { index: true }];
    }
"#;

#[test]
fn servers_change_columns_in_place() {
    for dialect in dialects() {
        if dialect.ddl().rebuilds_tables() {
            continue;
        }
        let (before, after) = (tables_in(BEFORE, dialect), tables_in(AFTER, dialect));
        let name = format!("changes_{}", dialect.name());
        insta::assert_snapshot!(name, text(&from_to(&before, &after, true)));
    }
}

#[test]
fn references_of_a_table_that_was_left_halfway_are_unset() {
    let mysql = dialects().into_iter().find(|it| it.name() == "mysql");
    let mysql = mysql.expect("a dialect");
    let (mut live, record) = made(&tables_in(BEFORE, mysql));
    let books = live.tables.get_mut("books").expect("made");
    let author = books.columns.iter_mut().find(|it| it.name == "author_id");
    let author = author.expect("made");
    // The statement behind this one was not sent.
    (author.nullable, author.default) = (true, None);
    let plan = text(&from(&live, &record, &tables_in(AFTER, mysql), true));
    let unset = "UPDATE `books` SET `author_id` = NULL WHERE `author_id` = ('')";
    let key = "ADD CONSTRAINT `books_author_id_fkey`";
    let (unset, key) = (plan.find(unset), plan.find(key));
    assert!(unset.is_some() && unset < key, "{plan}");
}

#[test]
fn foreign_keys_of_others_stand_in_the_way() {
    let mysql = dialects().into_iter().find(|it| it.name() == "mysql");
    let mysql = mysql.expect("a dialect");
    let (mut live, record) = made(&tables_in(BEFORE, mysql));
    let books = live.tables.get_mut("books").expect("made");
    books.foreign_keys.push(LiveForeignKey {
        name: "by_hand".to_owned(),
        columns: vec!["pages".to_owned(), "author_id".to_owned()],
        target: "elsewhere".to_owned(),
        target_columns: vec!["a".to_owned(), "b".to_owned()],
        on_delete: OnDelete::Restrict,
        valid: true,
    });
    let plan = from(&live, &record, &tables_in(AFTER, mysql), true);
    let told =
        "table books: the foreign key by_hand (pages, author_id to elsewhere) is of no relation";
    assert!(
        plan.problems
            .iter()
            .any(|problem| problem.starts_with(told)),
        "{}",
        text(&plan)
    );
    let drops = plan
        .steps
        .iter()
        .any(|step| step.to_string().contains("by_hand"));
    assert!(!drops, "{}", text(&plan));
}
