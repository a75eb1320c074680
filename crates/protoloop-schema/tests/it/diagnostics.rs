//! What is said about faulty files. Each case is `tests/cases/NAME.proto`, the answer lies beside it in `NAME.snap`.

use std::fs;

use prost::Message as _;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use protoloop_schema::{ReadOptions, Schema};

use crate::support::{compile, read, schema};

/// Problems of a file, or the warnings of one that can be used.
fn said(text: &str) -> String {
    match read(text) {
        Err(problems) => problems.to_string(),
        Ok(schema) => {
            let warnings = schema.warnings().iter().map(ToString::to_string);
            warnings.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn every_case_is_told_in_full() {
    let mut cases: Vec<_> = fs::read_dir("tests/cases")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "proto")
        })
        .collect();
    cases.sort();
    assert!(cases.len() > 10);
    insta::with_settings!({
        snapshot_path => "../cases",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        for case in cases {
            let name = case.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&case).unwrap();
            insta::assert_snapshot!(name, said(&text));
        }
    });
}

#[test]
fn an_upstream_enforces_its_rules_itself() {
    let text = r#"
        syntax = "proto3";
        package shop.v1;
        import "protoloop/v1/annotations.proto";
        message Book {
          option (protoloop.v1.model) = { expose: READ service: { auth: { roles: "reader" } } };
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
        }
        service Shop {
          option (protoloop.v1.service) = { auth: { roles: "buyer" } rate_limit: {} };
          rpc A(Book) returns (Book) {
            option (protoloop.v1.method) = { auth: { scopes: "x" } cache: {} };
          }
        }"#;
    assert!(read(text).is_err(), "a server would have to enforce them");
    let options = ReadOptions {
        upstream: true,
        ..ReadOptions::default()
    };
    let schema = Schema::read(&compile(text), &options).expect("nothing is refused");
    let warnings: Vec<_> = schema.warnings().iter().map(ToString::to_string).collect();
    let warnings = warnings.join("\n");
    assert!(!warnings.contains("this version"), "{warnings}");
}

/// A compiler would refuse these, but a descriptor set may come from anywhere.
fn said_of(file: FileDescriptorProto) -> String {
    let set = FileDescriptorSet { file: vec![file] };
    match Schema::from_descriptor_set(&set.encode_to_vec()) {
        Ok(_) => panic!("it passed"),
        Err(problems) => problems.to_string(),
    }
}

#[test]
fn editions_are_refused() {
    let said = said_of(FileDescriptorProto {
        name: Some("new.proto".into()),
        syntax: Some("editions".into()),
        ..FileDescriptorProto::default()
    });
    insta::assert_snapshot!(said, @r#"
    new.proto: error: new.proto uses `edition` syntax, which is not supported yet
      help: write `syntax = "proto3";` instead of the `edition` line
    "#);
}

#[test]
fn missing_imports_are_named() {
    let said = said_of(FileDescriptorProto {
        name: Some("a.proto".into()),
        dependency: vec!["b.proto".into(), "google/api/http.proto".into()],
        ..FileDescriptorProto::default()
    });
    insta::assert_snapshot!(said, @"
    a.proto: error: a.proto imports b.proto, which is not in the descriptor set
      help: write the set with its imports: `protoc --include_imports`, or `buf build`
    ");
}

#[test]
fn bytes_that_are_no_set_are_refused() {
    let problems = Schema::from_descriptor_set(b"syntax = \"proto3\";").unwrap_err();
    assert!(problems.has_errors());
    assert!(
        problems
            .to_string()
            .contains("no google.protobuf.FileDescriptorSet"),
        "{problems}"
    );
}

#[test]
fn warnings_do_not_keep_a_schema_from_being_used() {
    let text = fs::read_to_string("tests/cases/looks_standard.proto").unwrap();
    let schema = schema(&text);
    assert!(!schema.warnings().is_empty());
    assert!(
        schema
            .methods()
            .iter()
            .all(|method| method.standard.is_none())
    );
}
