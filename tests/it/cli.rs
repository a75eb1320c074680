//! The command line: what it prints, what it returns, what it says when something is wrong.

use std::{fs, net::TcpListener, path::Path, process::Command};

use crate::support::{
    self, PROTOLOOP, http,
    run::{protoloop, run},
    served::Served,
    tools,
};

/// Two mistakes in each of two files: a name that nothing defines, and behind it one that only the schema sees.
const WRONG: [(&str, &str); 2] = [
    (
        "author.proto",
        r#"syntax = "proto3";
package book.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string name = 1;
  Fame fame = 2;
}
"#,
    ),
    (
        "book.proto",
        r#"syntax = "proto3";
package book.v1;
import "google/api/annotations.proto";
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  Writer writer = 3;
}
service Reading {
  rpc Read(Book) returns (Book) {
    option (google.api.http) = { get: "/v1/books/{id" };
  }
}
"#,
    ),
];

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("the folder is ours");
    }
}

#[test]
fn check_accepts_what_serves() {
    let ran = protoloop(&support::root(), &["check", "examples/todo"]).succeeded();
    assert!(
        ran.stdout.contains("1 model") && ran.stdout.contains("1 service"),
        "{ran}"
    );
}

#[test]
fn check_accepts_every_kind_of_field() {
    protoloop(&support::root(), &["check", "tests/fixtures/kitchen.proto"]).succeeded();
}

#[test]
fn check_reports_the_names_of_every_file_that_nothing_defines() {
    let folder = support::folder();
    write(folder.path(), &WRONG);
    let ran = protoloop(folder.path(), &["check", "."]);
    assert_eq!(ran.code, Some(1), "{ran}");
    for part in [
        "author.proto:7:3",
        "Fame",
        "book.proto:9:3",
        "Writer",
        "2 errors",
    ] {
        assert!(ran.stderr.contains(part), "{part} is missing: {ran}");
    }
}

#[test]
fn check_reports_what_the_schema_finds_in_every_file() {
    let folder = support::folder();
    let resolved = WRONG.map(|(name, text)| {
        (
            name,
            text.replace("  Fame fame = 2;\n", "")
                .replace("  Writer writer = 3;\n", ""),
        )
    });
    write(
        folder.path(),
        &resolved
            .each_ref()
            .map(|(name, text)| (*name, text.as_str())),
    );
    let ran = protoloop(folder.path(), &["check", "."]);
    assert_eq!(ran.code, Some(1), "{ran}");
    for part in [
        "author.proto:4:1",
        "without an id",
        "book.proto:12:5",
        "column 14",
        "2 errors",
    ] {
        assert!(ran.stderr.contains(part), "{part} is missing: {ran}");
    }
}

