//! A model with a field of every kind, for the tests of this crate.

use std::sync::Arc;

use protoloop_repository::Model;
use protoloop_schema::Schema;
use protoloop_testing_proto::compile;
use protoloop_wire::Tables;

use crate::{Dialect, MARIADB, POSTGRES, SQLITE, Table, create};

/// Compiles the text of `shop.proto` and gives the models in it.
pub(crate) fn models(text: &str) -> Vec<Arc<Model>> {
    let schema = Schema::from_descriptor_set(&compile(&[("shop.proto", text)]));
    let schema = schema.unwrap_or_else(|problems| panic!("{problems}"));
    Model::all(&Tables::new(&Arc::new(schema))).expect("models")
}

/// The tables of the test's models.
pub(crate) fn tables(text: &str) -> Vec<Table> {
    models(text)
        .iter()
        .map(|model| Table::new(model, &SQLITE).expect("a table"))
        .collect()
}

/// Every dialect, for snapshots of each.
pub(crate) fn dialects() -> [&'static dyn Dialect; 3] {
    [&SQLITE, &POSTGRES, &MARIADB]
}

/// The tables of the test's models in a dialect.
pub(crate) fn tables_in(text: &str, dialect: &'static dyn Dialect) -> Vec<Table> {
    models(text)
        .iter()
        .map(|model| Table::new(model, dialect).expect("a table"))
        .collect()
}

/// The table of the model of every kind.
pub(crate) fn everything() -> Table {
    tables(EVERYTHING).remove(0)
}

pub(crate) const EVERYTHING: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "protoloop/v1/annotations.proto";
message Thing {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  bool done = 3;
  int32 count = 4;
  sint64 balance = 5 [(protoloop.v1.field) = { index: true }];
  uint32 small = 6;
  fixed64 big = 7;
  float ratio = 8;
  double weight = 9;
  bytes data = 10;
  Color color = 11;
  optional string note = 12 [(protoloop.v1.field) = { unique: true }];
  google.protobuf.Timestamp at = 13;
  google.protobuf.Duration took = 14;
  google.protobuf.StringValue nick = 15;
  google.protobuf.UInt64Value limit = 16;
  repeated string tags = 17;
  repeated int64 numbers = 18;
  map<string, string> labels = 19;
  map<int32, Address> addresses = 20;
  Address address = 21;
  google.protobuf.Struct extra = 22;
  oneof price {
    int64 cents = 23;
    string text_price = 24;
  }
  repeated Color colors = 25 [(protoloop.v1.field) = { column: "fld \"colors\"" }];
}
enum Color { COLOR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }
message Address {
  string city = 1;
  optional int64 zip = 2;
  Geo geo = 3;
  Color color = 4;
  map<string, int32> floors = 5;
  repeated double heights = 6;
  bytes door = 7;
}
message Geo {
  double lat = 1;
  float lon = 2;
  uint64 cell = 3;
  google.protobuf.Timestamp seen = 4;
  google.protobuf.Duration drift = 5;
  bool exact = 6;
}
"#;

/// The statements that make tables in an empty database.
pub(crate) fn create_text(tables: &[&Table]) -> String {
    let mut statements = Vec::new();
    for table in tables {
        statements.push(create::create_table(table));
        let indexes = table.indexes();
        statements.extend(indexes.map(|index| {
            create::create_index(table, index, &create::index_columns(table, &index.fields))
        }));
    }
    // Behind all tables: some refer to each other in a circle.
    for table in tables {
        let keys = table.foreign_keys().map(|key| key.definition(table));
        statements.extend(keys.filter_map(|key| table.dialect().add_foreign_key(&key)));
    }
    statements.join(";\n")
}
