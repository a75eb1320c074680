//! The files that come with the toolkit.

use protoloop_schema::{Schema, bundled};

use crate::support::compile_alone;

#[test]
fn the_bundled_set_is_whole() {
    let schema = Schema::from_descriptor_set(bundled::descriptor_set()).unwrap();
    for name in [
        "protoloop.v1.ModelOptions",
        "google.api.HttpRule",
        "google.rpc.Status",
        "buf.validate.FieldRules",
        "google.protobuf.FieldMask",
    ] {
        assert!(schema.message_by_name(name).is_some(), "{name}");
    }
}

#[test]
fn the_texts_are_those_of_the_set() {
    for (name, text) in bundled::files() {
        assert!(text.contains("syntax = "), "{name}");
    }
    let names: Vec<_> = bundled::files().iter().map(|(name, _)| *name).collect();
    assert!(names.contains(&"protoloop/v1/annotations.proto"));
    assert!(names.is_sorted());
}

#[test]
fn bundled_imports_may_be_missing_from_a_set() {
    let set = compile_alone(
        r#"syntax = "proto3";
        import "google/api/annotations.proto";
        import "google/rpc/status.proto";
        message M { google.rpc.Status status = 1; }"#,
    );
    let schema = Schema::from_descriptor_set(&set).unwrap();
    assert!(schema.message_by_name("google.protobuf.Any").is_some());
    let again = Schema::from_descriptor_set(schema.descriptor_set()).unwrap();
    assert_eq!(again.messages().len(), schema.messages().len());
}
