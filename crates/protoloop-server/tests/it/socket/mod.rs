//! WebSockets over real ones.

mod calls;
mod closes;
mod frames;
mod life;
mod opening;

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt as _, Stream, StreamExt as _, stream};
use protoloop_core::{
    BoxFuture, Call, Detail, Error, Handler, Inbound, MessageStream, Reply, Result,
};
use protoloop_schema::Schema;
use protoloop_server::{Dispatcher, Server, ServerBuilder, ServerConfig};
use protoloop_testing_proto::compile;
use protoloop_wire::{Tables, View, Writer};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::client::generate_key},
};

use crate::client::Running;

fn tables() -> Arc<Tables> {
    let set = compile(&[("rooms.proto", include_str!("rooms.proto"))]);
    let schema = Schema::from_descriptor_set(&set);
    Tables::new(&Arc::new(schema.expect("a good schema")))
}

/// `Said` as protobuf.
pub(crate) fn said(room: &str, text: &str) -> Bytes {
    let mut writer = Writer::new();
    writer.string(1, room);
    writer.string(2, text);
    writer.finish().into()
}

/// What the handler has seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Calls whose stream of answers, or whose future, is gone.
    pub(crate) over: AtomicUsize,
    /// Messages taken from callers.
    pub(crate) taken: AtomicUsize,
    /// Messages made for them.
    pub(crate) made: AtomicUsize,
}

impl Seen {
    /// Waits until a number is there.
    pub(crate) async fn until(number: &AtomicUsize, wanted: usize) {
        for _ in 0..500 {
            if number.load(Ordering::SeqCst) >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {wanted}", number.load(Ordering::SeqCst));
    }
}

/// Counts a call as over when it is dropped.
struct Over(Arc<Seen>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::SeqCst);
    }
}

/// Says back what is said. A text `fail` fails, `late` fails behind 256 KiB, and the call is over then, `end` ends the call, `flood` is
/// answered without end, `hang` never.
struct Talker {
    tables: Arc<Tables>,
    seen: Arc<Seen>,
}

impl Handler for Talker {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let over = Over(Arc::clone(&self.seen));
        Box::pin(async move {
            let metadata = call.context.metadata();
            if metadata.contains_key("x-refuse") {
                return Err(Error::unauthenticated("who are you?"));
            }
            let cookie = metadata.contains_key("cookie");
            let name = Arc::clone(&call.method.name);
            match call.messages {
                Inbound::One(message) => {
                    let (_, text) = self.read(&message);
                    let messages = match &*text {
                        "flood" => self.flood(over),
                        "silent" => stream::pending().boxed(),
                        "fail" => stream::once(async { Err(refusal()) }).boxed(),
                        "late" => {
                            let message = said("", &"x".repeat(8 << 10));
                            let messages = stream::iter(vec![message; 32]).map(Ok);
                            messages
                                .chain(stream::once(async move {
                                    drop(over);
                                    Err(refusal())
                                }))
                                .boxed()
                        }
                        "cookie" => {
                            let there = if cookie { "yes" } else { "no" };
                            stream::iter([Ok(said("", there))]).boxed()
                        }
                        _ => stream::iter([Ok(message.clone()), Ok(message.clone())]).boxed(),
                    };
                    if &*name == "Say" {
                        return Ok(Reply::unary(message));
                    }
                    let mut reply = Reply::stream(messages);
                    reply
                        .metadata
                        .insert("x-head", "there".parse().expect("a value"));
                    Ok(reply)
                }
                Inbound::Stream(mut messages) if &*name == "Collect" => {
                    let mut texts = Vec::new();
                    while let Some(message) = messages.next().await.transpose()? {
                        self.seen.taken.fetch_add(1, Ordering::SeqCst);
                        let (_, text) = self.read(&message);
                        if text == "hang" {
                            std::future::pending::<()>().await;
                        }
                        texts.push(text);
                    }
                    Ok(Reply::unary(said("", &texts.join("+"))))
                }
                Inbound::Stream(messages) => Ok(Reply::stream(Box::pin(Talk {
                    messages,
                    tables: Arc::clone(&self.tables),
                    seen: Arc::clone(&self.seen),
                    over: false,
                    _guard: over,
                }))),
            }
        })
    }
}

fn refusal() -> Error {
    Error::not_found("there is no such thing").with_detail(Detail::ErrorInfo {
        reason: "NO_SUCH_THING".to_owned(),
        domain: "rooms.v1".to_owned(),
        metadata: Vec::new(),
    })
}

