//! The clients: the same for every server. Answers are received whole and not decoded, so that what is timed is the servers'.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Buf, BufMut, Bytes};
use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use prost::Message as _;
use tokio::net::TcpStream;
use tonic::{
    Request, Status, client,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::{self, Method, uri::PathAndQuery},
    transport::{Channel, Endpoint},
};

use crate::by_hand::{
    CreateItemRequest, GetItemRequest, Item, ListAuthorsRequest, ListItemsRequest,
    UpdateItemRequest,
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Get,
    List(i32),
    Create,
    Update,
    /// So many authors with their books.
    Include(i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Rest,
}

/// Some connections, each of which asks again as soon as it is answered.
#[derive(Debug)]
pub(crate) struct Load {
    connections: Vec<Connection>,
    task: Task,
    ids: Arc<Vec<String>>,
    turn: usize,
}

#[derive(Debug)]
enum Connection {
    Grpc(client::Grpc<Channel>),
    Rest(SendRequest<Full<Bytes>>),
}

impl Load {
    pub(crate) async fn connect(
        at: SocketAddr,
        protocol: Protocol,
        connections: usize,
        task: Task,
        ids: Arc<Vec<String>>,
    ) -> Self {
        let connect = || async {
            match protocol {
                Protocol::Grpc => {
                    let endpoint = Endpoint::from_shared(format!("http://{at}")).expect("a URL");
                    let channel = endpoint.tcp_nodelay(true).connect().await;
                    Connection::Grpc(client::Grpc::new(channel.expect("a connection")))
                }
                Protocol::Rest => {
                    let stream = TcpStream::connect(at).await.expect("a connection");
                    stream.set_nodelay(true).expect("TCP_NODELAY");
                    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
                    tokio::spawn(connection);
                    Connection::Rest(sender)
                }
            }
        };
        Self {
            connections: join_all((0..connections).map(|_| connect())).await,
            task,
            ids,
            turn: 0,
        }
    }

    /// Asks so often over each connection; answers how long each request took.
    pub(crate) async fn run(&mut self, times: usize) -> Vec<Duration> {
        self.turn += times;
        let (task, ids, turn) = (self.task, &self.ids, self.turn);
        let work = self.connections.iter_mut().enumerate();
        let work = work.map(|(number, connection)| async move {
            let mut taken = Vec::with_capacity(times);
            for time in 0..times {
                // Each connection has rows of its own, spread over the table.
                let id = &ids[(number * 397 + (turn + time) * 7919) % ids.len()];
                let begun = Instant::now();
                let bytes = match connection {
                    Connection::Grpc(client) => grpc(client, task, id).await,
                    Connection::Rest(sender) => rest(sender, task, id).await,
                };
                taken.push(begun.elapsed());
                assert!(bytes > 40, "{task:?} answered {bytes} bytes");
            }
            taken
        });
        join_all(work).await.into_iter().flatten().collect()
    }
}

const DESCRIPTION: &str =
    "A thing that is sold in our shop, in several colours and sizes; it comes in three days.";

fn item(id: &str) -> Item {
    Item {
        id: id.to_owned(),
        name: "a thing".to_owned(),
        description: DESCRIPTION.to_owned(),
        price: 1_299,
        quantity: 17,
        rating: 4.5,
        active: true,
    }
}

async fn grpc(client: &mut client::Grpc<Channel>, task: Task, id: &str) -> usize {
    let (path, message) = match task {
        Task::Get => {
            let request = GetItemRequest { id: id.to_owned() };
            ("/data.v1.ItemService/GetItem", request.encode_to_vec())
        }
        Task::List(page_size) => {
            let request = ListItemsRequest {
                page_size,
                page_token: String::new(),
            };
            ("/data.v1.ItemService/ListItems", request.encode_to_vec())
        }
        Task::Create => {
            let item = Some(item(""));
            let request = CreateItemRequest { item };
            ("/data.v1.ItemService/CreateItem", request.encode_to_vec())
        }
        Task::Update => {
            let paths = vec!["name".to_owned(), "quantity".to_owned()];
            let request = UpdateItemRequest::of(item(id), paths);
            ("/data.v1.ItemService/UpdateItem", request.encode_to_vec())
        }
        Task::Include(page_size) => {
            let mut message = ListAuthorsRequest { page_size }.encode_to_vec();
            message.extend(include());
            ("/data.v1.AuthorService/ListAuthors", message)
        }
    };
    client.ready().await.expect("a ready channel");
    let request = Request::new(Bytes::from(message));
    let answer = client.unary(request, PathAndQuery::from_static(path), Raw);
    answer.await.expect("an answer").into_inner().len()
}

/// The field `include` of ListAuthors; who serves by hand skips it.
fn include() -> Vec<u8> {
    let mut field = Vec::new();
    prost::encoding::string::encode(INCLUDE_FIELD, &"books".to_owned(), &mut field);
    field
}

/// Its number in the request that the schema has made.
const INCLUDE_FIELD: u32 = 7;

async fn rest(sender: &mut SendRequest<Full<Bytes>>, task: Task, id: &str) -> usize {
    let (method, path, body) = match task {
        Task::Get => (Method::GET, format!("/v1/items/{id}"), String::new()),
        Task::List(size) => {
            let path = format!("/v1/items?page_size={size}");
            (Method::GET, path, String::new())
        }
        Task::Create => {
            let body = format!(
                r#"{{"name":"a thing","description":"{DESCRIPTION}","price":"1299","quantity":17,"rating":4.5,"active":true}}"#
            );
            (Method::POST, "/v1/items".to_owned(), body)
        }
        Task::Update => {
            let body = r#"{"name":"a thing","quantity":17}"#.to_owned();
            (Method::PATCH, format!("/v1/items/{id}"), body)
        }
        Task::Include(size) => {
            let path = format!("/v1/authors?page_size={size}&include=books");
            (Method::GET, path, String::new())
        }
    };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost");
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let request = request.body(Full::from(body)).expect("a good request");
    sender.ready().await.expect("an open connection");
    let response = sender.send_request(request).await.expect("a response");
    let status = response.status();
    let body = response.into_body().collect().await;
    let body = body.expect("a whole body").to_bytes();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    body.len()
}

/// Messages as bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}
