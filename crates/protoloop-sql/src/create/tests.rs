use crate::{
    Table,
    testing::{EVERYTHING, create_text, dialects, everything, tables, tables_in},
};

#[test]
fn a_new_database_gets_tables_and_indexes() {
    insta::assert_snapshot!(create_text(&[&everything()]));
    for dialect in dialects() {
        let tables = tables_in(EVERYTHING, dialect);
        let keys = tables_in(KEYS, dialect);
        let all: Vec<&Table> = tables.iter().chain(&keys).collect();
        let name = format!("tables_{}", dialect.name());
        insta::assert_snapshot!(name, create_text(&all));
    }
}

const KEYS: &str = r#"
    syntax = "proto3";
    package shop.v1;
    import "protoloop/v1/annotations.proto";
    message Order {
      option (protoloop.v1.model) = { table: "or\"ders" };
      int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
    }
    message Receipt {
      option (protoloop.v1.model) = { };
      uint64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
      string isbn = 2 [(protoloop.v1.field) = { unique: true }];
    }
"#;

#[test]
fn keys_may_be_counted_or_of_several_fields() {
    let tables = tables(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Order {
          option (protoloop.v1.model) = { table: "or\"ders" };
          int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
        }
        message Receipt {
          option (protoloop.v1.model) = { };
          uint64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
          double sum = 2;
        }
        "#,
    );
    let all: Vec<&Table> = tables.iter().collect();
    insta::assert_snapshot!(create_text(&all));
}

#[test]
fn a_unique_index_leaves_out_rows_without_a_value() {
    let tables = tables(
        r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Book {
          option (protoloop.v1.model) = {
            indexes: { fields: ["shelf", "data"] unique: true }
            indexes: { fields: ["shelf", "place"] unique: true }
            indexes: { fields: ["shelf", "note"] unique: true }
            indexes: { fields: ["shelf"] }
          };
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
          string isbn = 2 [(protoloop.v1.field) = { unique: true }];
          string shelf = 3;
          bytes data = 4;
          int32 place = 5;
          optional string note = 6;
        }
        "#,
    );
    insta::assert_snapshot!(create_text(&[&tables[0]]));
}
