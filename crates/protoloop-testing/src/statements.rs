//! How many statements calls take.

use std::sync::Arc;

use futures_util::future::join_all;
use protoloop_core::{Call, CallContext, Handler};
use protoloop_repository::{
    Connector, Key, Model, Record, Repository, RepositoryExt as _, StandardEngine,
};
use protoloop_wire::{Tables, Writer, json};

use crate::tables;

const SHOP: &str = r#"
syntax = "proto3";
package statements.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string name = 2;
  repeated Book books = 3 [(protoloop.v1.relation) = { has_many: { key: "author_id" } }];
}
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  string author_id = 3;
  Author author = 4 [(protoloop.v1.relation) = { belongs_to: { key: "author_id" } }];
  int32 pages = 5;
  string etag = 6 [(protoloop.v1.field) = { etag: true }];
}
"#;

/// Requests of the standard methods, by what they are called here.
const REQUESTS: [(&str, &str, &str); 13] = [
    (
        "create",
        "Author/CreateAuthor",
        r#"{"author":{"id":"a","name":"Ada"}}"#,
    ),
    (
        "create, referring",
        "Book/CreateBook",
        r#"{"book":{"id":"1","title":"One","author_id":"a"}}"#,
    ),
    (
        "create many",
        "Book/BatchCreateBooks",
        r#"{"requests":[
        {"book":{"id":"2","author_id":"a"}},{"book":{"id":"3","author_id":"a"}},{"book":{"id":"4"}}]}"#,
    ),
    ("get", "Book/GetBook", r#"{"id":"1"}"#),
    ("get many", "Book/BatchGetBooks", r#"{"ids":["1","2","3"]}"#),
    ("list", "Book/ListBooks", r#"{"page_size":2}"#),
    (
        "list with a filter",
        "Book/ListBooks",
        r#"{"filter":"author.name = \"Ada\""}"#,
    ),
    ("count", "Book/CountBooks", "{}"),
    (
        "get with one",
        "Book/GetBook",
        r#"{"id":"1","include":"author"}"#,
    ),
    (
        "list with many",
        "Author/ListAuthors",
        r#"{"include":"books"}"#,
    ),
    (
        "update",
        "Author/UpdateAuthor",
        r#"{"author":{"id":"a","name":"Eve"},"update_mask":"name"}"#,
    ),
    (
        "update, stamped",
        "Book/UpdateBook",
        r#"{"book":{"id":"1","title":"Two"},"update_mask":"title"}"#,
    ),
    ("delete", "Book/DeleteBook", r#"{"id":"4"}"#),
];

/// How many statements each of some requests takes, by what `told` says, which counts all until now. Those that only
/// prepare others are left out.
///
/// # Panics
/// When a request fails.
pub async fn of_requests(
    connector: &dyn Connector,
    told: impl Fn() -> usize,
) -> Vec<(&'static str, usize)> {
    let tables = tables(SHOP);
    let models = Model::all(&tables).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let mut engine = StandardEngine::new(&tables);
    for model in &models {
        engine = engine.repository(connector.repository(model).expect("prepared"));
    }
    let handlers = engine.handlers().expect("all served");
    // What opens a connection is not part of a request.
    for model in &models {
        let rows = connector.repository(model).expect("prepared");
        rows.count(&CallContext::new(), None).await.expect("counts");
    }
    let mut counts = Vec::with_capacity(REQUESTS.len());
    for (name, method, request) in REQUESTS {
        let before = told();
        call(&tables, &handlers, method, request).await;
        counts.push((name, told() - before));
    }
    counts
}

async fn call(tables: &Tables, handlers: &[Option<Arc<dyn Handler>>], method: &str, request: &str) {
    let path = format!("/statements.v1.{}", method.replacen('/', "Service/", 1));
    let method = tables.schema().method_by_path(&path).expect("a method");
    let options = json::DecodeOptions::default();
    let bytes = json::decode(tables, method.input, request.as_bytes(), &options);
    let bytes = bytes.expect("a good request");
    let call = Call::unary(Arc::clone(&method.info), CallContext::new(), bytes.into());
    let handler = handlers[method.info.index].as_ref().expect("served");
    let reply = handler.call(call).await;
    reply.unwrap_or_else(|error| panic!("{path} {request}: {error:?}"));
}

/// Reads at the same time; see [`of_reads_at_once`].
pub const READS: usize = 400;

/// How many statements [`READS`] reads by key take that are made at the same time; each finds its row.
///
/// # Panics
/// When one does not.
pub async fn of_reads_at_once(connector: &dyn Connector, told: impl Fn() -> usize) -> usize {
    let tables = tables(SHOP);
    let models = Model::all(&tables).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let author = models
        .iter()
        .find(|model| &*model.message().name == "Author");
    let authors = connector.repository(author.expect("declared"));
    let authors = authors.expect("prepared");
    let cx = CallContext::new();
    let rows = (0..100).map(row).collect();
    authors.create_all(&cx, rows).await.expect("creates");
    // Connections are open and statements prepared.
    reads(&*authors, &cx).await;
    let before = told();
    reads(&*authors, &cx).await;
    told() - before
}

async fn reads(authors: &dyn Repository<Record>, cx: &CallContext) {
    let reads = (0..READS).map(|number| async move {
        let number = number % 110;
        let key = Key::from(number.to_string());
        let found = authors.find_by_key(cx, &key).await;
        let due = (number < 100).then(|| row(number));
        assert_eq!(found.expect("reads"), due);
    });
    join_all(reads).await;
}

fn row(number: usize) -> Record {
    let mut writer = Writer::new();
    writer.string(1, &number.to_string());
    writer.string(2, "an author");
    Record(writer.finish().into())
}
