//! The todo service: the standard methods from the engine, two methods from here.

use protoloop::{Connector, prelude::*};

protoloop::include_proto!();

use todo::v1::{CompleteTodoRequest, CreateTodoRequest, Todo, TodoService, TodoServiceServer};

/// The handlers.
#[derive(Debug)]
pub struct Todos;

impl TodoService for Todos {
    /// The custom method: it must be written.
    async fn complete_todo(&self, cx: &Context, request: CompleteTodoRequest) -> Result<Todo> {
        let todos = cx.repository::<Todo>()?;
        let complete = |todo: &mut Todo| {
            if todo.done {
                return Err(Error::failed_precondition("the todo is done already"));
            }
            todo.done = true;
            Ok(())
        };
        todos
            .update_by_id(cx, &Key::from(&*request.id), complete)
            .await
    }

    /// An override of a standard method: it prepares the request, and the engine does the rest.
    async fn create_todo(&self, cx: &Context, mut request: CreateTodoRequest) -> Result<Todo> {
        let todo = request.todo.get_or_insert_default();
        todo.title = todo.title.trim().to_owned();
        if todo.title.is_empty() {
            return Err(Error::invalid_field("todo.title", "is required"));
        }
        cx.standard(request).await
    }
}

/// The application, with its data in `connector`.
///
/// # Errors
/// None, unless the generated schema and this toolkit are of different versions.
pub fn application(connector: impl Connector) -> Result<Application, ApplicationError> {
    Ok(Application::new(DESCRIPTOR_SET)?
        .datasource("default", connector)
        .service(TodoServiceServer::new(Todos)))
}
