//! What databases spell differently when a schema changes.

mod mysql;
mod postgres;
mod sqlite;

use std::fmt;

pub use mysql::MYSQL_DDL;
pub use postgres::POSTGRES_DDL;
pub use sqlite::SQLITE_DDL;

use super::shape::ShapeColumn;
use crate::LiveColumn;

/// How stored values of one kind become those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The stored form is the same.
    Keep,
    /// By this expression, which fails on a value that does not fit.
    Using(String),
    /// Not by SQL.
    Impossible,
}

/// A database's way to change its schema.
pub trait Ddl: fmt::Debug + Send + Sync {
    /// A name in quotes.
    fn quote(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// Makes the tables in which migrations are recorded, where they are missing: those of
    /// [`RECORD_TABLE`](super::RECORD_TABLE) and [`MIGRATIONS_TABLE`](super::MIGRATIONS_TABLE).
    fn own_tables(&self) -> [&'static str; 2];

    /// Whether statements that change the schema are undone with their transaction.
    fn is_transactional(&self) -> bool;

    /// Whether a column is changed by making its table anew.
    fn rebuilds_tables(&self) -> bool;

    /// Whether a declared type stores what the wanted one does.
    fn same_type(&self, live: &str, wanted: &str) -> bool;

    /// What a column of a declared type holds at most, as [`field_kind`](super::field_kind) calls it.
    fn kind_of(&self, type_name: &str) -> Option<&'static str>;

    /// How the values of a column, which is given quoted, become another kind. `not_null` tells that absence has been
    /// stored as the default.
    fn convert(&self, from: &str, to: &str, column: &str, not_null: bool) -> Conversion;

    /// A query for the type of some value of a view's column, where columns of views have no declared type.
    fn sample_type(&self, _view: &str, _column: &str) -> Option<String> {
        None
    }

    /// Changes the type of a column and whether it takes NULL, in place.
    fn change_column(&self, table: &str, from: &LiveColumn, to: &ColumnTarget) -> Vec<String>;

    /// A statement that makes an index on a table with rows, from the plain one; and whether it must run alone.
    fn create_index(&self, plain: String) -> (String, bool);

    /// Drops an index.
    fn drop_index(&self, table: &str, index: &str) -> String;

    /// A statement that adds a foreign key to a table with rows, from the plain one; and one that checks those behind it,
    /// where the two can be done apart.
    fn add_foreign_key(
        &self,
        plain: String,
        _table: &str,
        _name: &str,
    ) -> (String, Option<String>) {
        (plain, None)
    }

    /// Checks a foreign key that was added without a look at the rows.
    fn validate_foreign_key(&self, _table: &str, _name: &str) -> Option<String> {
        None
    }

    /// Drops a foreign key.
    fn drop_foreign_key(&self, table: &str, name: &str) -> String;

    /// Gives a table another name.
    fn rename_table(&self, from: &str, to: &str) -> String {
        format!(
            "ALTER TABLE {} RENAME TO {}",
            self.quote(from),
            self.quote(to)
        )
    }

    /// Drops a table.
    fn drop_table(&self, table: &str) -> String {
        format!("DROP TABLE {}", self.quote(table))
    }

    /// Gives a column another name.
    fn rename_column(&self, table: &str, from: &str, to: &str) -> String {
        format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            self.quote(table),
            self.quote(from),
            self.quote(to)
        )
    }

    /// Drops a column.
    fn drop_column(&self, table: &str, column: &str) -> String {
        format!(
            "ALTER TABLE {} DROP COLUMN {}",
            self.quote(table),
            self.quote(column)
        )
    }
}

/// What a column is to become.
#[derive(Clone, Debug)]
pub struct ColumnTarget {
    /// Its declared type.
    pub type_name: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its DEFAULT, as SQL.
    pub default: Option<String>,
    /// How its values are converted; `None` where they stay.
    pub using: Option<String>,
}

impl ColumnTarget {
    pub(super) fn new(
        wanted: &ShapeColumn,
        default: Option<String>,
        using: Option<String>,
    ) -> Self {
        Self {
            type_name: wanted.type_name.clone(),
            nullable: wanted.nullable,
            default,
            using,
        }
    }
}
