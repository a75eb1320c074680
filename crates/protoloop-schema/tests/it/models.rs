//! Models and the services that are made from them.

use protoloop_schema::{IdStrategy, Kind, OnDelete, RelationKind, Schema};

use crate::{
    support::{read, schema},
    todo::routes,
};

fn with_header(text: &str) -> String {
    format!(
        "syntax = \"proto3\";\npackage shop.v1;\nimport \"protoloop/v1/annotations.proto\";\nimport \"google/api/annotations.proto\";\nimport \"google/api/field_behavior.proto\";\nimport \"google/api/resource.proto\";\nimport \"google/protobuf/empty.proto\";\nimport \"google/protobuf/field_mask.proto\";\nimport \"google/protobuf/timestamp.proto\";\n{text}"
    )
}

fn model(text: &str) -> Schema {
    schema(&with_header(text))
}

#[test]
fn relations_resolve_to_numbers() {
    let schema = model(
        r#"
        message Book {
          option (protoloop.v1.model) = {};
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
          optional string author_id = 2;
          Author author = 3 [(protoloop.v1.relation) = { belongs_to: { on_delete: SET_NULL } }];
          repeated Review reviews = 4 [(protoloop.v1.relation) = { has_many: { owned: true } }];
          repeated Tag tags = 5 [(protoloop.v1.relation) = { has_many: { through: "BookTag" } }];
          repeated int64 related_tag_ids = 6;
          repeated Tag related_tags = 7 [(protoloop.v1.relation) = { references_many: {} }];
          Cover cover = 8 [(protoloop.v1.relation) = { has_one: { target: "shop.v1.Cover" key: "of" } }];
          Plain plain = 9 [(protoloop.v1.relation) = { embeds_one: { key: "plain_json" } }];
        }
        message Author { option (protoloop.v1.model) = {}; string id = 1 [(protoloop.v1.field) = { id: ULID }]; }
        message Review { option (protoloop.v1.model) = {}; string id = 1 [(protoloop.v1.field) = { id: UUID_V4 }]; string book_id = 4; }
        message Tag { option (protoloop.v1.model) = {}; int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }]; }
        message BookTag { option (protoloop.v1.model) = {}; string id = 1 [(protoloop.v1.field) = { id: CLIENT }]; string book_id = 2; int64 tag_id = 3; }
        message Cover { option (protoloop.v1.model) = {}; string id = 1 [(protoloop.v1.field) = { id: CLIENT }]; string of = 2; }
        message Plain { string text = 1; }"#,
    );
    let entity = |name: &str| {
        let message = schema.message_by_name(name).unwrap();
        schema.entity_of(message.id).unwrap()
    };
    let book = entity("shop.v1.Book");
    let relation = |name: &str| {
        let found = book
            .relations
            .iter()
            .find(|relation| &*relation.name == name);
        found.unwrap()
    };
    let author = RelationKind::BelongsTo {
        key: 2,
        on_delete: OnDelete::SetNull,
    };
    assert_eq!(relation("author").kind, author);
    assert_eq!(relation("author").target, entity("shop.v1.Author").id);
    assert_eq!(relation("reviews").kind, RelationKind::HasMany { key: 4 });
    assert!(relation("reviews").owned && !relation("tags").owned);
    let through = entity("shop.v1.BookTag").id;
    assert_eq!(
        relation("tags").kind,
        RelationKind::HasManyThrough {
            through,
            key: 2,
            through_key: 3
        }
    );
    let related = RelationKind::ReferencesMany { key: 6 };
    assert_eq!(relation("related_tags").kind, related);
    assert_eq!(relation("cover").kind, RelationKind::HasOne { key: 2 });
    let columns: Vec<_> = book
        .columns
        .iter()
        .map(|(number, name)| (*number, &**name))
        .collect();
    assert_eq!(
        columns,
        [
            (1, "id"),
            (2, "author_id"),
            (6, "related_tag_ids"),
            (9, "plain_json")
        ]
    );
    assert_eq!(&*entity("shop.v1.BookTag").table, "book_tags");
    assert_eq!(entity("shop.v1.Tag").id_strategy, IdStrategy::Sequence);
}

