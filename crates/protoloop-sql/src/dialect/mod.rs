//! What databases spell differently.

/// The methods of a [`Dialect`] that one of sea-query's builders writes.
macro_rules! written_by {
    ($builder:ident) => {
        fn select(&self, statement: &sea_query::SelectStatement) -> crate::Statement {
            crate::Statement::new(statement.build($builder))
        }

        fn insert(&self, statement: &sea_query::InsertStatement) -> crate::Statement {
            crate::Statement::new(statement.build($builder))
        }

        fn update(&self, statement: &sea_query::UpdateStatement) -> crate::Statement {
            crate::Statement::new(statement.build($builder))
        }

        fn delete(&self, statement: &sea_query::DeleteStatement) -> crate::Statement {
            crate::Statement::new(statement.build($builder))
        }

        fn create_table(&self, statement: &sea_query::TableCreateStatement) -> String {
            statement.to_string($builder)
        }

        fn alter_table(&self, statement: &sea_query::TableAlterStatement) -> String {
            statement.to_string($builder)
        }

        fn create_index(&self, statement: &sea_query::IndexCreateStatement) -> String {
            statement.to_string($builder)
        }
    };
}

mod distance;
mod mysql;
mod postgres;
mod regex;
mod sqlite;

use std::{borrow::Cow, fmt};

use protoloop_repository::Place;
use sea_query::{
    DeleteStatement, Expr, ForeignKeyCreateStatement, IndexCreateStatement, InsertStatement,
    SelectStatement, TableAlterStatement, TableCreateStatement, UpdateStatement,
};

pub use mysql::{MARIADB, MYSQL, Mysql};
pub use postgres::{POSTGRES, Postgres};
pub use sqlite::{SQLITE, Sqlite};

use protoloop_repository::Leaf;

use crate::{Column, Form, LiveQueries, Scalar, SqlValue, Statement, Storage, migrate::Ddl};

