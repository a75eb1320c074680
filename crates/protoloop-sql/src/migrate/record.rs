//! What a database keeps about the schema that was applied to it.

use std::collections::{BTreeMap, BTreeSet};

use protoloop_core::{Error, Result};
use sea_query::{Expr, ExprTrait as _, Query};
use serde::{Deserialize, Serialize};

use super::{Action, field_kind};
use crate::{Dialect, Live, SqlValue, Statement, Table, create::index_columns, table::iden};

/// The table that keeps the [`Record`].
pub const RECORD_TABLE: &str = "protoloop_schema";
/// The table that keeps which migrations were applied.
pub const MIGRATIONS_TABLE: &str = "protoloop_migrations";

const COLUMNS: [&str; 5] = ["model", "part", "number", "name", "kind"];

/// Which table each model and which column each field number has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record {
    /// By full name of the model.
    pub models: BTreeMap<String, ModelRecord>,
    /// The rename that was about to be done, where the database cannot undo it with what is noted behind it.
    #[serde(skip)]
    pub pending: Option<Action>,
}

/// The part of what was about to be done. Its rows are of no model.
const PENDING: &str = "pending";

/// What the rows of a rename that was about to be done say.
mod pending {
    /// The name is that of the table whose column it is.
    pub(super) const OF_TABLE: i64 = 0;
    /// The name is that of before, the kind is that of afterwards.
    pub(super) const COLUMN: i64 = 1;
    /// The same for a table.
    pub(super) const TABLE: i64 = 2;
}

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Its table.
    pub table: String,
    /// Its fields by number; those that were removed stay until their column is dropped.
    pub fields: BTreeMap<u32, FieldRecord>,
    /// Names of the indexes that were made for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub indexes: BTreeSet<String>,
    /// Numbers of the fields that it has foreign keys for.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub references: BTreeSet<u32>,
}

/// What is known of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRecord {
    /// Its column.
    pub column: String,
    /// What it holds; see [`field_kind`].
    pub kind: String,
}

impl ModelRecord {
    /// The record of a table as it is wanted.
    pub(crate) fn of(table: &Table) -> Self {
        let field = |column: &crate::Column| {
            let record = FieldRecord {
                column: column.name.to_string(),
                kind: field_kind(table, column),
            };
            (column.number, record)
        };
        Self {
            table: table.name().to_owned(),
            fields: table.columns().iter().map(field).collect(),
            indexes: table
                .indexes()
                .filter(|index| !index_columns(table, &index.fields).is_empty())
                .map(|index| table.index_name(index).into_owned())
                .collect(),
            references: table
                .foreign_keys()
                .filter_map(|key| {
                    let mut columns = table.columns().iter();
                    Some(columns.find(|column| column.name == key.column)?.number)
                })
                .collect(),
        }
    }
}

impl Record {
    /// Reads all of it. The table may be missing: see [`Dialect::live_queries`].
    #[must_use]
    pub fn select(dialect: &dyn Dialect) -> Statement {
        let mut select = Query::select();
        select
            .columns(COLUMNS.map(iden))
            .from(iden(RECORD_TABLE))
            .order_by(iden("model"), sea_query::Order::Asc);
        dialect.select(&select)
    }

    /// The record in the rows of [`Record::select`].
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the table was changed by others.
    pub fn read(rows: &[Vec<SqlValue<'static>>]) -> Result<Self> {
        let mut record = Self::default();
        for row in rows {
            let [
                SqlValue::Text(model),
                SqlValue::Text(part),
                SqlValue::Int(number),
                SqlValue::Text(name),
                SqlValue::Text(kind),
            ] = row.as_slice()
            else {
                return Err(broken(&format!("{row:?}")));
            };
            if **part == *PENDING {
                record.read_pending(*number, name, kind);
                continue;
            }
            let model = record.models.entry(model.to_string()).or_default();
            match &**part {
                "table" => model.table = name.to_string(),
                "field" => {
                    let number = u32::try_from(*number).map_err(|_| broken(name))?;
                    let field = FieldRecord {
                        column: name.to_string(),
                        kind: kind.to_string(),
                    };
                    model.fields.insert(number, field);
                }
                "index" => {
                    model.indexes.insert(name.to_string());
                }
                "reference" => {
                    let number = u32::try_from(*number).map_err(|_| broken(name))?;
                    model.references.insert(number);
                }
                // Of a later version.
                _ => {}
            }
        }
        record.models.retain(|_, model| !model.table.is_empty());
        Ok(record)
    }

    /// The statements that turn this record into another.
    #[must_use]
    pub fn write(&self, after: &Self, dialect: &dyn Dialect) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (name, model) in &self.models {
            if after.models.get(name) != Some(model) {
                statements.push(forget(name, dialect));
            }
        }
        for (name, model) in &after.models {
            if self.models.get(name) != Some(model) {
                statements.extend(model.inserts(name, dialect));
            }
        }
        if self.pending != after.pending {
            statements.extend(self.pending.as_ref().map(|_| forget("", dialect)));
            statements.extend(pending_rows(after.pending.as_ref(), dialect));
        }
        statements
    }