fn read(tables: &Tables, message: &[u8]) -> (String, String) {
    let id = tables.by_name("rooms.v1.Said").expect("declared");
    let view = View::new(tables, id, message);
    (view.string(1).to_owned(), view.string(2).to_owned())
}

impl Talker {
    fn read(&self, message: &[u8]) -> (String, String) {
        read(&self.tables, message)
    }

    /// 8 KiB again and again.
    fn flood(&self, over: Over) -> MessageStream {
        let message = said("", &"x".repeat(8 << 10));
        let seen = Arc::clone(&self.seen);
        let flood = stream::repeat_with(move || {
            let _over = &over;
            seen.made.fetch_add(1, Ordering::SeqCst);
            Ok(message.clone())
        });
        Box::pin(flood)
    }
}

struct Talk {
    messages: MessageStream,
    tables: Arc<Tables>,
    seen: Arc<Seen>,
    over: bool,
    _guard: Over,
}

impl Stream for Talk {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let next = std::task::ready!(self.messages.as_mut().poll_next(cx));
        let Some(message) = next.transpose()? else {
            return Poll::Ready(None);
        };
        self.seen.taken.fetch_add(1, Ordering::SeqCst);
        let (_, text) = read(&self.tables, &message);
        match &*text {
            "fail" => Poll::Ready(Some(Err(refusal()))),
            "end" => Poll::Ready(None),
            "hang" => Poll::Pending,
            _ => Poll::Ready(Some(Ok(message))),
        }
    }
}

/// A server with what its handler has seen.
pub(crate) struct Talking {
    pub(crate) server: Running,
    pub(crate) seen: Arc<Seen>,
}

pub(crate) async fn start() -> Talking {
    start_with(ServerConfig::default()).await
}

pub(crate) async fn start_with(config: ServerConfig) -> Talking {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    start_on(config, listener.expect("a free port"))
}

pub(crate) fn start_on(config: ServerConfig, listener: TcpListener) -> Talking {
    let seen = Arc::<Seen>::default();
    let server = rooms_seen(config, &seen);
    Talking {
        server: Running::serve_on(server.build().expect("a good configuration"), listener),
        seen,
    }
}

/// A server of `rooms.proto`.
pub(crate) fn rooms(config: ServerConfig) -> ServerBuilder {
    rooms_seen(config, &Arc::default())
}

fn rooms_seen(config: ServerConfig, seen: &Arc<Seen>) -> ServerBuilder {
    let tables = tables();
    let talker: Arc<dyn Handler> = Arc::new(Talker {
        tables: Arc::clone(&tables),
        seen: Arc::clone(seen),
    });
    let dispatcher =
        Dispatcher::new(Arc::clone(tables.schema())).methods(|_| Some(Arc::clone(&talker)));
    Server::builder(tables, dispatcher).config(config)
}

/// A client's end of a socket.
pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    pub(crate) headers: http::HeaderMap,
}

/// An upgrade request with these further headers.
pub(crate) fn request(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> http::Request<()> {
    let mut request = http::Request::get(format!("ws://{addr}{path}"))
        .header("host", addr.to_string())
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a good request")
}

impl Socket {
    pub(crate) async fn open(addr: SocketAddr, path: &str) -> Self {
        Self::open_with(addr, path, &[]).await
    }

    pub(crate) async fn open_with(addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let stream = TcpStream::connect(addr).await.expect("a connection");
        let opened = tokio_tungstenite::client_async(request(addr, path, headers), stream).await;
        let (stream, response) = opened.expect("an open socket");
        Self {
            stream,
            headers: response.headers().clone(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("sent");
    }

    pub(crate) async fn send_binary(&mut self, data: Bytes) {
        self.stream.send(Message::binary(data)).await.expect("sent");
    }

    /// The next frame that is no ping: its text, `<n bytes>`, or code and reason of a close frame.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(10), self.stream.next()).await;
            match next.expect("in time") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Binary(data))) => return format!("{data:?}"),
                Some(Ok(Message::Close(Some(close)))) => {
                    return format!("{} {}", u16::from(close.code), close.reason);
                }
                Some(Ok(Message::Close(None))) => return "closed".to_owned(),
                Some(Ok(_)) => {}
                Some(Err(error)) => return error.to_string(),
                None => return "over".to_owned(),
            }
        }
    }
}
