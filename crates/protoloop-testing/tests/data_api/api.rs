//! A shop that is asked over REST or by gRPC's methods; requests and answers are text.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use protoloop_core::{BoxFuture, Call, CallContext, Caller, Error, Handler, Reply, Result};
use protoloop_gateway::{RestGateway, RestOptions};
use protoloop_repository::{Capabilities, Connector, Model, StandardEngine};
use protoloop_wire::{Tables, json};

/// The engine behind every method of the schema.
#[derive(Clone)]
struct Engine(Arc<[Option<Arc<dyn Handler>>]>);

impl Handler for Engine {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        match self.0.get(call.method.index) {
            Some(Some(handler)) => handler.call(call),
            _ => Box::pin(std::future::ready(Err(Error::unimplemented(
                "not standard",
            )))),
        }
    }
}

/// The shop over a connector.
pub(crate) struct Api {
    tables: Arc<Tables>,
    gateway: RestGateway,
    engine: Engine,
    capabilities: Capabilities,
}

/// The tables of a file, compiled once.
fn tables(proto: &'static str) -> Arc<Tables> {
    static TABLES: Mutex<Vec<(&str, Arc<Tables>)>> = Mutex::new(Vec::new());
    let mut all = TABLES.lock().unwrap();
    if let Some((_, found)) = all.iter().find(|(text, _)| *text == proto) {
        return Arc::clone(found);
    }
    let made = protoloop_testing::served_tables(proto);
    all.push((proto, Arc::clone(&made)));
    made
}

impl Api {
    pub(crate) async fn over(proto: &'static str, connector: Arc<dyn Connector>) -> Self {
        let tables = tables(proto);
        let models = Model::all(&tables).unwrap();
        connector.prepare(&models).await.unwrap();
        let mut engine = StandardEngine::new(&tables);
        for model in &models {
            engine = engine.repository(connector.repository(model).unwrap());
        }
        let handlers = engine.handlers().unwrap();
        let gateway = RestGateway::new(Arc::clone(&tables), RestOptions::default());
        Self {
            capabilities: connector.capabilities(),
            gateway: gateway.unwrap_or_else(|problems| panic!("{problems}")),
            engine: Engine(handlers.into()),
            tables,
        }
    }

    /// What the connector can do.
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Sends `GET /v1/items?filter=n > 1`, with header lines and after an empty line a body, as in HTTP/1. The query is
    /// written plainly and escaped here.
    pub(crate) async fn send(&self, text: &str) -> Answer {
        let serving = self.gateway.serve(request(text), None, &self.engine);
        let (head, body) = serving.await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// The body of an answer that must be good.
    pub(crate) async fn ok(&self, text: &str) -> String {
        let answer = self.send(text).await;
        assert_eq!(answer.status, 200, "{text}\n{}", answer.body);
        answer.body
    }

    /// The member of the answer's object that is named, a text.
    pub(crate) async fn member(&self, text: &str, name: &str) -> String {
        let body = self.ok(text).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        body[name].as_str().unwrap_or_default().to_owned()
    }

    /// Sends every request of the table and compares the answer's line, in which `…` stands for anything.
    pub(crate) async fn check(&self, table: &[(&str, &str)]) {
        let mut wrong = String::new();
        for (text, due) in table {
            let found = self.send(text).await.line();
            if !fits(&found, due) {
                wrong += &format!("{text}\n     due {due}\n   found {found}\n");
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }

    /// The ids of the items that a filter selects, in an order.
    pub(crate) async fn items(&self, table: &[(&str, &str)]) {
        let mut wrong = String::new();
        for (query, due) in table {
            let text = format!("GET /v1/items?read_mask=id&{query}");
            let found = self.send(&text).await.ids();
            if !fits(&found, due) {
                wrong += &format!("{query}\n     due {due}\n   found {found}\n");
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }

    /// Calls a gRPC method, `ItemService/GetItem`, with ProtoJSON; answers ProtoJSON, or `CODE: message`.
    pub(crate) async fn call(&self, method: &str, request: &str) -> String {
        self.call_with(CallContext::new(), method, request).await
    }

    /// The same as a caller of a tenant.
    pub(crate) async fn call_of(&self, tenant: &str, method: &str, request: &str) -> String {
        let mut cx = CallContext::new();
        cx.set_caller(Caller::new("somebody").in_tenant(tenant));
        self.call_with(cx, method, request).await
    }

    async fn call_with(&self, cx: CallContext, method: &str, request: &str) -> String {
        let path = format!("/shop.v1.{method}");
        let method = self.tables.schema().method_by_path(&path).expect(&path);
        let options = json::DecodeOptions::default();
        let bytes = json::decode(&self.tables, method.input, request.as_bytes(), &options);
        let bytes = bytes.unwrap_or_else(|error| panic!("{request}: {error}"));
        let call = Call::unary(Arc::clone(&method.info), cx, bytes.into());
        let reply = self.engine.call(call).await.and_then(Reply::into_one);
        match reply {
            Err(error) => error.to_string(),
            Ok(reply) => {
                let mut out = Vec::new();
                let options = json::EncodeOptions::default();
                json::encode(&self.tables, method.output, &reply, &options, &mut out).unwrap();
                String::from_utf8(out).unwrap()
            }
        }
    }
}

/// Whether a text is as due, where `…` stands for anything.
fn fits(found: &str, due: &str) -> bool {
    let mut parts = due.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = found.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    /// `200 body`, or `400 INVALID_ARGUMENT message` of the envelope.
    pub(crate) fn line(&self) -> String {
        if self.status < 400 {
            return format!("{} {}", self.status, self.body);
        }
        let envelope: serde_json::Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body));
        let error = &envelope["error"];
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", self.status, text("status"), text("message"))
    }

    /// The ids of a list, and ` …` where another page follows; else the line.
    pub(crate) fn ids(&self) -> String {
        if self.status != 200 {
            return self.line();
        }
        let answer: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let rows = answer["items"].as_array().cloned().unwrap_or_default();
        let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        let more = answer["nextPageToken"].is_string();
        format!("{}{}", ids.join(" "), if more { " →" } else { "" })
    }
}

fn request(text: &str) -> Request<Full<Bytes>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(escaped(target));
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name.trim(), value.trim());
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    request
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap()
}

/// A target whose query is written plainly.
fn escaped(target: &str) -> String {
    let mut out = String::new();
    for byte in target.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' | b'?' | b'&' | b'=' | b':' | b',' | b'*' | b'!'
            | b'$' => {
                out.push(char::from(byte));
            }
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}
