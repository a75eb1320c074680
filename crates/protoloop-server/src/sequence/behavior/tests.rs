use futures_util::FutureExt as _;
use protoloop_core::CallContext;
use protoloop_testing_proto::compile;
use protoloop_wire::json;

use super::*;

const FILE: &str = r#"
    syntax = "proto3";
    package b.v1;
    import "google/api/field_behavior.proto";
    import "google/protobuf/field_mask.proto";
    import "protoloop/v1/annotations.proto";
    message Book {
      string title = 1 [(google.api.field_behavior) = REQUIRED];
      int32 sold = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
      string pin = 3 [(google.api.field_behavior) = INPUT_ONLY];
      string note = 4 [(protoloop.v1.field) = { hidden: true }];
      int32 pages = 5 [(google.api.field_behavior) = REQUIRED];
    }
    message Books {
      string shelf = 1 [(google.api.field_behavior) = REQUIRED];
      repeated Book books = 2;
      google.protobuf.FieldMask mask = 3;
    }
    message Add { repeated Book books = 1; Book best = 2; }
    message Plain { string text = 1; }
    service S {
      rpc Add(Add) returns (Add);
      rpc Set(Books) returns (Books);
      rpc Plain(Plain) returns (Plain);
    }"#;

fn tables() -> Arc<Tables> {
    let schema = Schema::from_descriptor_set(&compile(&[("test.proto", FILE)]));
    Tables::new(&Arc::new(schema.expect("a good schema")))
}

/// Answers with the message it got.
struct Echo;

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let (_, message) = call.into_one().expect("one message");
        Box::pin(async { Ok(Reply::unary(message)) })
    }
}

fn exchange(method: &str, request: &str) -> String {
    let tables = tables();
    let layer = FieldBehavior::new(&tables).expect("there are marks");
    through(&tables, &layer, &format!("/b.v1.S/{method}"), request)
}

/// What comes back of a request that is answered with itself.
fn through(tables: &Arc<Tables>, layer: &FieldBehavior, path: &str, request: &str) -> String {
    let handler = layer.layer(Arc::new(Echo));
    let method = tables.schema().method_by_path(path).expect("a method");
    let options = json::DecodeOptions::default();
    let bytes = json::decode(tables, method.input, request.as_bytes(), &options);
    let bytes = bytes.expect("a good request").into();
    let call = Call::unary(Arc::clone(&method.info), CallContext::new(), bytes);
    let reply = handler.call(call).now_or_never().expect("nothing waits");
    match reply.and_then(Reply::into_one) {
        Ok(message) => {
            let mut out = Vec::new();
            let options = json::EncodeOptions::default();
            json::encode(tables, method.output, &message, &options, &mut out)
                .expect("a good answer");
            String::from_utf8(out).expect("JSON is UTF-8")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn messages_are_held_to_their_fields_behaviours() {
    for (method, request, expected) in [
        (
            "Add",
            r#"{"books":[{"title":"t","sold":3,"pin":"p","note":"n"}]}"#,
            r#"{"books":[{"title":"t"}]}"#,
        ),
        (
            "Add",
            r#"{"books":[{"title":"t"},{"sold":1}]}"#,
            "INVALID_ARGUMENT: books[1].title: is required",
        ),
        (
            "Add",
            r#"{"best":{}}"#,
            "INVALID_ARGUMENT: best.title: is required",
        ),
        ("Add", "{}", "{}"),
        (
            "Set",
            r#"{"shelf":"s","books":[{"pages":1}],"mask":"books"}"#,
            r#"{"shelf":"s","books":[{"pages":1}],"mask":"books"}"#,
        ),
        ("Set", "{}", "INVALID_ARGUMENT: shelf: is required"),
        ("Plain", r#"{"text":"x"}"#, r#"{"text":"x"}"#),
    ] {
        assert_eq!(exchange(method, request), expected, "{method} {request}");
    }
}

const MODEL: &str = r#"
syntax = "proto3";
package m.v1;
import "google/api/field_behavior.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/timestamp.proto";
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = {};
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }, (google.api.field_behavior) = OUTPUT_ONLY];
  string title = 2 [(google.api.field_behavior) = REQUIRED];
  google.protobuf.Timestamp create_time = 3 [(protoloop.v1.field) = { create_time: true }, (google.api.field_behavior) = REQUIRED];
  int32 sold = 4 [(google.api.field_behavior) = OUTPUT_ONLY];
  string etag = 5 [(protoloop.v1.field) = { etag: true }, (google.api.field_behavior) = OUTPUT_ONLY];
}
message CreateBookRequest { Book book = 1; }
message UpdateBookRequest { Book book = 1; google.protobuf.FieldMask update_mask = 2; }
service Books {
  rpc CreateBook(CreateBookRequest) returns (Book);
  rpc UpdateBook(UpdateBookRequest) returns (Book);
}"#;

/// The request of a standard method as it goes on, where the application answers the method, or the engine.
fn request_of(method: &str, request: &str, overridden: bool) -> String {
    let schema = Schema::from_descriptor_set(&compile(&[("test.proto", MODEL)]));
    let tables = Tables::new(&Arc::new(schema.expect("a good schema")));
    let path = format!("/m.v1.Books/{method}");
    let method = tables.schema().method_by_path(&path).expect("a method");
    assert!(method.standard.is_some(), "{path} is recognised");
    let layer = FieldBehavior::of(&tables, |_| overridden);
    let options = json::DecodeOptions::default();
    let bytes = json::decode(&tables, method.input, request.as_bytes(), &options);
    let mut bytes = Bytes::from(bytes.expect("a good request"));
    if let Some(layer) = layer {
        let rule = layer.rules.of_methods[method.info.index].as_ref();
        if let Some(rule) = rule {
            bytes = match rule.request(&tables, bytes) {
                Ok(bytes) => bytes,
                Err(error) => return error.to_string(),
            };
        }
    }
    let mut out = Vec::new();
    let options = json::EncodeOptions::default();
    json::encode(&tables, method.input, &bytes, &options, &mut out).expect("a good request");
    String::from_utf8(out).expect("JSON is UTF-8")
}

#[test]
fn requests_of_overridden_standard_methods_are_held_to_them_too() {
    let full = r#"{"book":{"id":"i","title":"t","sold":3,"etag":"e"}}"#;
    for (method, request, expected) in [
        (
            "CreateBook",
            full,
            r#"{"book":{"id":"i","title":"t","etag":"e"}}"#,
        ),
        (
            "CreateBook",
            r#"{"book":{}}"#,
            "INVALID_ARGUMENT: book.title: is required",
        ),
        (
            "UpdateBook",
            r#"{"book":{"id":"i","sold":1,"etag":"e"},"updateMask":"sold"}"#,
            r#"{"book":{"id":"i","etag":"e"},"updateMask":"sold"}"#,
        ),
    ] {
        assert_eq!(request_of(method, request, true), expected, "{request}");
        assert_eq!(request_of(method, request, false), request, "the engine's");
    }
}
