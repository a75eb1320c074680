//! The schema that models need.

use std::{collections::BTreeSet, sync::Arc};

use protoloop_core::{Error, Result};
use protoloop_repository::{Model, key_value_model};
use protoloop_schema::Schema;
use protoloop_sql::{Dialect, Table};
use protoloop_wire::Tables;

use crate::State;

/// The tables of the models of one datasource.
#[derive(Debug)]
pub struct Desired {
    tables: Vec<Table>,
    packages: BTreeSet<String>,
    key_values: bool,
}

/// The model of key-value stores, and its table.
const KEY_VALUE: &str = "protoloop.v1.KeyValue";
const KEY_VALUES: &str = "protoloop_key_values";

impl Desired {
    /// The tables of the models of a schema that one datasource stores.
    ///
    /// # Errors
    /// As [`Desired::new`]; INTERNAL when the schema contradicts itself.
    pub fn of_schema(
        schema: &Arc<Schema>,
        datasource: &str,
        dialect: &'static dyn Dialect,
    ) -> Result<Self> {
        let mut models = Model::all(&Tables::new(schema))?;
        models.retain(|model| *model.entity().datasource == *datasource);
        Self::new(&models, dialect)
    }

    /// The tables of models in a dialect.
    ///
    /// # Errors
    /// FAILED_PRECONDITION for fields that cannot be stored, all of them in one message.
    pub fn new(models: &[Arc<Model>], dialect: &'static dyn Dialect) -> Result<Self> {
        let mut tables = Vec::with_capacity(models.len());
        let mut problems = Vec::new();
        for model in models {
            match Table::new(model, dialect) {
                Ok(table) => tables.push(table),
                Err(error) => problems.push(error.message().to_owned()),
            }
        }
        if !problems.is_empty() {
            return Err(Error::failed_precondition(problems.join("\n")));
        }
        let schema = models.first().map(|model| Arc::clone(model.schema()));
        let packages = schema.iter().flat_map(|schema| schema.messages());
        Ok(Self {
            packages: packages
                .map(|message| message.package.to_string())
                // What an import brings: the models there are the toolkit's own, such as that of key-value stores, and
                // are not gone where the schema does not store them.
                .filter(|package| package != "protoloop.v1")
                .collect(),
            tables,
            key_values: false,
        })
    }

    /// The same with the table of key-value stores, for a database that is to get it before anyone opens one. Where it
    /// stands it is brought up to date anyway.
    #[must_use]
    pub fn with_key_values(mut self) -> Self {
        self.key_values = true;
        self
    }

    /// The table of key-value stores, where it is or should be in a database and is none of the models'.
    pub(crate) fn key_values(
        &self,
        state: &State,
        dialect: &'static dyn Dialect,
    ) -> Result<Option<Arc<Table>>> {
        let stands = state.live.tables.contains_key(KEY_VALUES)
            || state.record.models.contains_key(KEY_VALUE);
        let mut own = self.tables.iter().map(|table| table.model().full_name());
        if !(stands || self.key_values) || own.any(|name| name == KEY_VALUE) {
            return Ok(None);
        }
        let table = Table::new(&key_value_model()?, dialect)?;
        Ok(Some(Arc::new(table)))
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The tables, for keeping.
    #[must_use]
    pub fn into_tables(self) -> Vec<Table> {
        self.tables
    }

    /// The packages that the schema declares.
    #[must_use]
    pub fn packages(&self) -> Vec<&str> {
        self.packages.iter().map(String::as_str).collect()
    }
}
