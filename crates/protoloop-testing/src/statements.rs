//! How many statements calls take.

use std::sync::Arc;

use futures_util::{FutureExt as _, future::join_all};
use protoloop_core::{Call, CallContext, Handler};
use protoloop_repository::{
    Connector, Gathered, Key, Model, Record, Repository, RepositoryExt as _, StandardEngine,
    TransactionOptions,
};
use protoloop_wire::{Tables, Writer, json};

use crate::{databases::Server, tables};

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

/// How many statements the requests take on a server that answers with the rows it wrote; on one that does not, an
/// update takes more.
fn due(update: usize) -> [(&'static str, usize); REQUESTS.len()] {
    [
        ("create", 1),
        ("create, referring", 1),
        ("create many", 1),
        ("get", 1),
        ("get many", 1),
        ("list", 1),
        ("list with a filter", 1),
        ("count", 1),
        ("get with one", 2),
        ("list with many", 2),
        ("update", update),
        ("update, stamped", update),
        ("delete", 2),
    ]
}

/// Requests of the standard methods take as few statements as they may, by what the server writes down. Those that only
/// prepare others are left out.
///
/// # Panics
/// When they take more or fewer, or one fails.
pub async fn requests_take_as_few_as_they_may<C: Connector>(
    server: &Server,
    update: usize,
    open: impl AsyncFnOnce(&str) -> C,
) {
    let url = server.database();
    server.record(&url);
    let counts = of_requests(&open(&url).await, || server.recorded(&url).len()).await;
    assert_eq!(counts, due(update), "{:#?}", server.recorded(&url));
}

/// Reads by key that wait for a connection share a statement.
///
/// # Panics
/// When they do not, or do not find their rows.
pub async fn reads_that_wait_share_one<C: Connector>(
    server: &Server,
    open: impl AsyncFnOnce(&str) -> C,
    gathered: impl Fn(&C) -> Gathered,
) {
    let (taken, gathered) = reads_of(server, "", open, gathered).await;
    assert!(taken <= READS / 10, "{taken} statements");
    assert!(gathered.reads > gathered.statements * 10, "{gathered:?}");
}

/// Reads by key take a statement each where the URL says so.
///
/// # Panics
/// When they do not, or do not find their rows.
pub async fn reads_take_one_each_where_told_to<C: Connector>(
    server: &Server,
    open: impl AsyncFnOnce(&str) -> C,
    gathered: impl Fn(&C) -> Gathered,
) {
    let (taken, gathered) = reads_of(server, "&gather=off", open, gathered).await;
    assert_eq!((taken, gathered.statements), (READS, 0));
}

async fn reads_of<C: Connector>(
    server: &Server,
    parameter: &str,
    open: impl AsyncFnOnce(&str) -> C,
    gathered: impl Fn(&C) -> Gathered,
) -> (usize, Gathered) {
    let url = format!("{}?connections=3{parameter}", server.database());
    server.record(&url);
    let connector = open(&url).await;
    let told = || {
        let statements = server.recorded(&url);
        let reads = |statement: &&String| statement.starts_with("SELECT");
        statements.iter().filter(reads).count()
    };
    let taken = of_reads_at_once(&connector, 3, told).await;
    (taken, gathered(&connector))
}

/// How many statements each of some requests takes; `told` says how many there were until now.
///
/// # Panics
/// When one fails.
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

/// How many statements [`READS`] reads by key take that are made while all connections are taken; each finds its row.
///
/// # Panics
/// When one does not, or does not wait.
pub async fn of_reads_at_once(
    connector: &dyn Connector,
    connections: usize,
    told: impl Fn() -> usize,
) -> usize {
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
    let mut held = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut reading = TransactionOptions::default();
        reading.read_only = true;
        let transaction = connector.begin(&cx, &reading).await.expect("begins");
        authors.count(transaction.cx(), None).await.expect("counts");
        held.push(transaction);
    }
    let before = told();
    let mut reads: Vec<_> = (0..READS)
        .map(|number| Box::pin(read(&*authors, &cx, number % 110)))
        .collect();
    for read in &mut reads {
        assert!(read.now_or_never().is_none(), "no connection is free");
    }
    drop(held);
    join_all(reads).await;
    told() - before
}

async fn read(authors: &dyn Repository<Record>, cx: &CallContext, number: usize) {
    let key = Key::from(number.to_string());
    let found = authors.find_by_key(cx, &key).await;
    let due = (number < 100).then(|| row(number));
    assert_eq!(found.expect("reads"), due);
}

fn row(number: usize) -> Record {
    let mut writer = Writer::new();
    writer.string(1, &number.to_string());
    writer.string(2, "an author");
    Record(writer.finish().into())
}
