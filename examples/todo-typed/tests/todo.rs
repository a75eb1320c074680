//! The service on a free port, by its generated gRPC client, with its data in memory and in a file.

use protoloop::{Connector, MemoryConnector, Running, SqliteConnector};
use tempfile::TempDir;
use todo_typed::{
    application,
    todo::v1::{
        CompleteTodoRequest, CreateTodoRequest, GetTodoRequest, ListTodosRequest, Todo,
        todo_service_client::TodoServiceClient,
    },
};
use tonic::{Code, Status};

async fn start(connector: impl Connector) -> Running {
    let application = application(connector).expect("a schema");
    application.start("127.0.0.1:0").await.expect("starts")
}

async fn in_file(folder: &TempDir) -> SqliteConnector {
    let path = folder.path().join("todo.db");
    let url = format!("sqlite:{}", path.display());
    SqliteConnector::open(&url).await.expect("opens")
}

fn titled(title: &str) -> CreateTodoRequest {
    let title = title.to_owned();
    let todo = Todo {
        title,
        ..Todo::default()
    };
    CreateTodoRequest {
        todo: Some(todo),
        ..CreateTodoRequest::default()
    }
}

/// What every connector must let the service do; answers the id of a todo that is done.
async fn over_grpc(server: &Running) -> Result<String, Status> {
    let mut client = TodoServiceClient::connect(server.url())
        .await
        .expect("connects");
    let todo = client
        .create_todo(titled("  buy milk "))
        .await?
        .into_inner();
    assert_eq!(todo.title, "buy milk");
    let id = todo.id.clone();
    assert_eq!(id.len(), 36, "{id}");

    let complete = CompleteTodoRequest { id: id.clone() };
    let done = client.complete_todo(complete.clone()).await?.into_inner();
    assert!(done.done);
    let get = GetTodoRequest {
        id: id.clone(),
        ..GetTodoRequest::default()
    };
    assert_eq!(client.get_todo(get).await?.into_inner(), done);
    let list = client
        .list_todos(ListTodosRequest::default())
        .await?
        .into_inner();
    assert_eq!(list.todos, [done]);

    let again = client
        .complete_todo(complete)
        .await
        .expect_err("done already");
    assert_eq!(
        (again.code(), again.message()),
        (Code::FailedPrecondition, "the todo is done already")
    );
    let nobody = CompleteTodoRequest {
        id: "nobody".to_owned(),
    };
    let missing = client
        .complete_todo(nobody)
        .await
        .expect_err("no such todo");
    assert_eq!(missing.code(), Code::NotFound);
    let empty = client.create_todo(titled(" ")).await.expect_err("no title");
    assert_eq!(
        (empty.code(), empty.message()),
        (Code::InvalidArgument, "todo.title: is required")
    );
    Ok(id)
}

#[tokio::test]
async fn serves_from_memory() {
    let server = start(MemoryConnector::new()).await;
    over_grpc(&server).await.expect("no error");
    server.shutdown().await;
}

#[tokio::test]
async fn serves_from_a_file_and_finds_it_again() {
    let folder = TempDir::new().expect("a folder");
    let server = start(in_file(&folder).await).await;
    let done = over_grpc(&server).await.expect("no error");
    server.shutdown().await;

    let server = start(in_file(&folder).await).await;
    let mut client = TodoServiceClient::connect(server.url())
        .await
        .expect("connects");
    let get = GetTodoRequest {
        id: done,
        ..GetTodoRequest::default()
    };
    assert!(
        client
            .get_todo(get)
            .await
            .expect("is there")
            .into_inner()
            .done
    );
    server.shutdown().await;
}
