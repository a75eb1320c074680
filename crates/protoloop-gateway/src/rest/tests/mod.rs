//! Tests over the whole way of a request but for the socket. They are named after the rows of the corner-case table in
//! `docs/reference/http-mapping.md`. The handler answers with the request, so an answer shows what was bound.

mod bad_input;
mod binding;
mod body;
mod client_stream;
mod compress;
mod condition;
mod edge;
mod form;
mod forms;
mod socket;
mod stream;
mod update;

use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use protoloop_core::{BoxFuture, Call, CallContext, Error, Handler, Inbound, Reply, Result};
use protoloop_schema::Schema;
use protoloop_testing_proto::compile;
use protoloop_wire::Tables;

use super::*;

pub(crate) fn schema(text: &'static str) -> Schema {
    Schema::from_descriptor_set(&compile(&[("test.proto", text)]))
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn gateway_with(text: &'static str, options: RestOptions) -> RestGateway {
    let tables = Tables::new(&Arc::new(schema(text)));
    RestGateway::new(tables, options).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The gateway of `things.proto`, default options.
fn things() -> &'static RestGateway {
    static GATEWAY: OnceLock<RestGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| gateway_with(include_str!("things.proto"), RestOptions::default()))
}

/// The gateway of the README's model.
fn todos() -> &'static RestGateway {
    static GATEWAY: OnceLock<RestGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| gateway_with(include_str!("todo.proto"), RestOptions::default()))
}

/// Answers with the request, or what it is told.
#[derive(Clone, Default)]
struct Echo {
    answer: Arc<Mutex<Option<Result<Reply>>>>,
    last: Arc<Mutex<Option<(String, CallContext)>>>,
    request: Arc<Mutex<Option<(String, Bytes)>>>,
}

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        *self.last.lock().unwrap() = Some((call.method.path.to_string(), call.context));
        if let Inbound::One(message) = &call.messages {
            *self.request.lock().unwrap() = Some((call.method.path.to_string(), message.clone()));
        }
        let reply = match (self.answer.lock().unwrap().take(), call.messages) {
            (Some(answer), _) => answer,
            (None, Inbound::One(message)) => Ok(Reply::unary(message)),
            (None, Inbound::Stream(_)) => Err(Error::internal_error("not asked for")),
        };
        Box::pin(async { reply })
    }
}

/// A gateway of `things.proto` with other options.
fn things_with(change: impl FnOnce(&mut RestOptions)) -> RestGateway {
    let mut options = RestOptions::default();
    change(&mut options);
    gateway_with(include_str!("things.proto"), options)
}

/// An answer, read.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
    bytes: Bytes,
}

impl Answer {
    fn of(response: Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().now_or_never().unwrap().unwrap().to_bytes();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
            bytes: body,
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `200 body`, or `400 message` of the envelope.
    #[track_caller]
    fn line(&self) -> String {
        if self.status < 400 {
            return format!("{} {}", self.status, self.body);
        }
        let envelope: serde_json::Value =
            serde_json::from_str(&self.body).unwrap_or_else(|error| {
                panic!("{error}: {}", self.body);
            });
        let error = &envelope["error"];
        assert_eq!(error["code"], self.status, "{}", self.body);
        format!("{} {}", self.status, error["message"].as_str().unwrap())
    }
}

/// A request from lines as they stand in HTTP/1: method and target, headers, an empty line, the body.
fn request(text: &str) -> Request<Full<Bytes>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name.trim(), value.trim());
    }
    if !body.is_empty() && !head.to_ascii_lowercase().contains("content-type:") {
        request = request.header("content-type", "application/json");
    }
    request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

fn send_to(gateway: &RestGateway, handler: &Echo, text: &str) -> Answer {
    let serving = gateway.serve(request(text), None, handler);
    Answer::of(serving.now_or_never().expect("nothing waits"))
}

fn send(gateway: &RestGateway, text: &str) -> Answer {
    send_to(gateway, &Echo::default(), text)
}

/// Sends every request of the table and compares the answer's line.
#[track_caller]
fn check(gateway: &RestGateway, table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let line = send(gateway, text).line();
        if line != *expected {
            wrong += &format!("{text}\n  expected {expected}\n     found {line}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