#[test]
fn an_edition_is_refused_by_name() {
    let folder = support::folder();
    write(
        folder.path(),
        &[(
            "new.proto",
            "edition = \"2023\";\npackage new.v1;\nmessage A {}\n",
        )],
    );
    let ran = protoloop(folder.path(), &["check", "new.proto"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("new.proto:1:"), "{ran}");
    assert!(
        ran.stderr.contains("edition") && ran.stderr.contains("proto3"),
        "{ran}"
    );
}

#[test]
fn a_missing_path_is_named() {
    for command in ["check", "serve"] {
        let ran = protoloop(&support::root(), &[command, "no/such/folder"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains("no/such/folder"), "{ran}");
    }
}

#[test]
fn generated_protos_compile_again() {
    let folder = support::folder();
    let out = folder.path().to_str().expect("a UTF-8 path");
    protoloop(
        &support::root(),
        &["generate", "proto", "examples/todo", "-o", out],
    )
    .succeeded();
    let ran = protoloop(folder.path(), &["check", "."]).succeeded();
    assert!(ran.stdout.contains("1 service"), "{ran}");
    let Some(buf) = tools::buf() else { return };
    run(Command::new(buf)
        .arg("build")
        .arg(out)
        .args(["-o", "/dev/null"]))
    .succeeded();
}

#[test]
fn a_generated_proto_shows_the_synthesised_service() {
    let ran = protoloop(&support::root(), &["generate", "proto", "examples/todo"]).succeeded();
    for line in [
        "service TodoService",
        "rpc CreateTodo",
        "message ListTodosRequest",
        "/v1/todos/{id}",
    ] {
        assert!(ran.stdout.contains(line), "{line} is missing: {ran}");
    }
}

#[test]
fn a_generated_descriptor_serves_as_the_protos_do() {
    let folder = support::folder();
    let set = folder.path().join("api.binpb");
    let out = set.to_str().expect("a UTF-8 path");
    protoloop(
        &support::root(),
        &["generate", "descriptor", "examples/todo", "-o", out],
    )
    .succeeded();
    let server = Served::start(&set, "memory:");
    let made = http::post(
        server.address(),
        "/v1/todos",
        r#"{"title": "from a descriptor set"}"#,
    );
    assert_eq!(made.status, 200, "{}", made.text());
}

#[test]
fn a_descriptor_set_of_buf_serves() {
    let Some(buf) = tools::buf() else { return };
    let folder = support::folder();
    let input = folder.path().join("in");
    let out = input.to_str().expect("a UTF-8 path");
    protoloop(
        &support::root(),
        &["generate", "proto", "examples/todo", "-o", out],
    )
    .succeeded();
    let set = folder.path().join("api.binpb");
    run(Command::new(buf)
        .arg("build")
        .arg(&input)
        .arg("-o")
        .arg(&set))
    .succeeded();
    let server = Served::start(&set, "memory:");
    assert_eq!(http::get(server.address(), "/v1/todos").status, 200);
}

#[test]
fn every_command_has_examples_in_its_help() {
    let commands: [&[&str]; 6] = [
        &["serve"],
        &["check"],
        &["new"],
        &["generate", "proto"],
        &["generate", "descriptor"],
        &["completions"],
    ];
    for command in commands {
        let ran = protoloop(&support::root(), &[command, &["--help"]].concat()).succeeded();
        assert!(ran.stdout.contains("Example"), "{command:?}: {ran}");
        assert!(
            ran.stdout
                .contains(&format!("protoloop {}", command.join(" "))),
            "{command:?}: {ran}"
        );
    }
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = protoloop(&support::root(), &["completions", shell]).succeeded();
        for command in ["serve", "check", "new", "generate", "completions"] {
            assert!(ran.stdout.contains(command), "{shell}: no {command}");
        }
    }
}

#[test]
fn the_bash_completion_is_valid_bash() {
    let folder = support::folder();
    let script = protoloop(&support::root(), &["completions", "bash"])
        .succeeded()
        .stdout;
    write(folder.path(), &[("protoloop.bash", &script)]);
    run(Command::new("bash")
        .arg("-n")
        .arg(folder.path().join("protoloop.bash")))
    .succeeded();
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let ran = protoloop(
        &support::root(),
        &[
            "serve",
            "examples/todo",
            "--db",
            "memory:",
            "--listen",
            &address,
        ],
    );
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains(&address), "{ran}");
    assert!(ran.stderr.contains("in use"), "{ran}");
}

#[test]
fn a_bad_database_is_a_clear_error() {
    for database in [
        "postgres://db/x",
        "nonsense",
        "sqlite:/no/such/folder/data.db",
    ] {
        let ran = protoloop(
            &support::root(),
            &[
                "serve",
                "examples/todo",
                "--db",
                database,
                "--listen",
                "127.0.0.1:0",
            ],
        );
        assert_eq!(ran.code, Some(1), "{database}: {ran}");
        assert!(ran.stderr.contains(database), "{database}: {ran}");
    }
}

#[test]
fn a_folder_without_protos_is_a_clear_error() {
    let folder = support::folder();
    let ran = protoloop(
        folder.path(),
        &["serve", "--db", "memory:", "--listen", "127.0.0.1:0"],
    );
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains(".proto"), "{ran}");
}

#[test]
fn bad_arguments_are_exit_code_2() {
    let ran = run(Command::new(PROTOLOOP).args(["serve", "--listen", "everywhere"]));
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stderr.contains("everywhere") && ran.stderr.contains("--listen"),
        "{ran}"
    );
}

#[test]
fn the_table_of_routes_is_shown() {
    let table = Served::start_with(&support::todo(), "memory:", &["--routes"])
        .terminate()
        .out;
    for part in [
        "/v1/todos/{id}",
        "/v1/todos:count",
        "PATCH",
        "DELETE",
        "todo.v1.TodoService/GetTodo",
    ] {
        assert!(table.contains(part), "{part} is missing:\n{table}");
    }
}
