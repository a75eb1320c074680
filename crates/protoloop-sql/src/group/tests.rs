use protoloop_repository::{Filter, OrderBy, Query};

use super::*;
use crate::testing::tables;

const LIBRARY: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  optional int64 author_id = 3;
}
message Author {
  option (protoloop.v1.model) = { };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  repeated Book books = 2 [(protoloop.v1.relation) = { has_many: {} }];
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
  bool old = 4;
}
"#;

fn sql(table: &Table, query: &GroupQuery) -> String {
    let (statement, _) = table
        .select_grouped(query, &query.keys)
        .expect("a statement");
    format!("{}\n{:?}", statement.sql, statement.values)
}

fn query(table: &Table, order: &str) -> Query {
    Query::new(OrderBy::parse(table.model(), order).expect("an order"))
}

#[test]
fn the_rows_of_keys_are_one_statement() {
    let tables = tables(LIBRARY);
    let books = &tables[0];
    let mut grouped = GroupQuery {
        by: GroupBy::Field(3),
        keys: [1, 2, 3].map(KeyValue::Int).to_vec(),
        query: query(books, "title desc"),
        most: Some(100),
    };
    let mut texts = vec![sql(books, &grouped)];
    grouped.query.filter = Some(Filter::parse(books.model(), "title != a").expect("a filter"));
    grouped.query.limit = Some(10);
    grouped.query.skip = 5;
    grouped.query.fields = Some(vec![2]);
    texts.push(sql(books, &grouped));
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn linked_rows_are_one_statement() {
    let tables = tables(LIBRARY);
    let (tags, links) = (&tables[2], &tables[3]);
    let mut grouped = GroupQuery {
        by: GroupBy::Through(LinkedBy {
            model: std::sync::Arc::clone(links.model()),
            key: 2,
            other: 3,
            scope: Filter::parse(links.model(), "old = false").expect("a filter"),
        }),
        keys: vec![KeyValue::String("a".into())],
        query: query(tags, ""),
        most: None,
    };
    let mut texts = vec![sql(tags, &grouped)];
    grouped.query.limit = Some(2);
    texts.push(sql(tags, &grouped));
    insta::assert_snapshot!(texts.join("\n\n"));
}