    fn read_pending(&mut self, number: i64, name: &str, kind: &str) {
        let table = match &self.pending {
            Some(Action::RenameColumn { table, .. }) => table.clone(),
            _ => String::new(),
        };
        let (from, to) = match &self.pending {
            Some(Action::RenameColumn { from, to, .. }) => (from.clone(), to.clone()),
            _ => (name.to_owned(), kind.to_owned()),
        };
        self.pending = Some(match number {
            // The rows come in any order.
            pending::OF_TABLE => Action::RenameColumn {
                table: name.to_owned(),
                from,
                to,
            },
            pending::COLUMN => Action::RenameColumn {
                table,
                from: name.to_owned(),
                to: kind.to_owned(),
            },
            _ => Action::RenameTable {
                from: name.to_owned(),
                to: kind.to_owned(),
            },
        });
    }

    /// The record behind the rename that was about to be done, if the database shows that it was.
    #[must_use]
    pub fn settled(&self, live: &Live) -> Self {
        let mut settled = self.clone();
        if let Some(action) = settled.pending.take()
            && action.is_done(live) == Some(true)
        {
            settled.follow(&action);
        }
        settled
    }
}

fn pending_rows(action: Option<&Action>, dialect: &dyn Dialect) -> Vec<Statement> {
    let rows = match action {
        Some(Action::RenameColumn { table, from, to }) => vec![
            (PENDING, pending::OF_TABLE, table.as_str(), ""),
            (PENDING, pending::COLUMN, from, to),
        ],
        Some(Action::RenameTable { from, to }) => {
            vec![(PENDING, pending::TABLE, from.as_str(), to.as_str())]
        }
        _ => Vec::new(),
    };
    let rows = rows.into_iter();
    rows.map(|row| insert("", row, dialect)).collect()
}

fn forget(model: &str, dialect: &dyn Dialect) -> Statement {
    let mut delete = Query::delete();
    delete.from_table(iden(RECORD_TABLE));
    delete.and_where(Expr::col(iden("model")).eq(model));
    dialect.delete(&delete)
}

/// Inserts a row: part, number, name, kind.
fn insert(
    model: &str,
    (part, number, name, kind): (&str, i64, &str, &str),
    dialect: &dyn Dialect,
) -> Statement {
    let mut insert = Query::insert();
    insert
        .into_table(iden(RECORD_TABLE))
        .columns(COLUMNS.map(iden))
        .values_panic([
            Expr::val(model),
            Expr::val(part),
            Expr::val(number),
            Expr::val(name),
            Expr::val(kind),
        ]);
    dialect.insert(&insert)
}

impl ModelRecord {
    fn inserts(&self, model: &str, dialect: &dyn Dialect) -> Vec<Statement> {
        let fields = self
            .fields
            .iter()
            .map(|(number, field)| ("field", i64::from(*number), &*field.column, &*field.kind));
        let indexes = (1..).zip(&self.indexes);
        let indexes = indexes.map(|(number, name)| ("index", number, &**name, ""));
        let references = self.references.iter();
        let references = references.map(|number| ("reference", i64::from(*number), "", ""));
        std::iter::once(("table", 0, &*self.table, ""))
            .chain(fields)
            .chain(indexes)
            .chain(references)
            .map(|row| insert(model, row, dialect))
            .collect()
    }
}

fn broken(what: &str) -> Error {
    Error::failed_precondition(format!(
        "the table {RECORD_TABLE}, which tells the columns of field numbers, holds something unexpected: {what}"
    ))
}

