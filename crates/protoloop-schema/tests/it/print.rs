//! Schemas as `.proto` text.

use protoloop_schema::Schema;

use crate::{
    support::{compile, schema},
    todo::{TODO, routes},
};

fn printed(schema: &Schema) -> String {
    schema
        .to_proto("test.proto")
        .expect("the file is in the set")
}

#[test]
fn the_todo_is_written_out() {
    insta::assert_snapshot!(printed(&schema(TODO)));
}

#[test]
fn what_is_written_serves_the_same() {
    let first = schema(TODO);
    let again = schema(&printed(&first));
    assert_eq!(routes(&again), routes(&first));
    assert!(
        again
            .methods()
            .iter()
            .all(|method| method.standard.is_some())
    );
    assert!(!again.services()[0].synthesised);
}

const EVERYTHING: &str = r#"syntax = "proto3";
package a.b;
import public "google/protobuf/any.proto";
import "google/protobuf/descriptor.proto";
import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "buf/validate/validate.proto";
option java_package = "a.\"b\"";
option optimize_for = SPEED;
extend google.protobuf.FieldOptions {
  optional Weird weird = 50001;
  repeated int32 numbers = 50002;
  optional double ratio = 50003;
}
// A message.
//   With depth.
message Weird {
  option deprecated = true;
  reserved 7, 9 to 11, 100 to max;
  reserved "gone", "lost";
  message a { message b { string x = 1; } }
  enum Deep { ZERO = 0; ONE = 1 [deprecated = true]; }
  string text = 1 [json_name = "T", deprecated = true];
  optional int32 maybe = 2;
  // Either.
  oneof either { string left = 3; a.b right = 4; }
  map<string, Deep> map = 5;
  repeated sint64 list = 6 [packed = false];
  .a.b.Other other = 8 [(.a.b.weird) = { text: "x\n\001" left: "l" map { key: "k" value: ONE } list: [-1, 2] }];
  google.protobuf.Any any = 12 [(numbers) = 1, (numbers) = 2, (ratio) = -1.5, (google.api.field_behavior) = REQUIRED];
  string mail = 13 [(buf.validate.field).string.email = true, (buf.validate.field).required = true];
}
message Other {}
enum Top {
  option allow_alias = true;
  reserved 5 to 7, 10 to max;
  reserved "OLD";
  NONE = 0;
  SAME = 0;
  MINUS = -1;
}
service S {
  option deprecated = true;
  rpc Up(stream Weird) returns (stream Other);
  // Does.
  rpc Do(Weird) returns (a.b.Other) {
    option idempotency_level = IDEMPOTENT;
    option (google.api.http) = { get: "/v1/{text}" additional_bindings { custom: { kind: "HEAD" path: "/v1" } } };
  }
}
"#;

const OLD: &str = r#"syntax = "proto2";
message Old {
  required int32 a = 1 [default = -5];
  optional string b = 2 [default = "x\"y\n"];
  optional bytes c = 3 [default = "\001\xff\"\\"];
  optional float d = 4 [default = inf];
  repeated group Inner = 5 { optional int32 x = 1; }
  optional E e = 6 [default = TWO];
  oneof o { int32 f = 7; }
  extensions 100 to 199, 1000 to max;
  enum E { ONE = 1; TWO = 2; }
}
extend Old { optional string more = 100; repeated Old further = 101; }
"#;

/// Descriptors without source info, which moves.
fn bare(text: &str) -> Vec<prost_types::FileDescriptorProto> {
    let set = <prost_types::FileDescriptorSet as prost::Message>::decode(&*compile(text))
        .expect("the compiler wrote it");
    let mut files = set.file;
    for file in &mut files {
        file.source_code_info = None;
    }
    files
}

#[test]
fn everything_comes_back() {
    for text in [EVERYTHING, OLD] {
        let first = schema(text);
        let written = printed(&first);
        assert_eq!(bare(&written), bare(text), "{written}");
        assert_eq!(printed(&schema(&written)), written);
    }
    insta::assert_snapshot!(printed(&schema(EVERYTHING)));
}

#[test]
fn bundled_files_come_back() {
    let schema = Schema::from_descriptor_set(protoloop_schema::bundled::descriptor_set()).unwrap();
    assert!(schema.file_names().is_empty());
    for (name, text) in protoloop_schema::bundled::files() {
        let written = schema.to_proto(name).unwrap();
        assert_eq!(
            bare(&written).last().map(|file| file.message_type.clone()),
            bare(text).last().map(|file| file.message_type.clone()),
            "{written}"
        );
    }
}

#[test]
fn only_own_files_are_listed() {
    assert_eq!(schema(TODO).file_names(), ["test.proto"]);
    assert_eq!(schema(TODO).to_proto("other.proto"), None);
}
