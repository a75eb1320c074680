//! The schema that models need.

use std::{collections::BTreeSet, sync::Arc};

use protoloop_core::{Error, Result};
use protoloop_repository::Model;
use protoloop_schema::Schema;
use protoloop_sql::{Dialect, Table};
use protoloop_wire::Tables;

/// The tables of the models of one datasource.
#[derive(Debug)]
pub struct Desired {
    tables: Vec<Table>,
    packages: BTreeSet<String>,
}

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
        })
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
