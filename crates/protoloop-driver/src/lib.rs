//! What the connectors of database servers share.
//!
//! A driver says how to connect ([`Driver`]), how to run a statement ([`Link`]) and what went wrong ([`Fault`]);
//! [`ServerConnector`] makes a connector of that: a bounded [`Pool`], repositories, transactions in the call context, writes
//! that are tried again when they met others, and the answers that callers get while the server is away.
//!
//! No database library is imported here, and no SQL text is made: that is `protoloop-sql`'s.

mod clock;
mod compare;
mod connector;
mod fault;
mod gather;
mod insert;
mod lease;
mod link;
mod migrate;
mod native;
mod pool;
mod read;
mod repository;
mod transaction;
mod url;
mod write;

pub use clock::clock;
pub use connector::{ReadFromPrimary, ServerConnector};
pub use fault::{Failure, Fault, FaultKind};
pub use link::{Done, Driver, Link, SharedSql, Values};
pub use pool::{Pool, PoolOptions};
pub use url::{Secret, ServerUrl, redacted};