#[test]
fn options_of_fields_reach_the_model() {
    let schema = model(
        r#"
        message Person {
          option (protoloop.v1.model) = {
            table: "humans" datasource: "archive" plural: "folk"
            indexes: { fields: ["name", "age desc"] name: "by_name" }
            default_page_size: 10 max_page_size: 20
          };
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }, (google.api.field_behavior) = OUTPUT_ONLY, (google.api.field_behavior) = IDENTIFIER];
          string name = 2 [(protoloop.v1.field) = { unique: true }, (google.api.field_behavior) = REQUIRED];
          int32 age = 3 [(protoloop.v1.field) = { index: true column: "years" }];
          string secret = 4 [(protoloop.v1.field) = { hidden: true }];
          string blob = 5 [(protoloop.v1.field) = { not_filterable: true }];
          string etag = 6 [(protoloop.v1.field) = { etag: true }];
          google.protobuf.Timestamp create_time = 7 [(protoloop.v1.field) = { create_time: true }];
          google.protobuf.Timestamp update_time = 8 [(protoloop.v1.field) = { update_time: true }];
          string boss = 9 [(google.api.resource_reference) = { type: "shop.v1/Person" }];
        }"#,
    );
    insta::assert_debug_snapshot!(schema.entities());
    let person = schema.message_by_name("shop.v1.Person").unwrap();
    let field = |name: &str| person.field_by_name(name).unwrap();
    assert!(field("id").behavior.output_only && field("id").behavior.identifier);
    assert!(field("name").behavior.required && !field("name").behavior.immutable);
    assert!(field("secret").hidden && !field("blob").hidden);
    assert_eq!(
        field("boss").resource_reference.as_deref(),
        Some("shop.v1/Person")
    );
}

#[test]
fn names_follow_the_options() {
    let schema = model(
        r#"
        message BookCategory {
          option (protoloop.v1.model) = { expose: CRUD total_size: true };
          int64 number = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
        }
        message Human {
          option (protoloop.v1.model) = { expose: READ singular: "person" plural: "people" path: "/staff/v7/" };
          string name = 1 [(protoloop.v1.field) = { id: CLIENT }];
        }"#,
    );
    insta::assert_snapshot!(routes(&schema));
    let list = schema
        .message_by_name("shop.v1.ListBookCategoriesResponse")
        .unwrap();
    assert_eq!(list.field_by_name("total_size").unwrap().number, 3);
    let list = schema
        .method_by_path("/shop.v1.BookCategoryService/ListBookCategories")
        .unwrap();
    assert_eq!(list.standard.as_ref().unwrap().total_size, Some(3));
    let get = schema
        .message_by_name("shop.v1.GetBookCategoryRequest")
        .unwrap();
    assert_eq!(get.field_by_name("number").unwrap().kind, Kind::Int64);
    let batch = schema
        .message_by_name("shop.v1.BatchGetPeopleRequest")
        .unwrap();
    assert!(batch.field_by_name("names").unwrap().is_repeated());
    assert!(
        schema
            .methods()
            .iter()
            .all(|method| method.standard.is_some())
    );
    assert!(schema.warnings().is_empty(), "{:?}", schema.warnings());
}

#[test]
fn client_ids_come_with_the_create_request() {
    let schema = model(
        r#"message Book {
          option (protoloop.v1.model) = { expose: CRUD };
          string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
        }"#,
    );
    let create = schema
        .method_by_path("/shop.v1.BookService/CreateBook")
        .unwrap();
    assert_eq!(
        create.standard.as_ref().unwrap().request.resource_id,
        Some(4)
    );
}

#[test]
fn routes_without_a_version_have_no_prefix() {
    for (package, path) in [
        ("package shop;", "/books"),
        ("package shop.v2beta1;", "/v2beta1/books"),
        ("package shop.vip;", "/books"),
        ("", "/books"),
    ] {
        let text = with_header(
            r#"message Book {
              option (protoloop.v1.model) = { expose: READ };
              string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
            }"#,
        );
        let schema = schema(&text.replace("package shop.v1;", package));
        let list = schema
            .methods()
            .iter()
            .find(|method| &*method.info.name == "ListBooks");
        assert_eq!(&*list.unwrap().http[0].template.text, path);
    }
}

#[test]
fn proto2_models_are_exposed_too() {
    let schema = schema(
        r#"syntax = "proto2";
        package old.v1;
        import "protoloop/v1/annotations.proto";
        message Book {
          option (protoloop.v1.model) = { expose: CRUD };
          required string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
        }"#,
    );
    assert_eq!(schema.methods().len(), 10);
    assert!(
        schema
            .methods()
            .iter()
            .all(|method| method.standard.is_some())
    );
}

