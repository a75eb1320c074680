//! What migrations of a database server must stand. Each function panics when something does not hold.

mod changes;
mod conversions;
mod crashes;
mod locks;
mod phased;
mod random;
mod starts;

use std::{collections::BTreeMap, sync::Arc};

use protoloop_core::{CallContext, Result};
use protoloop_migrate::{Applied, Desired, Migrator, Options, Quiet, State, Target};
use protoloop_repository::{Connector, Model, OnStart, Record, Repository, Write};
use protoloop_sql::{Live, LiveColumn, LiveForeignKey, LiveIndex, SqlValue, Statement};
use protoloop_wire::json;

pub use changes::{
    counted_keys, indexes_and_references, keys_of_another_kind, other_indexes_and_rules,
    renames_and_drops,
};
pub use conversions::{narrow, wide};
pub use crashes::crashes_at_every_step;
pub use locks::waits_in_turns;
pub use phased::random_phases;
pub use random::random_schemas;
pub use starts::{starts, together};

use crate::tables;

/// A connector whose database can be migrated.
pub trait Migrated: Connector + Target {}

impl<C: Connector + Target> Migrated for C {}

/// A file of package `shop.v1`.
fn proto(messages: &str) -> String {
    format!(
        "syntax = \"proto3\"; package shop.v1;\n\
         import \"google/protobuf/timestamp.proto\"; import \"protoloop/v1/annotations.proto\";\n\
         enum Color {{ COLOR_UNSPECIFIED = 0; RED = 1; }}\n{messages}"
    )
}

/// A model with a key that callers give.
fn model(name: &str, fields: &str) -> String {
    format!(
        "message {name} {{ option (protoloop.v1.model) = {{}};\n\
         string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}]; {fields} }}\n"
    )
}

fn models(messages: &str) -> Vec<Arc<Model>> {
    Model::all(&tables(&proto(messages))).expect("models")
}

fn destructive() -> Options {
    Options {
        allow_destructive: true,
        ..Options::default()
    }
}

async fn apply(
    connector: &impl Migrated,
    models: &[Arc<Model>],
    options: Options,
) -> Result<Applied> {
    let desired = Desired::new(models, connector.dialect()).expect("stored");
    let migrator = Migrator::new(connector, &desired, options);
    migrator.apply(&mut Quiet).await
}

async fn state(connector: &impl Migrated) -> State {
    let mut session = connector.open(None).await.expect("opens");
    let state = State::read(&mut *session, connector.dialect()).await;
    session.close().await;
    state.expect("reads")
}

/// Runs statements as another program would.
async fn execute(connector: &impl Migrated, sql: &str) -> Result<()> {
    let mut session = connector.open(None).await.expect("opens");
    let outcome = session.execute(sql).await;
    session.close().await;
    outcome
}

async fn values(connector: &impl Migrated, sql: &str) -> Vec<Vec<SqlValue<'static>>> {
    let mut session = connector.open(None).await.expect("opens");
    let statement = Statement {
        sql: sql.to_owned(),
        values: Vec::new(),
    };
    let rows = session.query(statement).await.expect("reads");
    session.close().await;
    rows
}

/// The rows of the first model, which the database fits.
async fn rows(connector: &impl Migrated, models: &[Arc<Model>]) -> Arc<dyn Repository<Record>> {
    let prepared = connector.prepare_as(models, OnStart::Check).await;
    prepared.expect("the database fits");
    connector.repository(&models[0]).expect("prepared")
}

fn record(model: &Model, json: &str) -> Record {
    let id = model.entity().message;
    let bytes = json::decode(
        model.tables(),
        id,
        json.as_bytes(),
        &json::DecodeOptions::default(),
    );
    let bytes = bytes.unwrap_or_else(|error| panic!("{json}: {error:?}"));
    Record(bytes.into())
}

async fn create(rows: &Arc<dyn Repository<Record>>, json: &str) {
    let write = Write::Create(record(rows.model(), json));
    let made = rows.write(&CallContext::new(), vec![write]).await;
    made.unwrap_or_else(|error| panic!("{json}: {error:?}"));
}

/// The row of a key, as the model writes it in JSON.
async fn found(rows: &Arc<dyn Repository<Record>>, id: &str) -> Option<Record> {
    let found = rows.find_by_key(&CallContext::new(), &id.into()).await;
    found.unwrap_or_else(|error| panic!("{id}: {error:?}"))
}

/// What must be the same of a table, in any order.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    columns: BTreeMap<String, LiveColumn>,
    indexes: BTreeMap<String, LiveIndex>,
    references: BTreeMap<String, LiveForeignKey>,
}

fn shape(live: &Live) -> BTreeMap<String, Shape> {
    let tables = live.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter();
        let references = table.foreign_keys.iter();
        let shape = Shape {
            columns: columns
                .map(|column| (column.name.clone(), column.clone()))
                .collect(),
            indexes: table.indexes.clone(),
            // The constraint of a renamed table keeps its name.
            references: references
                .map(|key| {
                    let name = String::new();
                    (
                        key.columns.join(","),
                        LiveForeignKey {
                            name,
                            ..key.clone()
                        },
                    )
                })
                .collect(),
        };
        (name.clone(), shape)
    });
    tables.collect()
}

/// The database is as if the models had always been these, and nothing is left to do.
async fn is_like_fresh(migrated: &impl Migrated, fresh: &impl Migrated, models: &[Arc<Model>]) {
    fresh.prepare(models).await.expect("a fresh database");
    let (is, wanted) = (state(migrated).await, state(fresh).await);
    assert_eq!(shape(&is.live), shape(&wanted.live));
    assert_eq!(is.record, wanted.record);
    let again = apply(migrated, models, destructive()).await.expect("again");
    assert!(
        again.steps.is_empty() && again.withheld.is_empty(),
        "{again:?}"
    );
}
