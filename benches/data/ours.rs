//! The zero-code service, as `protoloop serve` runs it, without logs; and what its tables hold.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use protoloop::{Application, CallContext, Connector, Record, Repository, Schema, SqliteConnector};
use protoloop_repository::Model;
use protoloop_wire::Tables;
use tokio::net::TcpListener;

/// Items there are.
pub(crate) const ITEMS: usize = 10_000;
/// Authors, and books of each.
const AUTHORS: usize = 1_000;
const BOOKS: usize = 10;
/// Rows of the large table.
pub(crate) const ROWS: usize = 1_000_000;

/// A database by its URL.
pub(crate) async fn connect(url: &str) -> Arc<dyn Connector> {
    match url.starts_with("sqlite:") {
        true => Arc::new(SqliteConnector::open(url).await.expect("opens")),
        false => Arc::new(protoloop::postgres::open(url).await.expect("connects")),
    }
}

pub(crate) fn schema() -> Schema {
    let proto = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/data.proto");
    let compiled = protoloop_build::compile(&[proto], &[]).expect("it compiles");
    compiled.schema
}

pub(crate) fn models() -> Vec<Arc<Model>> {
    Model::all(&Tables::new(&Arc::new(schema()))).expect("models")
}

/// The repository of a model, made ready.
pub(crate) async fn repository(
    connector: &dyn Connector,
    name: &str,
) -> Arc<dyn Repository<Record>> {
    let models = models();
    connector.prepare(&models).await.expect("prepares");
    let model = models.iter().find(|model| model.full_name() == name);
    let repository = connector.repository(model.expect("declared"));
    repository.expect("prepared")
}

/// Makes the tables and fills them.
pub(crate) async fn fill(url: &str) {
    let connector = connect(url).await;
    let items = repository(&*connector, "data.v1.Item").await;
    let numbers = |count: usize| match url.starts_with("sqlite:") {
        true => format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
        ),
        false => format!("generate_series(1, {count}) AS s(n)"),
    };
    let truth = if url.starts_with("sqlite:") {
        "1"
    } else {
        "true"
    };
    let padded = "substr(CAST(100000000 + n AS text), 2)";
    let statements = [
        format!(
            "INSERT INTO items SELECT 'i' || {padded}, 'item ' || n, 'A thing that is sold in our shop, in several \
             colours and sizes', n * 3, n % 100, n / 7.0, {truth} FROM {}",
            numbers(ITEMS)
        ),
        format!(
            "INSERT INTO authors SELECT 'a' || {padded}, 'author ' || n FROM {}",
            numbers(AUTHORS)
        ),
        format!(
            "INSERT INTO books SELECT 'b' || {padded}, 'a' || substr(CAST(100000001 + (n - 1) / {BOOKS} AS text), 2), \
             'book ' || n, n % 500 FROM {}",
            numbers(AUTHORS * BOOKS)
        ),
    ];
    for statement in &statements {
        let done = items.execute(&CallContext::new(), statement, &[]).await;
        done.expect("fills a table");
    }
    if !url.starts_with("sqlite:") {
        let done = items.execute(&CallContext::new(), "ANALYZE", &[]).await;
        done.expect("looks at the tables");
    }
    connector.close().await;
}

/// Fills the large table.
pub(crate) async fn fill_large(url: &str) {
    let connector = connect(url).await;
    let rows = repository(&*connector, "data.v1.Row").await;
    let numbers = match url.starts_with("sqlite:") {
        true => format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS}) SELECT n FROM s)"
        ),
        false => format!("generate_series(1, {ROWS}) AS s(n)"),
    };
    let statement = format!(
        "INSERT INTO rows SELECT 'r' || substr(CAST(100000000 + n AS text), 2), 'row ' || n, n FROM {numbers}"
    );
    let mut statements = vec![statement];
    if !url.starts_with("sqlite:") {
        statements.push("ANALYZE".to_owned());
    }
    for statement in &statements {
        let done = rows.execute(&CallContext::new(), statement, &[]).await;
        done.expect("fills the table");
    }
    connector.close().await;
}

/// The ids of the items.
pub(crate) fn ids() -> Arc<Vec<String>> {
    Arc::new((1..=ITEMS).map(|n| format!("i{n:08}")).collect())
}

pub(crate) async fn start(url: &str) -> SocketAddr {
    let server = Application::from_schema(schema())
        .datasource("default", connect(url).await)
        .build()
        .await
        .expect("the service is complete");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    tokio::spawn(server.serve(listener, std::future::pending()));
    address
}