/// A row of the journal of migrations.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub struct MigrationEntry<'a> {
    pub id: &'a str,
    pub checksum: &'a str,
    pub state: &'a str,
    pub done: i64,
    pub steps: i64,
    pub started: &'a str,
    pub finished: &'a str,
}

const ENTRY_COLUMNS: [&str; 7] = [
    "id", "checksum", "state", "done", "steps", "started", "finished",
];

impl MigrationEntry<'_> {
    /// Reads all entries in the order in which they were begun, with the columns in the order of the fields.
    #[must_use]
    pub fn select(dialect: &dyn Dialect) -> Statement {
        let mut select = Query::select();
        select
            .columns(ENTRY_COLUMNS.map(iden))
            .from(iden(MIGRATIONS_TABLE))
            .order_by(iden("started"), sea_query::Order::Asc)
            .order_by(iden("id"), sea_query::Order::Asc);
        dialect.select(&select)
    }

    /// Stores a new entry.
    #[must_use]
    pub fn insert(&self, dialect: &dyn Dialect) -> Statement {
        let mut insert = Query::insert();
        insert
            .into_table(iden(MIGRATIONS_TABLE))
            .columns(ENTRY_COLUMNS.map(iden))
            .values_panic([
                Expr::val(self.id),
                Expr::val(self.checksum),
                Expr::val(self.state),
                Expr::val(self.done),
                Expr::val(self.steps),
                Expr::val(self.started),
                Expr::val(self.finished),
            ]);
        dialect.insert(&insert)
    }

    /// Stores what an entry says now.
    #[must_use]
    pub fn update(&self, dialect: &dyn Dialect) -> Statement {
        let mut update = Query::update();
        update
            .table(iden(MIGRATIONS_TABLE))
            .value(iden("checksum"), self.checksum)
            .value(iden("state"), self.state)
            .value(iden("done"), self.done)
            .value(iden("steps"), self.steps)
            .value(iden("finished"), self.finished)
            .and_where(Expr::col(iden("id")).eq(self.id));
        dialect.update(&update)
    }
}

impl Record {
    /// Follows a step that gives a table or column another name.
    pub fn follow(&mut self, action: &Action) {
        match action {
            Action::RenameTable { from, to } => {
                for model in self
                    .models
                    .values_mut()
                    .filter(|model| model.table == *from)
                {
                    model.table.clone_from(to);
                }
            }
            Action::RenameColumn { table, from, to } => {
                let models = self
                    .models
                    .values_mut()
                    .filter(|model| model.table == *table);
                let fields = models.flat_map(|model| model.fields.values_mut());
                for field in fields.filter(|field| field.column == *from) {
                    field.column.clone_from(to);
                }
            }
            _ => {}
        }
    }

    /// Follows a step that changes what a column holds: it is now what the record behind all steps says.
    pub fn follow_change(&mut self, action: &Action, after: &Self) {
        let Action::ChangeColumn { table, column, .. } = action else {
            return;
        };
        let later = after.models.values().filter(|model| model.table == *table);
        let mut later = later.flat_map(|model| model.fields.values());
        let Some(later) = later.find(|field| field.column == *column) else {
            return;
        };
        let models = self.models.values_mut();
        let models = models.filter(|model| model.table == *table);
        let fields = models.flat_map(|model| model.fields.values_mut());
        for field in fields.filter(|field| field.column == *column) {
            field.kind.clone_from(&later.kind);
        }
    }

    /// What another record says otherwise: its models, and `None` for those that it does not have.
    #[must_use]
    pub fn difference(&self, after: &Self) -> BTreeMap<String, Option<ModelRecord>> {
        let gone = self
            .models
            .keys()
            .filter(|name| !after.models.contains_key(*name));
        let gone = gone.map(|name| (name.clone(), None));
        let new = after
            .models
            .iter()
            .filter(|(name, model)| self.models.get(*name) != Some(model))
            .map(|(name, model)| (name.clone(), Some(model.clone())));
        gone.chain(new).collect()
    }

    /// The record that a [`Record::difference`] leads to.
    #[must_use]
    pub fn with(&self, difference: &BTreeMap<String, Option<ModelRecord>>) -> Self {
        let mut after = self.clone();
        for (name, model) in difference {
            match model {
                Some(model) => after.models.insert(name.clone(), model.clone()),
                None => after.models.remove(name),
            };
        }
        after
    }
}
