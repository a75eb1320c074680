//! The same todo service, as one would write it by hand.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, RwLock},
    task::{Context, Poll},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use prost::Message;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
    transport::{Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Todo {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) title: String,
    #[prost(bool, tag = "3")]
    pub(crate) done: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct GetTodoRequest {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct CreateTodoRequest {
    #[prost(message, optional, tag = "1")]
    pub(crate) todo: Option<Todo>,
}

/// The rows.
#[derive(Clone, Default)]
pub(crate) struct Todos(Arc<RwLock<HashMap<String, Todo>>>);

impl Todos {
    fn get(&self, id: &str) -> Option<Todo> {
        self.0.read().expect("no writer panics").get(id).cloned()
    }

    fn create(&self, mut todo: Todo) -> Todo {
        todo.id = Uuid::now_v7().to_string();
        let mut rows = self.0.write().expect("no writer panics");
        rows.insert(todo.id.clone(), todo.clone());
        todo
    }
}

pub(crate) async fn start_tonic() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder().add_service(TodoService(Todos::default()));
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

/// What tonic's generator writes.
#[derive(Clone)]
struct TodoService(Todos);

impl NamedService for TodoService {
    const NAME: &'static str = "todo.v1.TodoService";
}

impl Service<http::Request<Body>> for TodoService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let todos = self.0.clone();
        match request.uri().path() {
            "/todo.v1.TodoService/GetTodo" => Box::pin(async move {
                let mut grpc = Grpc::new(ProstCodec::default());
                Ok(grpc.unary(GetTodo(todos), request).await)
            }),
            "/todo.v1.TodoService/CreateTodo" => Box::pin(async move {
                let mut grpc = Grpc::new(ProstCodec::default());
                Ok(grpc.unary(CreateTodo(todos), request).await)
            }),
            _ => Box::pin(async { Ok(Status::unimplemented("").into_http()) }),
        }
    }
}

struct GetTodo(Todos);

impl UnaryService<GetTodoRequest> for GetTodo {
    type Response = Todo;
    type Future = BoxFuture<Response<Todo>, Status>;

    fn call(&mut self, request: Request<GetTodoRequest>) -> Self::Future {
        let todos = self.0.clone();
        Box::pin(async move {
            let id = request.into_inner().id;
            let todo = todos.get(&id).ok_or_else(|| Status::not_found(id))?;
            Ok(Response::new(todo))
        })
    }
}

struct CreateTodo(Todos);

impl UnaryService<CreateTodoRequest> for CreateTodo {
    type Response = Todo;
    type Future = BoxFuture<Response<Todo>, Status>;

    fn call(&mut self, request: Request<CreateTodoRequest>) -> Self::Future {
        let todos = self.0.clone();
        Box::pin(async move {
            let todo = request.into_inner().todo;
            let todo = todo.ok_or_else(|| Status::invalid_argument("todo: is required"))?;
            Ok(Response::new(todos.create(todo)))
        })
    }
}

pub(crate) async fn start_axum() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let router = Router::new()
        .route("/v1/todos", post(post_todo))
        .route("/v1/todos/{id}", get(get_todo))
        .with_state(Todos::default());
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        stream.set_nodelay(true).expect("TCP_NODELAY");
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn get_todo(
    State(todos): State<Todos>,
    Path(id): Path<String>,
) -> Result<Json<Todo>, StatusCode> {
    todos.get(&id).map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn post_todo(State(todos): State<Todos>, Json(todo): Json<Todo>) -> Json<Todo> {
    Json(todos.create(todo))
}
