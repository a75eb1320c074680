use protoloop_repository::{Cursor, Filter, OrderBy, Query, SeenRows, Value};

use crate::{
    MARIADB, MYSQL, Table,
    testing::{tables, tables_in},
};

const LIBRARY: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/struct.proto";
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string name = 2;
  optional string publisher_id = 3;
  Publisher publisher = 4 [(protoloop.v1.relation) = { belongs_to: {} }];
  repeated Book books = 5 [(protoloop.v1.relation) = { has_many: {} }];
  Profile profile = 6 [(protoloop.v1.relation) = { has_one: {} }];
  bool gone = 7;
}
message Publisher {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string city = 2;
}
message Profile {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  optional int64 author_id = 2;
  int32 rank = 3;
}
message Book {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  optional int64 author_id = 3;
  Author author = 4 [(protoloop.v1.relation) = { belongs_to: {} }];
  repeated Tag tags = 5 [(protoloop.v1.relation) = { has_many: { through: "BookTag" } }];
  repeated string see_also_ids = 6;
  repeated Book see_also = 7 [(protoloop.v1.relation) = { references_many: { key: "see_also_ids" } }];
  repeated string words = 8;
  map<string, int32> counts = 9;
  google.protobuf.Struct extra = 10;
  double price = 11;
  google.protobuf.Value any = 12;
}
message Tag {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string label = 2;
}
message BookTag {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string book_id = 2;
  string tag_id = 3;
}
"#;

fn shown(table: &Table, filter: &Filter) -> String {
    let statement = table.count(Some(filter)).expect("compiles");
    let name = format!("SELECT COUNT(*) FROM \"{}\" WHERE ", table.name());
    format!(
        "{}\n-- {:?}",
        statement.sql.replace(&name, ""),
        statement.values
    )
}

fn conditions(table: &Table, filters: &[&str]) -> String {
    let each = filters.iter().map(|text| {
        let filter = Filter::parse(table.model(), text).expect(text);
        format!("{text}\n{}", shown(table, &filter))
    });
    each.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn relations_become_exists() {
    let tables = tables(LIBRARY);
    let of_books = conditions(
        &tables[3],
        &[
            "author.name = \"Ann\"",
            "author.name != \"Ann\"",
            "author:*",
            "author.publisher.city = \"Bern\"",
            "author.books.title = \"x\" AND title = \"y\"",
            "tags.label = \"new\"",
            "none(tags, label = \"new\" OR label = \"old\")",
            "see_also.title = \"x\"",
            r#"{"where": {"tags": {"every": {"label": {"neq": "old"}}}}}"#,
            r#"{"where": {"author.name": {"inq": ["a", "b"], "nlike": "c%"}}}"#,
        ],
    );
    let of_authors = conditions(&tables[0], &["books.price > 5", "profile.rank >= 1"]);
    insta::assert_snapshot!(format!("{of_books}\n\n{of_authors}"));
}

#[test]
fn scopes_stand_in_every_exists() {
    let tables = tables(LIBRARY);
    let mut filter = Filter::parse(
        tables[3].model(),
        "author.books.title = x OR every(tags, label = x)",
    )
    .expect("a filter");
    let seen: SeenRows<'_> = &|model| {
        let text = match model.message().name.as_ref() {
            "Author" => "gone = false",
            "BookTag" => "id > m",
            "Tag" => "id < n",
            _ => return Ok(None),
        };
        Ok(Filter::parse(model, text).ok())
    };
    filter.scope_related(seen).expect("scoped");
    insta::assert_snapshot!(shown(&tables[3], &filter));
}

#[test]
fn orders_follow_to_one_relations() {
    let tables = tables(LIBRARY);
    let books = &tables[3];
    let mut texts = Vec::new();
    for order in [
        "author.name desc",
        "author.publisher.city, title",
        "author.profile.rank",
    ] {
        let order = OrderBy::parse(books.model(), order).expect(order);
        let mut query = Query::new(order);
        query.fields = Some(vec![2]);
        let (statement, _) = books.select(&query).expect("compiles");
        texts.push(statement.sql);
    }
    let order = OrderBy::parse(books.model(), "author.name desc").expect("an order");
    let mut query = Query::new(order);
    query.fields = Some(vec![2]);
    query.after = Some(Cursor {
        values: vec![Value::String("Ann".into()), Value::String("7".into())],
    });
    let (statement, _) = books.select(&query).expect("compiles");
    texts.push(format!("{}\n-- {:?}", statement.sql, statement.values));
    insta::assert_snapshot!(texts.join("\n\n"));
}

#[test]
fn lists_and_values_of_any_type_become_conditions() {
    let tables = tables(LIBRARY);
    insta::assert_snapshot!(conditions(
        &tables[3],
        &[
            "containedBy(words, a, b)",
            "containsAny(words, a, b)",
            "contains(words, a, b)",
            "length(words) > 2",
            "length(counts) = 0",
            "extra.a.b = \"x\"",
            "extra.a = 5",
            "extra.a = true",
            "extra.a > 1",
            "extra.a:*",
            "any = 5",
            "any.a = \"x\"",
            "like(extra.a, \"x%\")",
        ]
    ));
}

#[test]
fn each_of_the_two_servers_is_told_a_collation_that_it_knows() {
    let texts = [&MARIADB, &MYSQL].map(|dialect| {
        let tables = tables_in(LIBRARY, dialect);
        let filters = ["extra.a = \"x\"", "words:a", "see_also.title = \"x\""];
        let conditions = filters.map(|text| {
            let filter = Filter::parse(tables[3].model(), text).expect(text);
            tables[3].count(Some(&filter)).expect("compiles").sql
        });
        conditions.join("\n")
    });
    let [mariadb, mysql] = &texts;
    assert!(mariadb.contains("utf8mb4_nopad_bin") && !mariadb.contains("0900"));
    assert!(mysql.contains("utf8mb4_0900_bin") && !mysql.contains("nopad"));
    insta::assert_snapshot!(mysql);
}

/// A note is of an author or of a book.
const NOTES: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Note {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string of_type = 2;
  string of_id = 3;
  Book book = 4 [(protoloop.v1.relation) = { belongs_to: { key: "of_id" discriminator: "of_type" } }];
}
message Book {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
}
"#;

#[test]
fn a_polymorphic_key_is_followed_where_it_is_told_so() {
    let tables = tables(NOTES);
    let notes = &tables[0];
    let order = OrderBy::parse(notes.model(), "book.title").expect("an order");
    let (order, _) = notes.select(&Query::new(order)).expect("compiles");
    let condition = conditions(notes, &["book.title = \"x\"", "NOT book:*"]);
    insta::assert_snapshot!(format!("{condition}\n\n{}", order.sql));
}
