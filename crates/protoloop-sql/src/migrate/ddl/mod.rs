//! What databases spell differently when a schema changes.

mod mysql;
mod postgres;
mod sqlite;

use std::fmt;

pub use mysql::MYSQL_DDL;
pub use postgres::POSTGRES_DDL;
pub use sqlite::{SQLITE_DDL, holds_text as sqlite_holds_text};

use super::shape::ShapeColumn;
use crate::LiveColumn;

/// How stored values of one kind become those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The stored form is the same.
    Keep,
    /// By this expression, which fails on a value that does not fit.
    Using(String),
    /// By changes of the values before and behind that of the type.
    InPlace(InPlace),
    /// Not by SQL.
    Impossible,
}

/// Changes of values around that of a column's type. They may be run again from the beginning whenever they broke off:
/// where statements are not undone together, nobody can tell how far they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InPlace {
    /// What holds for every value that has a place in the new type.
    pub fits: Option<String>,
    /// New values, each with the condition on those that get it, before the type is changed.
    pub before: Vec<(String, String)>,
    /// The same behind it.
    pub after: Vec<(String, String)>,
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

    /// Whether the wanted type stores the same as a declared one, and only more of it.
    fn is_roomier(&self, _live: &str, _wanted: &str) -> bool {
        false
    }

    /// What a column of a declared type holds at most, as [`field_kind`](super::field_kind) calls it.
    fn kind_of(&self, type_name: &str) -> Option<&'static str>;

    /// Whether the type of a column and its indexes hinder each other: an index cannot be over what has no bound, and
    /// where it leaves rows out it is over a column that is computed from others.
    fn indexes_bind_types(&self) -> bool {
        false
    }

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

    /// Drops an index; `partial`: one that leaves rows out.
    fn drop_index(&self, table: &str, index: &str, partial: bool) -> String;

    /// A statement that adds a foreign key to a table with rows, from the plain one; and one that checks those behind it,
    /// where the two can be done apart, each outside of transactions.
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
    /// What is done with them around the change of the type.
    pub in_place: InPlace,
    /// Whether the database is to count it up.
    pub counted: bool,
}

impl ColumnTarget {
    pub(super) fn new(
        wanted: &ShapeColumn,
        default: Option<String>,
        using: Option<String>,
        in_place: InPlace,
    ) -> Self {
        Self {
            type_name: wanted.type_name.clone(),
            nullable: wanted.nullable,
            default,
            using,
            in_place,
            counted: false,
        }
    }
}
