//! The clients: the same for every server.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::{
    Request, client,
    codegen::http::{self, uri::PathAndQuery},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::by_hand::{CreateTodoRequest, GetTodoRequest, Todo};

const TITLE: &str = "buy milk, bread and something for the weekend";

fn todo() -> Todo {
    Todo {
        id: String::new(),
        title: TITLE.to_owned(),
        done: false,
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Get,
    Create,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Protocol {
    Grpc,
    Rest,
}

pub(crate) const TASKS: [(Protocol, Task); 4] = [
    (Protocol::Grpc, Task::Get),
    (Protocol::Grpc, Task::Create),
    (Protocol::Rest, Task::Get),
    (Protocol::Rest, Task::Create),
];

/// Calls that are made at once.
pub(crate) enum Load {
    Grpc(Grpc),
    Rest(Rest),
}

impl Load {
    pub(crate) async fn connect(protocol: Protocol, address: SocketAddr, calls: usize) -> Self {
        match protocol {
            Protocol::Grpc => Self::Grpc(Grpc::connect(address, calls).await),
            Protocol::Rest => Self::Rest(Rest::connect(address, calls).await),
        }
    }

    /// Makes them so many times, one round after the other.
    pub(crate) async fn run(&mut self, task: Task, rounds: usize) {
        for _ in 0..rounds {
            match (&mut *self, task) {
                (Self::Grpc(load), Task::Get) => load.get().await,
                (Self::Grpc(load), Task::Create) => load.create().await,
                (Self::Rest(load), Task::Get) => load.get().await,
                (Self::Rest(load), Task::Create) => load.post().await,
            }
        }
    }
}

/// Calls on one HTTP/2 connection.
pub(crate) struct Grpc {
    clients: Vec<client::Grpc<Channel>>,
    id: String,
}

impl Grpc {
    async fn connect(address: SocketAddr, calls: usize) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
        let endpoint = endpoint.tcp_nodelay(true);
        let channel = endpoint.connect().await.expect("a connection");
        let mut load = Self {
            clients: vec![client::Grpc::new(channel); calls],
            id: String::new(),
        };
        load.id = create(&mut load.clients[0]).await.id;
        load
    }

    async fn get(&mut self) {
        let id = &self.id;
        let calls = self.clients.iter_mut().map(|client| async move {
            client.ready().await.expect("a ready channel");
            let request = Request::new(GetTodoRequest { id: id.clone() });
            let path = PathAndQuery::from_static("/todo.v1.TodoService/GetTodo");
            let codec = ProstCodec::<GetTodoRequest, Todo>::default();
            let answer = client.unary(request, path, codec).await;
            let todo = answer.expect("an answer").into_inner();
            assert_eq!(todo.title, TITLE);
        });
        join_all(calls).await;
    }

    async fn create(&mut self) {
        join_all(self.clients.iter_mut().map(create)).await;
    }
}

async fn create(client: &mut client::Grpc<Channel>) -> Todo {
    client.ready().await.expect("a ready channel");
    let request = Request::new(CreateTodoRequest { todo: Some(todo()) });
    let path = PathAndQuery::from_static("/todo.v1.TodoService/CreateTodo");
    let codec = ProstCodec::<CreateTodoRequest, Todo>::default();
    let answer = client.unary(request, path, codec).await;
    answer.expect("an answer").into_inner()
}

/// Requests on as many HTTP/1.1 connections as there are requests at once.
pub(crate) struct Rest {
    connections: Vec<SendRequest<Full<Bytes>>>,
    path: String,
}

impl Rest {
    async fn connect(address: SocketAddr, calls: usize) -> Self {
        let connect = || async {
            let stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("TCP_NODELAY");
            let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
            tokio::spawn(connection);
            sender
        };
        let mut connections = join_all((0..calls).map(|_| connect())).await;
        let created: Todo = serde_json::from_slice(&send(&mut connections[0], creation()).await)
            .expect("the todo as JSON");
        Self {
            connections,
            path: format!("/v1/todos/{}", created.id),
        }
    }

    async fn get(&mut self) {
        let path = &self.path;
        let requests = self.connections.iter_mut().map(|connection| async move {
            let request = http::Request::get(path).header("host", "localhost");
            let request = request.body(Full::default()).expect("a good request");
            let body = send(connection, request).await;
            assert!(body.len() > TITLE.len());
        });
        join_all(requests).await;
    }

    async fn post(&mut self) {
        let requests = self
            .connections
            .iter_mut()
            .map(|connection| send(connection, creation()));
        join_all(requests).await;
    }
}

fn creation() -> http::Request<Full<Bytes>> {
    let body = format!(r#"{{"title":"{TITLE}","done":false}}"#);
    http::Request::post("/v1/todos")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::from(body))
        .expect("a good request")
}

async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    request: http::Request<Full<Bytes>>,
) -> Bytes {
    connection.ready().await.expect("an open connection");
    let response = connection.send_request(request).await.expect("a response");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await;
    body.expect("a whole body").to_bytes()
}
