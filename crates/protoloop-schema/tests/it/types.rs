//! Messages, fields, enums and methods.

use protoloop_schema::{Cardinality, DefaultValue, Kind, Presence, Schema, WellKnown};

use crate::support::{compile, read, schema};

const SHOP: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
// A thing for sale.
//
// Of any kind.
message Item {
  string id = 1;
  // What it is called.
  optional string display_name = 2;
  repeated int32 sizes = 3;
  repeated int32 loose = 4 [packed = false];
  map<string, Part> parts = 5;
  oneof price { int64 cents = 6; Text text = 7 [json_name = "words"]; }
  State state = 8;
  google.protobuf.Timestamp made = 9;
  bytes data = 10 [deprecated = true];
  message Part { sint64 weight = 1; }
  enum State { STATE_UNSPECIFIED = 0; NEW = 1; } // How it is.
  message Text { string text = 1; }
}
// Sells.
service Shop {
  // Sells one.
  rpc Sell(Item) returns (Item) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Watch(Item) returns (stream Item);
}
"#;

#[test]
fn a_message_keeps_its_names_comments_and_place() {
    let schema = schema(SHOP);
    let item = schema.message_by_name("shop.v1.Item").unwrap();
    assert_eq!(&*item.name, "Item");
    assert_eq!(&*item.package, "shop.v1");
    assert_eq!(item.comment, "A thing for sale.\n\nOf any kind.");
    assert_eq!(item.location.to_string(), "test.proto:8:1");
    assert!(!item.synthesised && !item.map_entry);
    let part = schema.message_by_name("shop.v1.Item.Part").unwrap();
    assert_eq!((&*part.name, &*part.package), ("Part", "shop.v1"));
}

#[test]
fn fields_have_their_kinds() {
    let schema = schema(SHOP);
    let item = schema.message_by_name("shop.v1.Item").unwrap();
    let field = |name: &str| item.field_by_name(name).unwrap();

    let name = field("display_name");
    assert_eq!((name.number, &*name.json_name), (2, "displayName"));
    assert_eq!(
        (name.kind, name.presence),
        (Kind::String, Presence::Explicit)
    );
    assert_eq!((name.oneof, &*name.comment), (None, "What it is called."));
    assert_eq!(name.location.to_string(), "test.proto:11:3");
    assert_eq!(&*name.full_name, "shop.v1.Item.display_name");

    assert!(field("sizes").packed && field("sizes").is_repeated());
    assert!(!field("loose").packed);
    assert_eq!(field("id").presence, Presence::Implicit);
    assert_eq!(field("made").presence, Presence::Explicit);
    assert!(field("data").deprecated);
    assert_eq!(&*field("text").json_name, "words");
    assert!(matches!(field("state").kind, Kind::Enum(id)
        if &*schema.enumeration(id).full_name == "shop.v1.Item.State"));
}

#[test]
fn maps_point_to_their_entries() {
    let schema = schema(SHOP);
    let item = schema.message_by_name("shop.v1.Item").unwrap();
    let parts = item.field_by_name("parts").unwrap();
    assert_eq!(parts.cardinality, Cardinality::Map);
    let Kind::Message(entry) = parts.kind else {
        panic!("{parts:?}")
    };
    let entry = schema.message(entry);
    assert!(entry.map_entry);
    assert_eq!(entry.field_by_number(1).unwrap().1.kind, Kind::String);
    assert!(
        matches!(entry.field_by_number(2).unwrap().1.kind, Kind::Message(id)
        if &*schema.message(id).full_name == "shop.v1.Item.Part")
    );
}

#[test]
fn oneofs_know_their_members_and_optional_is_none() {
    let schema = schema(SHOP);
    let item = schema.message_by_name("shop.v1.Item").unwrap();
    assert_eq!(item.oneofs.len(), 1);
    let members = item.oneofs[0].fields.iter();
    let names: Vec<_> = members.map(|index| &*item.fields[*index].name).collect();
    assert_eq!(names, ["cents", "text"]);
    assert_eq!(item.field_by_name("cents").unwrap().oneof, Some(0));
}

