use std::{fs, path::PathBuf};

use insta::assert_snapshot;
use prost::Message as _;
use prost_types::FileDescriptorSet;

use super::{Linked, compile, link};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("folder");
        fs::write(path, text).expect("file");
    }
    folder
}

/// The names of the linked files, or the problems, both below the folder.
fn check(files: &[(&str, &str)], inputs: &[&str]) -> String {
    let folder = folder(files);
    let inputs: Vec<PathBuf> = inputs
        .iter()
        .map(|name| {
            if *name == "." {
                folder.path().to_owned()
            } else {
                folder.path().join(name)
            }
        })
        .collect();
    match link(&inputs, &[]) {
        Ok(Linked { descriptor_set, .. }) => {
            let set = FileDescriptorSet::decode(descriptor_set.as_slice()).expect("descriptor set");
            let names = set.file.iter().map(prost_types::FileDescriptorProto::name);
            names.collect::<Vec<_>>().join("\n")
        }
        Err(problems) => {
            let root = format!("{}/", folder.path().display());
            problems
                .to_string()
                .replace(&root, "")
                .replace(root.trim_end_matches('/'), ".")
        }
    }
}

const TODO: &str = r#"syntax = "proto3";
package todo.v1;
import "protoloop/v1/annotations.proto";
message Todo {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  bool done = 3;
}
"#;

#[test]
fn a_model_compiles_from_any_folder() {
    assert_snapshot!("model", check(&[("todo.proto", TODO)], &["todo.proto"]));
}

#[cfg(unix)]
#[test]
fn links_among_folders_lead_to_each_folder_once() {
    let folder = folder(&[
        ("a/todo.proto", TODO),
        (
            "b/c/state.proto",
            "syntax = \"proto3\"; enum State { NEW = 0; }",
        ),
    ]);
    // Each of them doubles the ways to every other folder.
    for link in ["a/up", "b/up", "b/c/up", "a/again"] {
        std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).expect("a link");
    }
    let elsewhere =
        super::tests::folder(&[("far.proto", "syntax = \"proto3\"; enum F { N = 0; }")]);
    let link = folder.path().join("b/elsewhere");
    std::os::unix::fs::symlink(elsewhere.path(), link).expect("a link");
    let linked = super::link(&[folder.path().to_owned()], &[]).expect("good files");
    let mut names: Vec<_> = linked.paths.into_keys().collect();
    names.sort();
    assert_eq!(
        names,
        ["a/todo.proto", "b/c/state.proto", "b/elsewhere/far.proto"]
    );
}

#[test]
fn what_is_wrong_with_a_map_has_a_place() {
    let file = "syntax = \"proto3\";\nmessage Moody { Mood mood = 1; }\nmessage A {\n  map<string, string> m = 1;\n  \
                map<string, string> m = 2;\n}\n";
    let problems = check(&[("a.proto", file)], &["a.proto"]);
    for problem in problems.lines().filter(|line| line.contains("error")) {
        assert!(problem.starts_with("a.proto:"), "{problem}");
        let place = problem.trim_start_matches("a.proto:");
        assert!(place.starts_with(['2', '3', '5']), "{problem}");
    }
    assert!(
        problems.contains("'A.MEntry' is defined twice"),
        "{problems}"
    );
}

#[test]
fn a_descriptor_set_without_files_is_named() {
    assert_eq!(
        check(&[("api.binpb", "")], &["api.binpb"]),
        "api.binpb: error: nothing to compile\n  \
         help: name a folder with .proto files, a .proto file, or a binary descriptor set"
    );
}

#[test]
fn a_file_of_a_tree_finds_its_imports_above() {
    let files = [
        (
            "proto/todo/v1/todo.proto",
            "syntax = \"proto3\"; package todo.v1; import \"todo/v1/state.proto\"; message Todo { State state = 1; }",
        ),
        (
            "proto/todo/v1/state.proto",
            "syntax = \"proto3\"; package todo.v1; enum State { NEW = 0; }",
        ),
    ];
    assert_snapshot!(
        "one_file_of_a_tree",
        check(&files, &["proto/todo/v1/todo.proto"])
    );
    assert_snapshot!("root_above_the_tree", check(&files, &["."]));
    assert_snapshot!("leaf_folder", check(&files, &["proto/todo/v1"]));
}

