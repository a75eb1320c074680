//! The service on a free port, by its generated gRPC client and by plain HTTP, with its data in memory and in a file.

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use protoloop::{Connector, MemoryConnector, Running, SqliteConnector};
use serde_json::{Value, json};
use tempfile::TempDir;
use todo_typed::{
    application,
    todo::v1::{
        CompleteTodoRequest, CreateTodoRequest, GetTodoRequest, ListTodosRequest, Todo,
        todo_service_client::TodoServiceClient,
    },
};
use tokio::net::TcpStream;
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

/// Status and body of one HTTP request.
async fn http(server: &Running, method: &str, path: &str, body: &str) -> (u16, Value) {
    let stream = TcpStream::connect(server.local_addr())
        .await
        .expect("connects");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_owned())))
        .expect("a request");
    let response = sender.send_request(request).await.expect("a response");
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
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

async fn over_rest(server: &Running, done: &str) {
    let (status, todo) = http(server, "POST", "/v1/todos", r#"{"title": " sweep "}"#).await;
    assert_eq!((status, &todo["title"]), (200, &json!("sweep")), "{todo}");
    let id = todo["id"].as_str().expect("an id");
    let (status, todo) = http(server, "POST", &format!("/v1/todos/{id}:complete"), "").await;
    assert_eq!((status, &todo["done"]), (200, &json!(true)), "{todo}");
    let (status, error) = http(server, "POST", &format!("/v1/todos/{done}:complete"), "").await;
    assert_eq!(
        (status, &error["error"]["status"]),
        (400, &json!("FAILED_PRECONDITION")),
        "{error}"
    );
    let (status, list) = http(server, "GET", "/v1/todos?filter=done%3Dtrue", "").await;
    assert_eq!(
        (status, list["todos"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{list}"
    );
}

#[tokio::test]
async fn serves_from_memory() {
    let server = start(MemoryConnector::new()).await;
    let done = over_grpc(&server).await.expect("no error");
    over_rest(&server, &done).await;
    server.shutdown().await;
}

#[tokio::test]
async fn serves_from_a_file_and_finds_it_again() {
    let folder = TempDir::new().expect("a folder");
    let server = start(in_file(&folder).await).await;
    let done = over_grpc(&server).await.expect("no error");
    over_rest(&server, &done).await;
    server.shutdown().await;

    let server = start(in_file(&folder).await).await;
    let (status, todo) = http(&server, "GET", &format!("/v1/todos/{done}"), "").await;
    assert_eq!((status, &todo["done"]), (200, &json!(true)), "{todo}");
    server.shutdown().await;
}
