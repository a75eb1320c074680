//! The example of `docs/how-to/hooks.md`.

use std::path::PathBuf;

use protoloop::{Application, CallContext, MemoryConnector};
use protoloop_build::compile;

use crate::golden::model::todo::v1::{Todo, TodoServiceServer};
use example::Titles;

mod example {
    use protoloop::prelude::*;

    use crate::golden::model::todo::v1::Todo;

    pub(super) struct Titles;

    impl Hook<Todo> for Titles {
        async fn before_save(&self, _: &HookContext<'_>, save: &mut Save<Todo>) -> Result<()> {
            save.row.title = save.row.title.trim().to_owned();
            if save.row.title.is_empty() {
                return Err(Error::invalid_field("todo.title", "says nothing"));
            }
            Ok(())
        }

        async fn before_delete(&self, cx: &HookContext<'_>, row: &Todo) -> Result<()> {
            // Works in the transaction of the delete: both are kept, or neither.
            let todos = cx.repository::<Todo>()?;
            let rest = todos.count(cx.call(), None).await?;
            match rest {
                1 => Err(Error::failed_precondition(format!(
                    "`{}` is the last one",
                    row.title
                ))),
                _ => Ok(()),
            }
        }
    }
}

#[derive(Debug)]
struct Plain;

impl crate::golden::model::todo::v1::TodoService for Plain {}

#[test]
fn the_page_shows_this_very_code() {
    let page = include_str!("../../../../docs/how-to/hooks.md");
    let here: String = include_str!("hooks.rs").split_whitespace().collect();
    let blocks: Vec<&str> = page.split("```rust\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block = block.split("```").next().unwrap_or_default();
        let code: String = block.split_whitespace().collect();
        assert!(here.contains(&code), "{block}");
    }
}

async fn application() -> Application {
    let proto = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protoloop-build/tests/golden/model/todo.proto"
    );
    let compiled = compile(&[PathBuf::from(proto)], &[]).expect("compiles");
    let application = Application::new(compiled.schema.descriptor_set()).expect("a schema");
    application
        .datasource("default", MemoryConnector::new())
        .service(TodoServiceServer::new(Plain))
}

#[tokio::test]
async fn a_hook_of_an_application_runs() {
    let application = application().await;
    let application = application.hook::<Todo>(Titles);
    let server = application.build().await.expect("starts");
    let path = "/todo.v1.TodoService/CreateTodo";
    let call = |title: &str| {
        let method = server.schema().method_by_path(path).expect("a method");
        let mut todo = protoloop::__private::encode(&Todo {
            title: title.to_owned(),
            ..Todo::default()
        })
        .to_vec();
        let mut request = vec![0x0a, u8::try_from(todo.len()).expect("short")];
        request.append(&mut todo);
        protoloop::Call::unary(method.info.clone(), CallContext::new(), request.into())
    };
    let handler = server.handler();
    let reply = handler.call(call("  one ")).await.expect("created");
    let reply = reply.into_one().expect("one");
    assert!(
        reply.windows(5).any(|part| part == b"\x12\x03one"),
        "{reply:?}"
    );
    let error = handler.call(call("   ")).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "INVALID_ARGUMENT: todo.title: says nothing"
    );
}

#[tokio::test]
async fn a_hook_of_no_model_is_told() {
    struct Other;
    impl protoloop::Hook<protoloop::Record> for Other {}
    let hooks = application().await.hook_all(Other);
    hooks.build().await.expect("of every model");
}
