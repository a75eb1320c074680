//! Methods on the rows of relations.

use protoloop_schema::{Schema, StandardKind};

use crate::{
    support::{compile, read, schema},
    todo::routes,
};

const LIBRARY: &str = r#"
syntax = "proto3";
package library.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  repeated Book books = 2 [(protoloop.v1.relation) = { has_many: {} }];
  Profile profile = 3 [(protoloop.v1.relation) = { has_one: {} }];
  repeated Book secrets = 4 [(protoloop.v1.field) = { hidden: true }, (protoloop.v1.relation) = { has_many: {} }];
  repeated Letter letters = 5 [(protoloop.v1.relation) = { has_many: {} }];
}
message Profile {
  option (protoloop.v1.model) = { expose: CRUD };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string author_id = 2;
}
message Book {
  option (protoloop.v1.model) = { expose: CRUD total_size: true };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string author_id = 2;
  Author author = 3 [(protoloop.v1.relation) = { belongs_to: {} }];
  repeated Tag tags = 4 [(protoloop.v1.relation) = { has_many: { through: "BookTag" } }];
}
message Tag {
  option (protoloop.v1.model) = { expose: READ };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  repeated Book books = 2 [(protoloop.v1.relation) = { has_many: { through: "library.v1.BookTag" } }];
}
message BookTag {
  option (protoloop.v1.model) = { expose: CRUD };
  string book_id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string tag_id = 2 [(protoloop.v1.field) = { id: CLIENT }];
}
message Category {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  optional string parent_id = 2;
  repeated Category children = 3 [(protoloop.v1.relation) = { has_many: { key: "parent_id" } }];
}
// Nobody reads letters.
message Letter {
  option (protoloop.v1.model) = {};
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string author_id = 2;
}
"#;

/// The routes that the relations bring.
fn related(schema: &Schema) -> String {
    let all = routes(schema);
    let of_relations = all.lines().filter(|line| {
        ["Of", "To", "From"].iter().any(|word| {
            let Some(at) = line.find(word) else {
                return false;
            };
            line[at + word.len()..].starts_with(char::is_uppercase)
        })
    });
    of_relations.collect::<Vec<_>>().join("\n")
}

#[test]
fn relations_bring_methods() {
    let schema = schema(LIBRARY);
    insta::assert_snapshot!(related(&schema));
    assert!(
        schema
            .methods()
            .iter()
            .all(|method| method.standard.is_some())
    );
    assert!(schema.warnings().is_empty(), "{:?}", schema.warnings());
    let method = |name: &str| {
        let mut methods = schema.methods().iter();
        methods
            .find(|method| &*method.info.name == name)
            .and_then(|method| method.standard.clone())
    };
    let list = method("ListBooksOfAuthor").unwrap();
    let entity = |name: &str| schema.message_by_name(name).unwrap().entity.unwrap();
    assert_eq!(list.kind, StandardKind::List);
    assert_eq!(list.entity, entity("library.v1.Book"));
    let relation = list.relation.unwrap();
    assert_eq!(
        (relation.parent, relation.field),
        (entity("library.v1.Author"), 2)
    );
    assert_eq!(list.request.parent, Some(11));
    let link = method("LinkTagsToBook").unwrap();
    assert_eq!((link.kind, link.request.ids), (StandardKind::Link, Some(1)));
    assert!(method("LinkBooksToTag").is_none());
    let create = method("CreateResourceOfCategory");
    assert!(create.is_none() && method("CreateChildOfCategory").is_some());
}

#[test]
fn what_was_made_once_is_not_made_again() {
    let once = schema(LIBRARY);
    let again = Schema::from_descriptor_set(once.descriptor_set()).unwrap();
    assert_eq!(related(&once), related(&again));
    assert_eq!(once.methods().len(), again.methods().len());
    assert!(Schema::from_descriptor_set(&compile(LIBRARY)).is_ok());
}

#[test]
fn methods_of_relations_may_be_written_by_hand() {
    let text = LIBRARY.replace(
        "message Letter {",
        r#"
        service Shelf {
          rpc Shelve(ShelveRequest) returns (Book) {
            option (protoloop.v1.method) = { standard: CREATE relation: "Author.books" };
          }
        }
        message ShelveRequest { string author = 1; Book book = 2; }
        message Letter {"#,
    );
    let schema = schema(&text);
    let method = schema.method_by_path("/library.v1.Shelf/Shelve").unwrap();
    assert_eq!(method.standard.as_ref().unwrap().request.parent, Some(1));
    for (wrong, told) in [
        (
            ("Author.books", "Author.nothing"),
            "names the relation `Author.nothing`, which does not exist",
        ),
        (
            ("CREATE relation", "LINK relation"),
            "cannot be said of the relation `Author.books`",
        ),
        (
            ("string author = 1; ", ""),
            "ShelveRequest has no field `string author`",
        ),
    ] {
        let problems = read(&text.replace(wrong.0, wrong.1))
            .unwrap_err()
            .to_string();
        assert!(problems.contains(told), "{problems}");
    }
}
