//! What changes are in the words of database servers.

use super::{from_to, text};
use crate::testing::{dialects, tables_in};

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
