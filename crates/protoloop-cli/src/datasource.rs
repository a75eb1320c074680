//! From a database URL to a connector.

use std::sync::Arc;

use protoloop::{Connector, MemoryConnector};
use protoloop_sqlite::SqliteConnector;

use crate::output::Failure;

/// Opens the datasource of a URL: `memory:`, or `sqlite:FILE`.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn Connector>, Failure> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Arc::new(MemoryConnector::new())),
        Some("sqlite") => {
            let connector = SqliteConnector::open(url).await;
            Ok(Arc::new(connector.map_err(|error| {
                Failure::at(format_args!("--db {url}"), error.message())
            })?))
        }
        _ => Err(Failure::at(
            format_args!("--db {url}"),
            "unknown kind of database; write sqlite:FILE, such as sqlite:shop.db, or memory:",
        )),
    }
}