#[test]
fn a_vendored_copy_does_not_clash_with_the_bundled_file() {
    let files = [
        ("todo.proto", TODO),
        (
            "vendor/google/protobuf/empty.proto",
            "syntax = \"proto3\"; package google.protobuf; message Empty {}",
        ),
        (
            "vendor/acme/v1/money.proto",
            "syntax = \"proto3\"; package acme.v1; message Money {}",
        ),
        (
            "shop.proto",
            "syntax = \"proto3\"; package shop.v1; import \"acme/v1/money.proto\"; import \"google/protobuf/empty.proto\";",
        ),
    ];
    assert_snapshot!("vendored_copy", check(&files, &["."]));
}

#[test]
fn every_problem_of_every_file_is_reported() {
    let files = [
        (
            "a.proto",
            "syntax = \"proto3\";\nmessage A { strin name = 1; B b = 2 }\n",
        ),
        ("b.proto", "edition = \"2023\";\npackage b;\n"),
        (
            "c.proto",
            "syntax = \"proto3\";\nimport \"nope/x.proto\";\nimport \"google/protobuf/nothing.proto\";\n",
        ),
        (
            "d.proto",
            "syntax = \"proto3\";\nmessage D {\n  Missing one = 1;\n  string two = 1;\n  Absent three = 3;\n}\n",
        ),
        ("e.proto", "syntax = \"proto3\";\nimport \"f.proto\";\n"),
        ("f.proto", "syntax = \"proto3\";\nimport \"e.proto\";\n"),
        (
            "g.proto",
            "syntax = \"proto3\";\nimport \"protoloop/v1/annotations.proto\";\nmessage G {\n  option (protoloop.v1.model) = { expose: CRUDE };\n  string id = 1 [(protoloop.v1.feld) = { id: UUID_V7 }];\n}\n",
        ),
    ];
    assert_snapshot!("every_problem", check(&files, &["."]));
}

#[test]
fn what_is_not_there_is_named() {
    assert_snapshot!(
        "not_there",
        check(
            &[("readme.md", "x")],
            &[".", "missing.proto", "missing.binpb", "readme.md"]
        )
    );
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let folder = folder(&[]);
    let path = folder.path().join("bad.proto");
    fs::write(&path, b"syntax = \"proto3\";\n// \xff\n").expect("file");
    let problems = link(&[path], &[]).expect_err("not UTF-8");
    assert_eq!(
        (problems.0[0].location.line, problems.0[0].location.column),
        (2, 4)
    );
}

#[test]
fn a_descriptor_set_is_an_input_too() {
    let folder = folder(&[("todo.proto", TODO)]);
    let source = compile(&[folder.path().to_owned()], &[]).expect("compiles");
    let path = folder.path().join("api.binpb");
    fs::write(&path, &source.descriptor_set).expect("file");
    let set = compile(&[path], &[]).expect("compiles");
    assert_eq!(set.descriptor_set, source.descriptor_set);
    assert_eq!(set.schema.descriptor_set(), source.schema.descriptor_set());
}

#[test]
fn a_problem_of_the_schema_names_the_path_as_given() {
    let text = TODO.replace(" [(protoloop.v1.field) = { id: UUID_V7 }]", "");
    let text = text.replace("string id", "string key");
    let folder = folder(&[("proto/todo/v1/todo.proto", &text)]);
    let path = folder.path().join("proto/todo/v1/todo.proto");
    let problems = compile(std::slice::from_ref(&path), &[]).expect_err("no id");
    assert_eq!(problems.0[0].location.file, path.display().to_string());
}
