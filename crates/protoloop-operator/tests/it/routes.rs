//! Routes follow the schema that pods serve, and none that they do not.

use serde_json::{Value, json};

use crate::support::{PATIENCE, World};

const TODOS: &str = "message Todo { option (protoloop.v1.model) = { expose: CRUD };\n\
                     string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }]; string title = 2; }";
const LISTS: &str = "message List { option (protoloop.v1.model) = { expose: CRUD };\n\
                     string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }]; string name = 2; }";

fn spec(messages: &[&str]) -> Value {
    let text = format!(
        "syntax = \"proto3\";\npackage todo.v1;\nimport \"protoloop/v1/annotations.proto\";\n{}\n",
        messages.join("\n")
    );
    json!({
        "schema": {"files": {"todo.proto": text}},
        "datasource": {"url": "memory:"},
        "routes": {
            "grpc": {"parentRefs": [{"name": "g"}], "hostnames": ["grpc.example"]},
            "http": {"parentRefs": [{"name": "g"}], "hostnames": ["http.example"]},
        },
    })
}

/// What both routes let in, as text.
fn let_in(world: &World) -> Option<(String, String)> {
    let rules = |plural: &str| Some(world.get(plural, "a")?["spec"]["rules"].to_string());
    Some((rules("grpcroutes")?, rules("httproutes")?))
}

#[test]
fn routes_follow_the_schema() {
    let Some(mut world) = World::new("routes") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &spec(&[TODOS]));
    let (first, _) = world.eventually("routes", PATIENCE, || let_in(&world));
    assert!(first.0.contains("todo.v1.TodoService"), "{first:?}");
    assert!(first.1.contains("/v1/todos"), "{first:?}");
    world.pods_are_ready("a");

    world.service("a", &spec(&[TODOS, LISTS]));
    let more = || let_in(&world).filter(|now| *now != first);
    let (second, _) = world.eventually("other routes", PATIENCE, || {
        more().filter(|now| now.1 != first.1 && now.0 != first.0)
    });
    for (service, path) in [("TodoService", "/v1/todos"), ("ListService", "/v1/lists")] {
        assert!(second.0.contains(service), "{second:?}");
        assert!(second.1.contains(path), "{second:?}");
    }
    world.pods_are_ready("a");

    // What would break callers is not served, so nothing leads to it, and all that was led to still is.
    world.service("a", &spec(&[LISTS]));
    world.reason("a", "SchemaCompatible", "BreakingChanges");
    assert_eq!(let_in(&world), Some(second));
}
