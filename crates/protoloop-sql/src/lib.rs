//! SQL for stored models, without any driver.
//!
//! - [`Table`]: the table of a model: its columns, the text of its statements, rows from records and records from rows.
//! - [`Statement`]: text and bound values. [`SqlValue`] is one value as a driver binds and reads it.
//! - [`Table::select`] and [`Table::count`] compile queries; [`migrate::plan()`] says what a live database lacks.
//! - [`Dialect`]: what databases spell differently; [`SQLITE`] is the first.
//!
//! Values are always bound; names are quoted. How values are stored is told in `docs/adr`.

mod bulk;
mod column;
mod condition;
mod create;
mod declared;
mod decode;
mod dialect;
mod encode;
mod found;
mod group;
#[cfg(test)]
mod injection;
mod json;
mod like;
mod live;
pub mod migrate;
mod native;
mod number;
mod order;
mod page;
mod property;
mod references;
mod select;
mod source;
mod statement;
mod storage;
mod table;
#[cfg(test)]
mod testing;
mod texts;
mod time;
mod value;
mod within;

pub use column::Column;
pub use declared::{Declared, Form};
pub use decode::{Records, SqlRow};
pub use dialect::{Dialect, MARIADB, MYSQL, Mysql, POSTGRES, Postgres, SQLITE, Sqlite};
pub use live::{
    Filled, Live, LiveColumn, LiveForeignKey, LiveIndex, LiveQueries, LiveRows, LiveTable, LiveText,
};
pub use native::first_word;
pub use references::{ForeignKey, Violation};
pub use select::Selection;
pub use statement::Statement;
pub use storage::Storage;
pub use table::Table;
pub use time::valid_timestamp_text as timestamp_text;
pub use value::{Scalar, SqlValue};
