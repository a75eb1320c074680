//! What stands between a handler and a database.
//!
//! - [`Model`]: a stored model at run time. [`Key`], [`Record`] and [`Entity`]: its rows.
//! - [`Repository`] and [`Connector`]: what a database implements.
//! - [`Query`], [`Filter`], [`OrderBy`], [`Cursor`]: what a database is asked.

mod connector;
mod entity;
mod filter;
mod key;
mod model;
mod order;
mod path;
mod query;
mod repository;
mod value;

pub use connector::Connector;
pub use entity::{Entity, Record};
pub use filter::{CompareOp, Filter, FilterError, Pattern};
pub use key::{Key, KeyValue};
pub use model::{Model, PropertyError};
pub use order::{Direction, OrderBy, OrderTerm};
pub use path::{Leaf, LeafKind, LeafShape, PropertyPath, Step};
pub use query::{Cursor, Query};
pub use repository::{Check, Edit, Repository, Write, WriteError};
pub use value::Value;
