//! From the schema that a database has to the one that its models need.
//!
//! [`plan()`] compares the [`Table`](crate::Table)s of a run with a [`Live`](crate::Live) database and the [`Record`] of
//! what was applied to it, and gives typed [`Step`]s with their statements. Nothing here runs anything.
//!
//! A field is known by its *number*: the record keeps which column each number had, so a renamed field renames its
//! column. See `docs/adr/0016-schema-record.md`.

mod ddl;
mod field_kind;
mod phases;
mod planner;
mod record;
mod shape;
mod step;

pub use ddl::{
    ColumnTarget, Conversion, Ddl, InPlace, MYSQL_DDL, POSTGRES_DDL, SQLITE_DDL, sqlite_holds_text,
};
pub use field_kind::field_kind;
pub use planner::{MissingReference, Plan, Request, missing_references, plan};
pub use record::{
    FieldRecord, MIGRATIONS_TABLE, MigrationEntry, ModelRecord, RECORD_TABLE, Record,
};
pub use step::{Action, Phase, Safety, Step};