/// AIP-131 to 135 and 231 to 235 with resource names, as people write them.
const LIBRARY: &str = r#"
message Book {
  option (protoloop.v1.model) = {};
  string name = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
}
service Library {
  rpc CreateBook(CreateBookRequest) returns (Book) {
    option (google.api.http) = { post: "/v1/books" body: "book" };
  }
  rpc GetBook(GetBookRequest) returns (Book) {
    option (google.api.http) = { get: "/v1/{name=books/*}" };
  }
  rpc ListBooks(ListBooksRequest) returns (ListBooksResponse) {
    option (google.api.http) = { get: "/v1/books" };
  }
  rpc UpdateBook(UpdateBookRequest) returns (Book) {
    option (google.api.http) = { patch: "/v1/{book.name=books/*}" body: "book" };
  }
  rpc DeleteBook(DeleteBookRequest) returns (google.protobuf.Empty) {
    option (google.api.http) = { delete: "/v1/{name=books/*}" };
  }
  rpc BatchGetBooks(BatchGetBooksRequest) returns (BatchGetBooksResponse);
  rpc BatchDeleteBooks(BatchDeleteBooksRequest) returns (google.protobuf.Empty);
  rpc SearchBooks(ListBooksRequest) returns (ListBooksResponse) {
    option (protoloop.v1.method) = { standard: LIST };
  }
  rpc ShelveBook(GetBookRequest) returns (Book) {
    option (protoloop.v1.method) = { timeout: { nanos: 500000000 } };
  }
}
message CreateBookRequest { string book_id = 2; Book book = 3; }
message GetBookRequest { string name = 1; }
message ListBooksRequest { int32 page_size = 2; string page_token = 3; string filter = 4; }
message ListBooksResponse { repeated Book books = 1; string next_page_token = 2; }
message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
message DeleteBookRequest { string name = 1; }
message BatchGetBooksRequest { repeated string names = 2; }
message BatchGetBooksResponse { repeated Book books = 1; }
message BatchDeleteBooksRequest { repeated DeleteBookRequest requests = 2; }
"#;

#[test]
fn hand_written_services_are_recognised() {
    let schema = model(LIBRARY);
    let kinds: Vec<_> = schema
        .methods()
        .iter()
        .map(|method| match &method.standard {
            Some(standard) => format!("{}: {:?}", method.info.name, standard.kind),
            None => format!("{}: custom", method.info.name),
        })
        .collect();
    insta::assert_snapshot!(kinds.join("\n"), @"
    CreateBook: Create
    GetBook: Get
    ListBooks: List
    UpdateBook: Update
    DeleteBook: Delete
    BatchGetBooks: BatchGet
    BatchDeleteBooks: BatchDelete
    SearchBooks: List
    ShelveBook: custom
    ");
    assert!(schema.warnings().is_empty(), "{:?}", schema.warnings());
    let method = |name: &str| {
        schema
            .method_by_path(&format!("/shop.v1.Library/{name}"))
            .unwrap()
    };
    let request = |name: &str| &method(name).standard.as_ref().unwrap().request;
    assert_eq!(
        (
            request("CreateBook").resource,
            request("CreateBook").resource_id
        ),
        (Some(3), Some(2))
    );
    assert_eq!(request("GetBook").key, [1]);
    assert_eq!(request("BatchGetBooks").ids, Some(2));
    let (_, element) = request("BatchDeleteBooks").element.as_ref().unwrap();
    assert_eq!(element.key, [1]);
    assert!(method("GetBook").safe && !method("CreateBook").safe);
    let timeout = method("ShelveBook").timeout.unwrap();
    assert_eq!(timeout.as_millis(), 500);
}

#[test]
fn damaged_sets_are_refused_without_panic() {
    let whole = schema(crate::todo::TODO).descriptor_set().to_vec();
    let own = whole.len().saturating_sub(6000);
    for position in (own..whole.len()).step_by(17) {
        let mut flipped = whole.clone();
        flipped[position] ^= 0x2a;
        let _ = Schema::from_descriptor_set(&flipped);
    }
    assert!(read("syntax = \"proto3\";").is_ok());
}
