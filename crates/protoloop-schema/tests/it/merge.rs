//! A written service that is completed with the standard methods.

use protoloop_schema::Schema;

use crate::{
    support::{compile, read, schema},
    todo::routes,
};

const WRITTEN: &str = r#"syntax = "proto3";
package todo.v1;
import "google/api/annotations.proto";
import "protoloop/v1/annotations.proto";
message Todo {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
}
service TodoService {
  // Marks it as done.
  rpc CompleteTodo(CompleteTodoRequest) returns (Todo) {
    option (google.api.http) = { post: "/v1/todos/{id}:complete" };
  }
  rpc CreateTodo(CreateTodoRequest) returns (Todo) {
    option (google.api.http) = { post: "/v1/todos" body: "todo" };
  }
}
message CompleteTodoRequest { string id = 1; }
message CreateTodoRequest { Todo todo = 1; string request_id = 7; }
"#;

#[test]
fn a_written_service_keeps_its_methods_and_gets_the_others() {
    let schema = schema(WRITTEN);
    insta::assert_snapshot!(routes(&schema));
    assert!(schema.warnings().is_empty(), "{:?}", schema.warnings());
    assert_eq!(schema.services().len(), 1);
    assert!(!schema.services()[0].synthesised);
    let method = |path: &str| schema.method_by_path(path).expect("a method");
    let complete = method("/todo.v1.TodoService/CompleteTodo");
    assert!(complete.standard.is_none());
    assert_eq!(complete.comment.trim(), "Marks it as done.");
    assert!(method("/todo.v1.TodoService/CreateTodo").standard.is_some());
    let get = method("/todo.v1.TodoService/GetTodo");
    assert!(get.standard.is_some());
    assert!(get.comment.contains("Reads one Todo."));
    let message = |name: &str| schema.message_by_name(name).expect("a message");
    assert!(!message("todo.v1.CreateTodoRequest").synthesised);
    assert!(message("todo.v1.GetTodoRequest").synthesised);
}

#[test]
fn a_completed_set_is_not_completed_again() {
    let once = schema(WRITTEN);
    let twice = Schema::from_descriptor_set(once.descriptor_set()).expect("a schema");
    assert!(once.descriptor_set() == twice.descriptor_set());
    let get = twice.message_by_name("todo.v1.GetTodoRequest");
    assert!(get.expect("a message").synthesised);
}

#[test]
fn options_that_the_schema_does_not_know_stay() {
    let text = WRITTEN.replace(
        "  // Marks it as done.",
        "  option deprecated = true;\n  // Marks it as done.",
    );
    let before = compile(&text);
    let after = schema(&text).descriptor_set().to_vec();
    // ServiceDescriptorProto.options { deprecated: true }
    let options: &[u8] = &[0x1a, 0x03, 0x88, 0x02, 0x01];
    let count = |bytes: &[u8]| bytes.windows(5).filter(|window| *window == options).count();
    assert_eq!(count(&before), count(&after));
    assert_eq!(count(&after), 1);
}

#[test]
fn a_name_that_is_taken_for_something_else_is_an_error() {
    let text = format!("{WRITTEN}\nmessage GetTodoRequest {{ int32 other = 1; }}\n");
    let problems = read(&text).expect_err("taken");
    let text = problems.to_string();
    assert!(
        text.contains("todo.v1.GetTodoRequest is declared here"),
        "{text}"
    );
}
