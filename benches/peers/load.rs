//! The clients: HTTP/1.1 connections with one request in flight on each.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::{join, join_all};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::mpsc, task::yield_now};
use tonic::codegen::http;

use crate::by_hand::Todo;

const TITLE: &str = "buy milk, bread and something for the weekend";

/// What came of a turn.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: usize,
    pub(crate) time: Duration,
    /// Of each request, sorted; only where a pace was kept.
    pub(crate) latencies: Vec<Duration>,
}

impl Tally {
    pub(crate) fn per_second(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }
}

/// Connections to one gateway.
pub(crate) struct Load {
    connections: Vec<SendRequest<Full<Bytes>>>,
    path: String,
}

impl Load {
    pub(crate) async fn connect(address: SocketAddr, count: usize) -> Self {
        let mut connections = join_all((0..count).map(|_| connect(address))).await;
        let created = send(&mut connections[0], creation()).await;
        let created: Todo = serde_json::from_slice(&created).expect("the todo as JSON");
        assert_eq!(created.title, TITLE);
        Self {
            connections,
            path: format!("/v1/todos/{}", created.id),
        }
    }

    /// As many requests as go through in a time: each connection sends its next one when it has the answer to the last.
    pub(crate) async fn closed(&mut self, method: &str, time: Duration) -> Tally {
        let (path, began) = (&self.path, Instant::now());
        let counts = self.connections.iter_mut().map(|connection| async move {
            let mut count = 0;
            while began.elapsed() < time {
                send(connection, request(method, path)).await;
                count += 1;
            }
            count
        });
        let requests = join_all(counts).await.into_iter().sum();
        Tally {
            requests,
            time: began.elapsed(),
            latencies: Vec::new(),
        }
    }

    /// Requests at a rate per second, each at its own moment, on the connections in turn. A latency counts from the
    /// moment a request was due, so that a gateway which falls behind does not look better for it.
    ///
    /// Waiting is spinning: the runtime's timers tick in milliseconds, and finer ones of the kernel's, each of which interrupts a
    /// virtual machine, take half of the client's time.
    pub(crate) async fn paced(&mut self, rate: f64, time: Duration) -> Tally {
        let (path, began) = (&self.path, Instant::now());
        let connections = self.connections.iter_mut();
        let (moments, runs): (Vec<_>, Vec<_>) = connections
            .map(|connection| {
                let (sender, mut moments) = mpsc::unbounded_channel::<Instant>();
                let run = async move {
                    let mut latencies = Vec::new();
                    while let Some(due) = moments.recv().await {
                        send(connection, request("GET", path)).await;
                        latencies.push(due.elapsed());
                    }
                    latencies
                };
                (sender, run)
            })
            .unzip();
        let count = (rate * time.as_secs_f64()) as u32;
        let tell = async move {
            for (number, connection) in (0..count).zip(moments.iter().cycle()) {
                let due = began + time.mul_f64(f64::from(number) / f64::from(count));
                while Instant::now() < due {
                    yield_now().await;
                }
                connection.send(due).expect("a connection that is read");
            }
        };
        let (latencies, ()) = join(join_all(runs), tell).await;
        let mut latencies = latencies.concat();
        latencies.sort_unstable();
        Tally {
            requests: latencies.len(),
            time: began.elapsed(),
            latencies,
        }
    }
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("TCP_NODELAY");
    let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(connection);
    sender
}

fn request(method: &str, path: &str) -> http::Request<Full<Bytes>> {
    if method == "POST" {
        return creation();
    }
    let request = http::Request::get(path).header("host", "localhost");
    request.body(Full::default()).expect("a good request")
}

fn creation() -> http::Request<Full<Bytes>> {
    http::Request::post("/v1/todos")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::from(format!(r#"{{"title":"{TITLE}","done":false}}"#)))
        .expect("a good request")
}

async fn send(
    connection: &mut SendRequest<Full<Bytes>>,
    request: http::Request<Full<Bytes>>,
) -> Bytes {
    connection.ready().await.expect("an open connection");
    let response = connection.send_request(request).await.expect("a response");
    assert_eq!(response.status(), 200);
    let body = response.into_body().collect().await.expect("a whole body");
    let body = body.to_bytes();
    assert!(body.len() > TITLE.len());
    body
}
