use protoloop_repository::{Filter, OrderBy, Query};

use crate::{
    Table, Violation,
    testing::{create_text, tables},
};

const LIBRARY: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string author_id = 2;
  Author author = 3 [(protoloop.v1.relation) = { belongs_to: {} }];
  optional string editor_id = 4;
  Author editor = 5 [(protoloop.v1.relation) = { belongs_to: { on_delete: SET_NULL } }];
  int64 shelf_id = 6;
  Shelf shelf = 7 [(protoloop.v1.relation) = { belongs_to: { on_delete: NO_ACTION } }];
  repeated Tag tags = 8 [(protoloop.v1.relation) = { has_many: { through: "BookTag" } }];
}
message Author {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string best_id = 2;
  Book best = 3 [(protoloop.v1.relation) = { belongs_to: {} }];
  Profile profile = 4 [(protoloop.v1.relation) = { has_one: { on_delete: CASCADE } }];
}
message Profile {
  option (protoloop.v1.model) = { };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string author_id = 2;
}
message Shelf {
  option (protoloop.v1.model) = { };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
}
message Tag {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
message BookTag {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string book_id = 2;
  string tag_id = 3;
}
"#;

#[test]
fn tables_refer_to_each_other() {
    let tables = tables(LIBRARY);
    let all: Vec<&Table> = tables.iter().collect();
    insta::assert_snapshot!(create_text(&all));
}

#[test]
fn a_key_that_is_null_in_the_database_is_the_default_in_a_filter() {
    let tables = tables(LIBRARY);
    let books = &tables[0];
    let mut texts = Vec::new();
    for filter in [
        r#"author_id = "a""#,
        r#"author_id = """#,
        r#"author_id != "a""#,
        r#"author_id < "a""#,
        r#"author_id = ("a" OR "b")"#,
        r#"author_id = ("a" OR "")"#,
        "author_id:*",
    ] {
        let mut query =
            Query::new(OrderBy::parse(books.model(), "author_id desc").expect("parses"));
        query.filter = Some(Filter::parse(books.model(), filter).expect("parses"));
        let (statement, _) = books.select(&query).expect("a statement");
        let (_, condition) = statement.sql.split_once("WHERE").expect("a condition");
        texts.push(format!("{filter}:{condition}"));
    }
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn constraints_are_known_by_name() {
    let tables = tables(LIBRARY);
    let told = |table: usize, name: &str, deleting| {
        let named = Violation {
            constraint: Some(name.to_owned()),
            ..Violation::default()
        };
        tables[table].violated(&named, deleting).to_string()
    };
    insta::assert_snapshot!(
        [
            told(0, "books_author_id_fkey", false),
            told(1, "books_author_id_fkey", true),
            told(1, "authors_best_id_fkey", false),
            told(0, "authors_best_id_fkey", true),
            told(0, "other", true),
        ]
        .join("\n")
    );
}

#[test]
fn constraints_that_others_named_are_known_by_their_columns() {
    let tables = tables(LIBRARY);
    let told = |table: usize, of: &str, columns: &[&str], deleting| {
        let columns = columns.iter().map(|column| (*column).to_owned());
        let found = Violation {
            constraint: Some("fk_1".to_owned()),
            table: Some(of.to_owned()),
            columns: columns.collect(),
        };
        tables[table].violated(&found, deleting).to_string()
    };
    insta::assert_snapshot!(
        [
            told(0, "books", &["author_id"], false),
            told(0, "books", &["author_id", "shelf_id"], false),
            told(0, "books", &["nobody"], false),
            told(0, "others", &["author_id"], false),
            // PostgreSQL tells the columns of the row referred to.
            told(0, "authors", &["id"], true),
            told(1, "books", &["author_id"], true),
            // Two keys of books lead to authors.
            told(1, "books", &["id"], true),
            told(0, "books", &["author_id", "shelf_id"], true),
            told(0, "others", &["book_id"], true),
        ]
        .join("\n")
    );
}
