//! The smallest file that serves.

use protoloop_schema::{HttpMethod, Schema, Segment};

use crate::support::schema;

pub(crate) const TODO: &str = r#"syntax = "proto3";
package todo.v1;
import "protoloop/v1/annotations.proto";
// Something to do.
message Todo {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
  string title = 2;
  bool done = 3;
}
"#;

/// Methods with their types and routes, one per line.
pub(crate) fn routes(schema: &Schema) -> String {
    let mut lines = Vec::new();
    for method in schema.methods() {
        let (input, output) = (schema.message(method.input), schema.message(method.output));
        lines.push(format!(
            "{} ({}) -> {}",
            method.info.path, input.name, output.name
        ));
        for rule in &method.http {
            lines.push(format!(
                "  {} {} body {:?}",
                rule.method.as_str(),
                rule.template.text,
                rule.body
            ));
        }
    }
    lines.join("\n")
}

#[test]
fn expose_crud_makes_the_whole_service() {
    insta::assert_snapshot!(routes(&schema(TODO)));
}

#[test]
fn made_methods_are_standard() {
    let schema = schema(TODO);
    let kinds: Vec<_> = schema
        .methods()
        .iter()
        .map(|method| (&*method.info.name, method.standard.as_ref()))
        .collect();
    assert!(schema.warnings().is_empty(), "{:?}", schema.warnings());
    insta::assert_debug_snapshot!(kinds);
}

#[test]
fn made_elements_are_marked_and_have_comments_and_places() {
    let schema = schema(TODO);
    let service = &schema.services()[0];
    assert!(service.synthesised);
    assert_eq!(service.comment, "The standard methods of Todo.");
    assert_eq!(service.location.to_string(), "test.proto:5:1");
    let request = schema.message_by_name("todo.v1.ListTodosRequest").unwrap();
    assert!(request.synthesised);
    let filter = request.field_by_name("filter").unwrap();
    assert!(filter.comment.starts_with("Which rows"));
    let todo = schema.message_by_name("todo.v1.Todo").unwrap();
    assert!(!todo.synthesised);
    assert_eq!(todo.comment, "Something to do.");
}

#[test]
fn update_has_a_put_that_shares_the_template() {
    let schema = schema(TODO);
    let update = schema
        .method_by_path("/todo.v1.TodoService/UpdateTodo")
        .unwrap();
    let [patch, put] = &*update.http else {
        panic!()
    };
    assert_eq!(
        (&patch.method, &put.method),
        (&HttpMethod::Patch, &HttpMethod::Put)
    );
    assert_eq!(patch.template, put.template);
    let (path, range) = &patch.template.variables[0];
    assert_eq!(
        (&*path.text, &*path.numbers, range.clone()),
        ("todo.id", &[1, 1][..], 2..3)
    );
    assert_eq!(patch.template.segments[2], Segment::Single);
}

#[test]
fn a_set_that_was_expanded_is_read_again() {
    let first = schema(TODO);
    let again = Schema::from_descriptor_set(first.descriptor_set()).unwrap();
    assert_eq!(again.descriptor_set(), first.descriptor_set());
    assert!(again.services()[0].synthesised);
    assert_eq!(routes(&again), routes(&first));
}

#[test]
fn the_expanded_set_is_sound_for_other_tools() {
    let schema = schema(TODO);
    let pool = protox::prost_reflect::DescriptorPool::decode(schema.descriptor_set()).unwrap();
    let service = pool.get_service_by_name("todo.v1.TodoService").unwrap();
    assert_eq!(service.methods().len(), 10);
    let http = pool.get_extension_by_name("google.api.http").unwrap();
    for method in service.methods() {
        assert!(method.options().has_extension(&http), "{}", method.name());
    }
}

#[test]
fn the_model_is_an_entity() {
    let schema = schema(TODO);
    insta::assert_debug_snapshot!(schema.entities());
    let todo = schema.message_by_name("todo.v1.Todo").unwrap();
    assert_eq!(&*schema.entity_of(todo.id).unwrap().table, "todos");
}
