//! The PostgreSQL connector.
//!
//! [`PostgresConnector::open`] takes a URL such as `postgres://shop:secret@db/shop`; [`Options`] tells what it may say. What
//! it does on the way of a call is in `protoloop-driver`; here is how PostgreSQL is spoken to.

mod arguments;
mod driver;
mod error;
mod link;
mod numeric;
mod options;
mod row;

pub use driver::{PostgresConnector, open};
pub use options::Options;
