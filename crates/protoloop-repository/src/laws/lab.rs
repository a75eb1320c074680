//! What the laws are tried with.

use std::{fmt, sync::Arc};

use protoloop_core::{CallContext, Code, Detail, Error};
use protoloop_wire::{Tables, json};

use crate::{
    Connector, Filter, Model, OrderBy, Query, Record, Repository, RepositoryExt as _, Transaction,
    TransactionOptions, Write, WriteError,
};

/// A law that a connector breaks, and how.
#[derive(Debug)]
pub struct Broken {
    /// The law.
    pub law: &'static str,
    /// What was expected and what came.
    pub reason: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.law, self.reason)
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        broken(format!("{error:?}"))
    }
}

impl From<WriteError> for Broken {
    fn from(failure: WriteError) -> Self {
        broken(format!("write {:?}: {:?}", failure.index, failure.error))
    }
}

pub(super) fn broken(reason: impl Into<String>) -> Broken {
    Broken {
        law: "",
        reason: reason.into(),
    }
}

/// A prepared connector with a repository of each model.
pub struct Lab {
    pub(super) cx: CallContext,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) items: Arc<dyn Repository<Record>>,
    pub(super) tickets: Arc<dyn Repository<Record>>,
    pub(super) seats: Arc<dyn Repository<Record>>,
    pub(super) everything: Arc<dyn Repository<Record>>,
}

impl fmt::Debug for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lab")
    }
}

impl Lab {
    pub(super) async fn new(
        tables: &Arc<Tables>,
        connector: Arc<dyn Connector>,
    ) -> Result<Self, Broken> {
        let mut models = Vec::new();
        for model in Model::all(tables)? {
            if &*model.message().package == "laws.v1" {
                models.push(model);
            }
        }
        connector.prepare(&models).await?;
        connector.ping().await?;
        let repository = |name: &str| repository(&*connector, tables, name);
        Ok(Self {
            cx: CallContext::new(),
            items: repository("Item")?,
            tickets: repository("Ticket")?,
            seats: repository("Seat")?,
            everything: repository("Everything")?,
            connector,
        })
    }

    /// The repository of a model by its name.
    pub(super) fn repository(&self, name: &str) -> Result<Arc<dyn Repository<Record>>, Broken> {
        repository(&*self.connector, self.items.model().tables(), name)
    }

    /// An item given as ProtoJSON.
    pub(super) fn item(&self, text: &str) -> Result<Record, Broken> {
        row(self.items.model(), text)
    }

    /// Stores items given as ProtoJSON, one per line.
    pub(super) async fn store(&self, lines: &str) -> Result<(), Broken> {
        let rows: Result<Vec<_>, _> = lines
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(|line| self.item(line))
            .collect();
        self.items.create_all(&self.cx, rows?).await?;
        Ok(())
    }

    /// The ids of the items that a filter selects in an order, joined.
    pub(super) async fn ids(&self, filter: &str, order: &str) -> Result<String, Broken> {
        let query = self.query(filter, order)?;
        let rows = self.items.find(&self.cx, &query).await?;
        Ok(self.joined(&rows))
    }

    /// The items that a filter selects, as a context sees them.
    pub(super) async fn found(
        &self,
        cx: &CallContext,
        filter: &str,
    ) -> Result<Vec<Record>, Broken> {
        Ok(self.items.find(cx, &self.query(filter, "")?).await?)
    }

    /// A transaction with the default options.
    pub(super) async fn begin(&self) -> Result<Transaction, Broken> {
        let options = TransactionOptions::new();
        Ok(self.connector.begin(&self.cx, &options).await?)
    }

    pub(super) fn query(&self, filter: &str, order: &str) -> Result<Query, Broken> {
        let model = self.items.model();
        let order = OrderBy::parse(model, order).map_err(|error| broken(error.to_string()))?;
        let filter = Filter::parse(model, filter).map_err(|error| broken(error.to_string()))?;
        let mut query = Query::new(order);
        query.filter = Some(filter);
        Ok(query)
    }

    pub(super) fn joined(&self, rows: &[Record]) -> String {
        let model = self.items.model();
        let ids: Vec<&str> = rows
            .iter()
            .map(|row| model.view(row.as_ref()).string(1))
            .collect();
        ids.join(" ")
    }

    /// Writes items and expects an error of a code at a position.
    pub(super) async fn refused(
        &self,
        writes: Vec<Write<Record>>,
        code: Code,
        index: usize,
    ) -> Result<Error, Broken> {
        match self.items.write(&self.cx, writes).await {
            Ok(_) => Err(broken(format!("{code} was due, and the write was done"))),
            Err(failure) if failure.error.code() != code || failure.index != Some(index) => {
                let WriteError { index: at, error } = failure;
                Err(broken(format!(
                    "{code} at write {index} was due, {error:?} at {at:?} came"
                )))
            }
            Err(failure) => Ok(failure.error),
        }
    }
}

fn repository(
    connector: &dyn Connector,
    tables: &Arc<Tables>,
    name: &str,
) -> Result<Arc<dyn Repository<Record>>, Broken> {
    let entity = tables
        .schema()
        .message_by_name(&format!("laws.v1.{name}"))
        .and_then(|message| message.entity)
        .ok_or_else(|| broken("the tables are not of a schema with laws.proto"))?;
    Ok(connector.repository(&Model::new(tables, entity)?)?)
}

/// A row given as ProtoJSON.
pub(super) fn row(model: &Model, text: &str) -> Result<Record, Broken> {
    let (tables, id) = (model.tables(), model.message().id);
    let options = json::DecodeOptions::default();
    let bytes = json::decode(tables, id, text.as_bytes(), &options)
        .map_err(|error| broken(format!("{text}: {error}")))?;
    Ok(model.canonical(bytes.into())?)
}

/// A row as ProtoJSON.
pub(super) fn text(model: &Model, row: &Record) -> String {
    let mut out = Vec::new();
    let (tables, id) = (model.tables(), model.message().id);
    match json::encode(
        tables,
        id,
        row.as_ref(),
        &json::EncodeOptions::default(),
        &mut out,
    ) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(error) => format!("{error}: {:02x?}", row.as_ref()),
    }
}

/// Expects a row.
pub(super) fn same(model: &Model, found: Option<&Record>, due: &Record) -> Result<(), Broken> {
    match found {
        Some(found) if found == due => Ok(()),
        found => Err(broken(format!(
            "{} was due, {} came",
            text(model, due),
            found.map_or_else(
                || "nothing".to_owned(),
                |found| format!("{} ({:02x?})", text(model, found), found.as_ref())
            )
        ))),
    }
}

/// Expects two values to be equal.
#[allow(
    clippy::needless_pass_by_value,
    reason = "callers read better without the ampersands"
)]
pub(super) fn equal<T: PartialEq + fmt::Debug>(what: &str, found: T, due: T) -> Result<(), Broken> {
    if found == due {
        return Ok(());
    }
    Err(broken(format!("{what}: {due:?} was due, {found:?} came")))
}

/// Whether an ALREADY_EXISTS names a field.
pub(super) fn names_field(error: &Error, name: &str) -> Result<(), Broken> {
    let named = error.details().iter().any(|detail| match detail {
        Detail::ErrorInfo { metadata, .. } => metadata
            .iter()
            .any(|(key, value)| key == "fields" && value.split(", ").any(|field| field == name)),
        _ => false,
    });
    match named && error.message().contains(name) {
        true => Ok(()),
        false => Err(broken(format!("{error:?} does not name `{name}`"))),
    }
}