/// A database's way to store values and to write statements.
///
/// Expressions that it is given are never null-safe by themselves: where the outcome must be two-valued, the caller
/// asks for [`Dialect::is_not_true`] or [`Dialect::is_distinct`].
pub trait Dialect: fmt::Debug + Send + Sync + 'static {
    /// What it is, for messages: `sqlite`.
    fn name(&self) -> &'static str;

    /// The stored form of a value. Order and equality of stored forms are those of the values; NaN stands behind all
    /// other numbers.
    fn encode<'a>(&self, storage: Storage, scalar: Scalar<'a>) -> SqlValue<'a>;

    /// The value of a stored form; `None` when the database holds what [`Dialect::encode`] never makes.
    fn decode<'a>(&self, storage: Storage, value: &'a SqlValue<'_>) -> Option<Scalar<'a>>;

    /// The JSON text that a stored one stands for.
    fn stored_json<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    /// Whether a stored text can be this one. What is none is never bound: the database would refuse the statement.
    fn holds_text(&self, text: &str) -> bool {
        let _ = text;
        true
    }

    /// Why a column cannot hold a value, to follow the name of its field: `holds …`.
    fn refusal(&self, column: &Column, scalar: &Scalar<'_>) -> Option<&'static str> {
        let _ = (column, scalar);
        None
    }

    /// How a field is stored in a column of a type that others declared, or why it cannot be, to follow the name of the
    /// type. `None` where it is stored in the database's own way whatever was declared elsewhere.
    fn declared(&self, type_name: &str, leaf: &Leaf) -> Option<Result<Form, String>> {
        let _ = (type_name, leaf);
        None
    }

    /// What stands for a value in templates of expressions.
    fn placeholder(&self) -> &'static str {
        "?"
    }

    /// A text in quotes, for what a schema says; values are bound.
    fn literal(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    /// The declared type of a column, of which some are other ones when a key or an index has it.
    fn column_type(&self, storage: Storage, indexed: bool) -> &'static str;

    /// The declared type of a key that the database counts up.
    fn sequence_type(&self) -> &'static str;

    /// Whether a key that is counted up has AUTOINCREMENT, or what the database calls it, behind its type.
    fn says_auto_increment(&self) -> bool {
        true
    }

    /// Whether an UPDATE can answer the rows that it has changed.
    fn answers_changes(&self) -> bool {
        true
    }

    /// Whether a stored value can be compared with the one that was looked at, and is the same only where nobody wrote another:
    /// then a change by key compares the row instead of locking it between the two, which takes fewer statements.
    fn compares(&self, storage: Storage) -> bool {
        let _ = storage;
        false
    }

    /// What stands behind a query that keeps its rows from being removed until the transaction ends, and lets others do the
    /// same; empty where writers come one after the other.
    fn holding(&self) -> &'static str {
        ""
    }

    /// Most bytes of the name of an index.
    fn max_name(&self) -> usize {
        usize::MAX
    }

    /// Whether an index can leave rows out. Where not, a computed column stands in the place of its first one, which is
    /// NULL for those rows.
    fn has_partial_indexes(&self) -> bool {
        true
    }

    /// Makes the numbers that a key is counted up with begin behind one that was given by hand; its value is that number.
    /// `None` where the database does so by itself.
    fn skip_sequence(&self, table: &str, column: &str) -> Option<String> {
        let _ = (table, column);
        None
    }

    /// What stands behind the column list of a new table.
    fn table_options(&self) -> Option<&'static str>;

    /// The DEFAULT of a column without presence.
    fn default_value(&self, storage: Storage) -> Option<Expr>;

    /// The text of a query.
    fn select(&self, statement: &SelectStatement) -> Statement;
    /// The text of an insertion.
    fn insert(&self, statement: &InsertStatement) -> Statement;
    /// The text of a change.
    fn update(&self, statement: &UpdateStatement) -> Statement;
    /// The text of a deletion.
    fn delete(&self, statement: &DeleteStatement) -> Statement;
    /// The text of a new table.
    fn create_table(&self, statement: &TableCreateStatement) -> String;
    /// The text of a change of a table.
    fn alter_table(&self, statement: &TableAlterStatement) -> String;
    /// The text that adds a foreign key to a table; `None` where it can only be said when the table is made.
    fn add_foreign_key(&self, statement: &ForeignKeyCreateStatement) -> Option<String>;
    /// The text of a new index.
    fn create_index(&self, statement: &IndexCreateStatement) -> String;

    /// How a schema is changed.
    fn ddl(&self) -> &'static dyn Ddl;

    /// Reads the schema of a live database.
    fn live_queries(&self) -> LiveQueries;

    /// True where the condition is false or null.
    fn is_not_true(&self, condition: Expr) -> Expr;
    /// True where two values differ, of which the first may be null.
    fn is_distinct(&self, left: Expr, right: Expr) -> Expr;
    /// A condition on floating point numbers that excludes NaN, for `>` and `>=`.
    fn is_below_nan(&self, number: Expr) -> Expr;
    /// Whether an RE2 expression is found in a text.
    fn regexp(&self, text: Expr, pattern: &str) -> Expr;

    /// The JSON below some fields of a JSON object; null when one is missing.
    fn json_part(&self, json: Expr, fields: &[&str]) -> Expr;
    /// The same as a plain value: a string without its quotes, a number.
    fn json_value(&self, json: Expr, fields: &[&str]) -> Expr;
    /// The value of a key of a JSON object, which may be any string, as JSON or in a form that [`Dialect::json_value`]
    /// without fields makes plain.
    fn json_key(&self, json: Expr, key: &str) -> Expr;
    /// Whether a JSON object has a key.
    fn json_has_key(&self, json: Expr, key: &str) -> Expr;
    /// Whether a JSON object has a key whose value is not JSON's null.
    fn json_key_is_set(&self, json: Expr, key: &str) -> Expr;
    /// Whether a JSON array has an element equal to a value.
    fn json_contains(&self, json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr;
    /// Whether every element of a JSON array equals one of some values; so does null, which stands for an empty list.
    fn json_contained_by(&self, json: Expr, storage: Storage, scalars: &[Scalar<'_>]) -> Expr;
    /// The number of elements of a JSON array, or of entries of a JSON object; 0 for null.
    fn json_length(&self, json: Expr, is_object: bool) -> Expr;
    /// Whether a JSON array has an element equal to a column that stores values of a kind; `None` where the database
    /// cannot compare the two.
    fn json_has_element(&self, json: Expr, storage: Storage, column: Expr) -> Option<Expr>;
    /// The plain value of a key of a JSON object where it is a string ([`Storage::Text`]), a number
    /// ([`Storage::Double`]) or a bool, or the JSON of an object ([`Storage::Json`]); null for any other type.
    fn json_key_of(&self, json: Expr, key: &str, storage: Storage) -> Expr;
    /// The plain value of a JSON text where it is a string, a number or a bool, as [`Dialect::json_key_of`].
    fn json_of(&self, json: Expr, storage: Storage) -> Expr;
    /// Meters between two places, of which one is given by expressions in degrees, which may be null; null for degrees that
    /// there are not. `None` where the database has no sine.
    fn distance(&self, latitude: Expr, longitude: Expr, from: Place) -> Option<Expr> {
        let _ = (latitude, longitude, from);
        None
    }

    /// The JSON of a key of a JSON object where it is an array; null for any other type.
    fn json_key_list(&self, json: Expr, key: &str) -> Expr {
        self.json_list(self.json_key(json, key))
    }
    /// A JSON text where it is an array; null for any other type.
    fn json_list(&self, json: Expr) -> Expr;
    /// The JSON of an element of a JSON array, within the condition of [`Dialect::json_some`] over the same array.
    fn json_element(&self, list: &Expr, alias: &str) -> Expr;
    /// Whether an element of a JSON array fulfils a condition; not so for null.
    fn json_some(&self, list: Expr, alias: &str, condition: Expr) -> Expr;
    /// A plain value taken from JSON, in a form that compares with [`Dialect::json_operand`] and orders like the
    /// values; `None` where only equality is possible.
    fn json_ordered(&self, storage: Storage, value: Expr) -> Option<Expr>;
    /// The same, for equality only.
    fn json_comparable(&self, storage: Storage, value: Expr) -> Expr;
    /// What a plain value taken from JSON is compared with.
    fn json_operand(&self, storage: Storage, scalar: Scalar<'_>) -> Expr;
}
