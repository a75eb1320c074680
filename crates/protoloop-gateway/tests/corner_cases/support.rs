//! Gateways from a few lines, requests and answers as text.

use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use protoloop_core::{BoxFuture, Call, CallContext, Error, Handler, Inbound, Reply, Result};
use protoloop_gateway::{RestGateway, RestOptions};
use protoloop_schema::Schema;
use protoloop_testing_proto::compile;
use protoloop_wire::Tables;

/// The gateway of a file, or every reason why it does not start.
fn start(text: &str, options: RestOptions) -> Result<RestGateway, String> {
    let set = compile(&[("test.proto", text)]);
    let schema = Schema::from_descriptor_set(&set).map_err(|problems| problems.to_string())?;
    let tables = Tables::new(&Arc::new(schema));
    RestGateway::new(tables, options).map_err(|problems| problems.to_string())
}

const HEAD: &str = r#"
syntax = "proto3";
package c.v1;
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
message M {
  string a = 1;
  string b = 2;
  M m = 3;
  repeated string list = 4;
  map<string, string> map = 5;
  repeated M ms = 6;
  int32 n = 7;
  google.protobuf.Timestamp at = 8;
}
service S {
"#;

/// A file with one method for each rule, `get: "/x"` and what else stands in `google.api.http`: methods `R0`, `R1`, …
fn service(rules: &[&str]) -> String {
    let methods = rules.iter().enumerate().map(|(index, rule)| {
        format!("rpc R{index}(M) returns (M) {{ option (google.api.http) = {{ {rule} }}; }}\n")
    });
    format!("{HEAD}{}}}", methods.collect::<String>())
}

/// The gateway of these rules.
pub(crate) fn gateway(rules: &[&str]) -> RestGateway {
    gateway_with(rules, |_| {})
}

/// The same with other options.
pub(crate) fn gateway_with(rules: &[&str], change: impl FnOnce(&mut RestOptions)) -> RestGateway {
    let mut options = RestOptions::default();
    change(&mut options);
    start(&service(rules), options).unwrap_or_else(|problems| panic!("{rules:?}: {problems}"))
}

/// Why these rules do not start.
pub(crate) fn refusal(rules: &[&str]) -> String {
    match start(&service(rules), RestOptions::default()) {
        Ok(_) => panic!("{rules:?} were taken"),
        Err(problems) => problems,
    }
}

/// The gateway of `things.proto`, which has a field of every kind.
pub(crate) fn things() -> &'static RestGateway {
    static GATEWAY: OnceLock<RestGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| things_with(|_| {}))
}

/// The same with other options.
pub(crate) fn things_with(change: impl FnOnce(&mut RestOptions)) -> RestGateway {
    let mut options = RestOptions::default();
    change(&mut options);
    let text = include_str!("../../src/rest/tests/things.proto");
    start(text, options).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Answers with the request, or what it is told; remembers the call.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    pub(crate) answer: Arc<Mutex<Option<Result<Reply>>>>,
    pub(crate) last: Arc<Mutex<Option<(String, CallContext)>>>,
}

impl Echo {
    pub(crate) fn telling(answer: Result<Reply>) -> Self {
        let echo = Self::default();
        *echo.answer.lock().unwrap() = Some(answer);
        echo
    }

    /// The method that was called last.
    pub(crate) fn called(&self) -> String {
        let last = self.last.lock().unwrap().take();
        last.map_or_else(|| "nobody".to_owned(), |(path, _)| path)
    }
}

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        *self.last.lock().unwrap() = Some((call.method.path.to_string(), call.context));
        let reply = match (self.answer.lock().unwrap().take(), call.messages) {
            (Some(answer), _) => answer,
            (None, Inbound::One(message)) => Ok(Reply::unary(message)),
            (None, Inbound::Stream(_)) => Err(Error::internal_error("not asked for")),
        };
        Box::pin(async { reply })
    }
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `200 body`, or `400 message` of the envelope.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        if self.status < 400 || self.body.is_empty() {
            return format!("{} {}", self.status, self.body);
        }
        let envelope: serde_json::Value = serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.body));
        let error = &envelope["error"];
        assert_eq!(error["code"], self.status, "{}", self.body);
        format!("{} {}", self.status, error["message"].as_str().unwrap())
    }
}

/// A request from lines as they stand in HTTP/1: method and target, headers, an empty line, the body. A body without a
/// content type gets that of JSON.
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

pub(crate) fn send_to(gateway: &RestGateway, handler: &Echo, text: &str) -> Answer {
    let serving = gateway.serve(request(text), None, handler);
    let (head, body) = serving.now_or_never().expect("nothing waits").into_parts();
    let body = body.collect().now_or_never().unwrap().unwrap().to_bytes();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

pub(crate) fn send(gateway: &RestGateway, text: &str) -> Answer {
    send_to(gateway, &Echo::default(), text)
}

/// Sends every request of the table and compares the answer's line; one that ends in `…` is compared up to there.
#[track_caller]
pub(crate) fn check(gateway: &RestGateway, table: &[(&str, &str)]) {
    let mut wrong = String::new();
    for (text, expected) in table {
        let line = send(gateway, text).line();
        let same = match expected.strip_suffix('…') {
            Some(beginning) => line.starts_with(beginning),
            None => line == *expected,
        };
        if !same {
            wrong += &format!("{text}\n  expected {expected}\n     found {line}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