#[test]
fn enums_keep_values_and_trailing_comments() {
    let schema = schema(SHOP);
    let state = schema.enum_by_name("shop.v1.Item.State").unwrap();
    assert!(state.open && !state.null_value);
    let values: Vec<_> = state.values.iter().map(|v| (&*v.name, v.number)).collect();
    assert_eq!(values, [("STATE_UNSPECIFIED", 0), ("NEW", 1)]);
}

#[test]
fn methods_are_indexed_by_their_id() {
    let schema = schema(SHOP);
    let sell = schema.method_by_path("/shop.v1.Shop/Sell").unwrap();
    assert_eq!(sell.info.index, sell.id.index());
    assert!(sell.safe && sell.info.is_unary());
    assert_eq!(sell.comment, "Sells one.");
    let watch = schema.method_by_path("/shop.v1.Shop/Watch").unwrap();
    assert!(watch.info.server_streaming && !watch.info.client_streaming && !watch.safe);
    for (index, method) in schema.methods().iter().enumerate() {
        assert_eq!((method.info.index, method.id.index()), (index, index));
    }
    assert_eq!(schema.services()[0].comment, "Sells.");
}

#[test]
fn well_known_types_are_marked() {
    let schema = schema(
        "syntax = \"proto3\";\nimport \"google/protobuf/struct.proto\";\nimport \"google/protobuf/wrappers.proto\";\nimport \"google/protobuf/any.proto\";",
    );
    let known = |name: &str| schema.message_by_name(name).unwrap().well_known;
    assert_eq!(known("google.protobuf.Struct"), Some(WellKnown::Struct));
    assert_eq!(
        known("google.protobuf.UInt64Value"),
        Some(WellKnown::Uint64Value)
    );
    assert_eq!(known("google.protobuf.Any"), Some(WellKnown::Any));
    assert!(
        schema
            .enum_by_name("google.protobuf.NullValue")
            .unwrap()
            .null_value
    );
}

#[test]
fn proto2_has_required_defaults_and_groups() {
    let schema = schema(
        r#"syntax = "proto2";
        message Old {
          required int32 a = 1;
          optional string b = 2 [default = "x\ny"];
          optional bytes c = 3 [default = "\001\xff\n"];
          optional float d = 4 [default = -inf];
          optional double e = 5 [default = nan];
          optional E f = 6 [default = TWO];
          optional uint64 g = 7 [default = 18446744073709551615];
          optional bool h = 8 [default = true];
          repeated int32 i = 9;
          repeated int32 j = 10 [packed = true];
          optional group Inner = 11 { optional int32 x = 1; }
          enum E { ONE = 1; TWO = 2; }
          extensions 100 to 200;
        }"#,
    );
    let old = schema.message_by_name("Old").unwrap();
    let field = |name: &str| old.field_by_name(name).unwrap();
    let default = |name: &str| field(name).default.clone().unwrap();
    assert_eq!(field("a").presence, Presence::Required);
    assert_eq!(field("b").presence, Presence::Explicit);
    assert_eq!(default("b"), DefaultValue::String("x\ny".into()));
    assert_eq!(default("c"), DefaultValue::Bytes(vec![1, 255, b'\n']));
    assert_eq!(default("d"), DefaultValue::Float(f64::NEG_INFINITY));
    assert!(matches!(default("e"), DefaultValue::Float(nan) if nan.is_nan()));
    assert_eq!(default("f"), DefaultValue::Enum(2));
    assert_eq!(default("g"), DefaultValue::Uint(u64::MAX));
    assert_eq!(default("h"), DefaultValue::Bool(true));
    assert!(!field("i").packed && field("j").packed);
    assert!(matches!(field("inner").kind, Kind::Group(_)));
    assert!(!schema.enum_by_name("Old.E").unwrap().open);
}

#[test]
fn the_set_comes_out_with_imports_first() {
    let schema = schema(SHOP);
    let again = Schema::from_descriptor_set(schema.descriptor_set()).unwrap();
    assert_eq!(again.descriptor_set(), schema.descriptor_set());
    assert_eq!(again.messages().len(), schema.messages().len());
}

#[test]
fn damaged_sets_are_refused_without_panic() {
    let whole = compile(SHOP);
    for length in 0..whole.len() {
        let _ = Schema::from_descriptor_set(&whole[..length]);
    }
    for position in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[position] ^= 0x15;
        let _ = Schema::from_descriptor_set(&flipped);
    }
    assert!(read("syntax = \"proto3\";").is_ok());
}
