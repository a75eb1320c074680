//! What stands between a handler and a database.
//!
//! - [`Model`]: a stored model at run time. [`Key`], [`Record`] and [`Entity`]: its rows.
//! - [`Repository`] and [`Connector`]: what a database implements.
//! - [`Transaction`]: several calls, all or none.
//! - [`Query`], [`Filter`], [`OrderBy`], [`Cursor`]: what a database is asked. [`Scope`], [`Inclusion`]: what a caller asks.

mod bulk;
mod capabilities;
mod connector;
mod cursor;
mod deadline;
pub mod engine;
mod entity;
mod etag;
mod filter;
mod gather;
mod group;
mod key;
mod key_value;
#[cfg(any(test, feature = "laws"))]
pub mod laws;
mod link;
mod managed;
pub mod memory;
mod model;
mod native;
mod observed;
mod order;
mod page_token;
mod path;
mod place;
mod query;
mod read;
mod recode;
mod references;
mod relation;
mod repository;
mod repository_ext;
mod resolve;
mod scope;
#[cfg(test)]
mod testing;
pub mod transaction;
mod value;

pub use bulk::{Changes, RowStream, pages};
pub use capabilities::Capabilities;
pub use connector::{Connector, ConnectorExt, OnStart};
pub use cursor::Cursor;
pub use deadline::within;
pub use engine::{RequestIds, StandardEngine, include};
pub use entity::{Entity, Record};
pub use etag::etag_matches;
pub use filter::{
    CompareOp, Element, Filter, FilterError, Matcher, Pattern, Related, Rows, SeenRows,
};
pub use gather::{GATHERED_KEYS, Gather, Gathered, Lane, Source};
pub use group::{GroupBy, GroupQuery, Groups, LinkedBy};
pub use key::{Key, KeyValue};
pub use key_value::{Clock, KeyStream, KeyValueRepository, KeyValues, key_value_model};
pub use link::{Join, Link};
pub use managed::{Hook, HookContext, Hooks, Managed, Save, ShowDeleted};
pub use memory::MemoryConnector;
pub use model::{Model, PropertyError};
pub use native::{Executed, NativeRow};
pub use observed::Observed;
pub use order::{Direction, OrderBy, OrderTerm};
pub use page_token::PageTokenKey;
pub use path::{Leaf, LeafKind, LeafShape, PropertyPath, Step};
pub use place::{EARTH_RADIUS, HALF_RADIANS, Place, RADIANS};
pub use query::Query;
pub use recode::Recode;
pub use relation::{BelongsTo, HasMany, HasManyThrough, HasOne, ReferencesMany, Repositories};
pub use repository::{Alter, Alteration, Check, Edit, Repository, Write, WriteError};
pub use repository_ext::RepositoryExt;
pub use scope::{Inclusion, Scope};
pub use transaction::{Isolation, Transaction, TransactionOptions};
pub use value::Value;
