//! From a database URL to a connector.

use std::sync::Arc;

use protoloop::{Connector, MemoryConnector};
use protoloop_migrate::Target;
use protoloop_sqlite::SqliteConnector;

use crate::output::Failure;

/// An open datasource.
pub(crate) struct Datasource {
    pub(crate) connector: Arc<dyn Connector>,
    /// The same as a database whose schema can be changed; `None` for one without a schema.
    pub(crate) target: Option<Arc<dyn Target>>,
    /// Whether a start brings its schema up to date unless told otherwise.
    pub(crate) migrates_itself: bool,
}

/// Opens the datasource of a URL: `memory:`, or `sqlite:FILE`.
pub(crate) async fn open(url: &str) -> Result<Datasource, Failure> {
    match url.split_once(':').map(|(scheme, _)| scheme) {
        Some("memory") => Ok(Datasource {
            connector: Arc::new(MemoryConnector::new()),
            target: None,
            migrates_itself: true,
        }),
        Some("sqlite") => {
            let connector = SqliteConnector::open(url).await;
            let connector = Arc::new(
                connector
                    .map_err(|error| Failure::at(format_args!("--db {url}"), error.message()))?,
            );
            Ok(Datasource {
                target: Some(Arc::clone(&connector) as Arc<dyn Target>),
                connector,
                migrates_itself: true,
            })
        }
        _ => Err(Failure::at(
            format_args!("--db {url}"),
            "unknown kind of database; write sqlite:FILE, such as sqlite:shop.db, or memory:",
        )),
    }
}
