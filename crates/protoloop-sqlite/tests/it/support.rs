//! Models, and a database in a folder of its own.

use std::{cell::RefCell, sync::Arc};

use protoloop_core::CallContext;
use protoloop_migrate::Target;
use protoloop_repository::{Connector, Model, Record, Repository, Write};
use protoloop_sqlite::SqliteConnector;
use protoloop_testing::tables;
use protoloop_wire::json;

/// A folder with a database, removed when dropped.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.0.path().join("test.db").display())
    }

    /// Runs statements as another program would.
    pub(crate) async fn sql(&self, sql: &'static str) {
        let connector = self.open().await;
        let mut session = Target::open(&connector, None).await.expect("opens");
        session.execute(sql).await.expect("runs");
        session.close().await;
        connector.close().await;
    }

    pub(crate) async fn open(&self) -> SqliteConnector {
        SqliteConnector::open(&self.url()).await.expect("opens")
    }

    /// A repository of the first of the models of `proto`.
    pub(crate) async fn repository(&self, proto: &str) -> (SqliteConnector, Rows) {
        let connector = self.open().await;
        let models = models(proto);
        connector.prepare(&models).await.expect("prepares");
        let rows = Rows(connector.repository(&models[0]).expect("prepared"));
        (connector, rows)
    }
}

/// Folders with a database each, as many as are asked for.
#[derive(Default)]
pub(crate) struct Places(RefCell<Vec<Place>>);

impl Places {
    /// An empty database.
    pub(crate) async fn open(&self) -> SqliteConnector {
        let place = Place::new();
        let connector = place.open().await;
        self.0.borrow_mut().push(place);
        connector
    }
}

/// A repository, asked with JSON.
#[derive(Clone)]
pub(crate) struct Rows(pub(crate) Arc<dyn Repository<Record>>);

impl Rows {
    pub(crate) fn model(&self) -> &Arc<Model> {
        self.0.model()
    }

    pub(crate) fn record(&self, json: &str) -> Record {
        record(self.model(), json)
    }

    pub(crate) async fn create(&self, json: &str) -> protoloop_core::Result<Record> {
        let write = Write::Create(self.record(json));
        let answers = self.0.write(&CallContext::new(), vec![write]).await?;
        Ok(answers.into_iter().next().flatten().expect("one answer"))
    }

    pub(crate) async fn count(&self) -> u64 {
        self.0
            .count(&CallContext::new(), None)
            .await
            .expect("counts")
    }
}

pub(crate) fn record(model: &Model, json: &str) -> Record {
    let id = model.entity().message;
    let options = json::DecodeOptions::default();
    let bytes = json::decode(model.tables(), id, json.as_bytes(), &options);
    Record(
        bytes
            .unwrap_or_else(|error| panic!("{json}: {error:?}"))
            .into(),
    )
}

/// The models of a proto file.
pub(crate) fn models(text: &str) -> Vec<Arc<Model>> {
    Model::all(&tables(text)).expect("models")
}

pub(crate) const TODO: &str = r#"
syntax = "proto3";
package todo.v1;
import "protoloop/v1/annotations.proto";
message Todo {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  bool done = 3;
  int64 count = 4;
}
"#;
