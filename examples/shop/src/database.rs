//! Where the data lives.

use std::sync::Arc;

use protoloop::{Connector, Error, MemoryConnector, Result};

/// Opens the database of a URL: `sqlite:shop.db`, `postgres://…`, `mysql://…` or `mariadb://…`, `memory:` for tests.
///
/// # Errors
/// UNIMPLEMENTED for a kind that this binary was built without; UNAVAILABLE when the database cannot be reached;
/// INVALID_ARGUMENT for a URL that makes no sense.
pub async fn open(url: &str) -> Result<Arc<dyn Connector>> {
    let kind = url.split(':').next().unwrap_or_default();
    match kind {
        "memory" => Ok(Arc::new(MemoryConnector::new())),
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(protoloop::SqliteConnector::open(url).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Arc::new(protoloop::postgres::open(url).await?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Arc::new(protoloop::mysql::open(url).await?)),
        other => Err(Error::unimplemented(format!(
            "`{other}:` is no database that this shop was built with; see the features in its Cargo.toml"
        ))),
    }
}
