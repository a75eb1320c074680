//! The connector of MySQL and MariaDB.
//!
//! [`open`] takes a URL such as `mysql://shop:secret@db/shop`; [`Options`] tells what it may say. What it does on the way of a
//! call is in `protoloop-driver`; here is how the server is spoken to.

mod arguments;
mod driver;
mod error;
mod link;
mod options;
mod row;

pub use driver::{Mysql, MysqlConnector, open};
pub use options::Options;
