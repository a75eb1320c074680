//! A table to be made, from what a model needs and from what stands there.

use sea_query::{ColumnDef, Expr, ForeignKeyCreateStatement, Index as SeaIndex, Table as SeaTable};

use crate::{Dialect, LiveColumn, Table, create::column_type, table::iden};

/// A table that a statement can make.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) columns: Vec<ShapeColumn>,
    /// Whether the database counts the one key column up.
    pub(crate) counted: bool,
    /// Whether it was not made here, so that it keeps its own ways.
    pub(crate) foreign: bool,
    /// Its foreign keys.
    pub(crate) keys: Vec<ForeignKeyCreateStatement>,
}

/// One of its columns.
#[derive(Clone, Debug)]
pub(crate) struct ShapeColumn {
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) nullable: bool,
    pub(crate) default: Option<Expr>,
    /// Its place in the key, from 1, or 0.
    pub(crate) key: usize,
}

impl ShapeColumn {
    /// What the model needs of a column.
    pub(crate) fn wanted(table: &Table, at: usize) -> Self {
        let column = &table.columns()[at];
        let key = table.key().iter().position(|key| *key == at);
        let default = if column.nullable || key.is_some() || column.declared.is_some() {
            None
        } else {
            table.dialect().default_value(column.storage)
        };
        Self {
            name: column.name.to_string(),
            type_name: column_type(table, column, key.is_some()).into_owned(),
            nullable: column.nullable,
            default,
            key: key.map_or(0, |place| place + 1),
        }
    }

    /// A column as it stands.
    pub(crate) fn live(column: &LiveColumn) -> Self {
        Self {
            name: column.name.clone(),
            type_name: column.type_name.clone(),
            nullable: column.nullable,
            default: column
                .default
                .as_ref()
                .filter(|text| !text.is_empty())
                .map(|text| Expr::cust(text.clone())),
            key: column.key,
        }
    }

    pub(crate) fn definition(&self) -> ColumnDef {
        let mut definition = ColumnDef::new(iden(&self.name));
        definition.custom(sea_query::Alias::new(&self.type_name));
        if !self.nullable {
            definition.not_null();
        }
        if let Some(default) = &self.default {
            definition.default(default.clone());
        }
        definition
    }
}

impl Shape {
    /// The statement that makes the table under a name.
    pub(crate) fn create(&self, name: &str, dialect: &dyn Dialect) -> String {
        let mut create = SeaTable::create();
        create.table(iden(name));
        let mut key: Vec<_> = self
            .columns
            .iter()
            .filter(|column| column.key > 0)
            .collect();
        key.sort_by_key(|column| column.key);
        for column in &self.columns {
            let mut definition = column.definition();
            if column.key > 0 && key.len() == 1 {
                definition.primary_key();
                if self.counted {
                    definition.auto_increment();
                }
            }
            create.col(definition);
        }
        if key.len() > 1 {
            let mut index = SeaIndex::create();
            for column in key {
                index.col(iden(&column.name));
            }
            create.primary_key(&mut index);
        }
        for key in &self.keys {
            create.foreign_key(&mut key.clone());
        }
        if let Some(options) = dialect.table_options().filter(|_| !self.foreign) {
            create.extra(options);
        }
        dialect.create_table(&create)
    }
}
