//! From a database URL to a connector.

use std::{fmt::Display, sync::Arc};

use protoloop::{Connector, MemoryConnector};
use protoloop_driver::redacted;
use protoloop_migrate::Target;
use protoloop_sqlite::{Options, SqliteConnector};

use crate::output::Failure;

/// An open datasource.
pub(crate) struct Datasource {
    pub(crate) connector: Arc<dyn Connector>,
    /// The same as a database whose schema can be changed; `None` for one without a schema.
    pub(crate) target: Option<Arc<dyn Target>>,
    /// Whether a start brings its schema up to date unless told otherwise.
    pub(crate) migrates_itself: bool,
}

/// What a connector does about the schema of its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Schema {
    /// Brings it to the models.
    Migrated,
    /// Leaves it as it is.
    Left,
}

/// Opens the datasource of a URL: `memory:`, `sqlite:FILE`, or that of a server. No message shows its password.
pub(crate) async fn open(url: &str, schema: Schema) -> Result<Datasource, Failure> {
    let failed = |what: &dyn Display| Failure::at(format_args!("--db {}", shown(url)), what);
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    let refused = |error: &protoloop::Error| match error.code() {
        protoloop::Code::Unavailable => {
            Failure::Away(format!("--db {}: {}", shown(url), told(error)))
        }
        _ => failed(&told(error)),
    };
    match scheme(url) {
        "memory" => Ok(Datasource {
            connector: Arc::new(MemoryConnector::new()),
            target: None,
            migrates_itself: true,
        }),
        "sqlite" => match sqlite(url, schema).await {
            Ok(connector) => {
                let connector = Arc::new(connector);
                Ok(Datasource {
                    target: Some(Arc::clone(&connector) as Arc<dyn Target>),
                    connector,
                    migrates_itself: true,
                })
            }
            Err(error) => Err(failed(&error.message())),
        },
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => match protoloop_postgres::open(url).await {
            Ok(connector) => Ok(server(connector)),
            Err(error) => Err(refused(&error)),
        },
        #[cfg(not(feature = "postgres"))]
        "postgres" | "postgresql" => Err(failed(
            &"this protoloop was built without PostgreSQL; build it with the feature `postgres`",
        )),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => match protoloop_mysql::open(url).await {
            Ok(connector) => Ok(server(connector)),
            Err(error) => Err(refused(&error)),
        },
        #[cfg(not(feature = "mysql"))]
        "mysql" | "mariadb" => Err(failed(
            &"this protoloop was built without MySQL; build it with the feature `mysql`",
        )),
        _ => Err(failed(
            &"unknown kind of database; write sqlite:FILE, such as sqlite:shop.db, \
              postgres://USER:PASSWORD@HOST/DATABASE, mysql: or mariadb: likewise, or memory:",
        )),
    }
}

async fn sqlite(url: &str, schema: Schema) -> protoloop::Result<SqliteConnector> {
    let mut options = Options::parse(url)?;
    options.leave_schema |= schema == Schema::Left;
    SqliteConnector::open_with(options).await
}

/// The datasource of a database server, which other replicas use too.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn server(connector: impl Connector + Target) -> Datasource {
    let connector = Arc::new(connector);
    Datasource {
        target: Some(Arc::clone(&connector) as Arc<dyn Target>),
        connector,
        migrates_itself: false,
    }
}

/// The URL as it may be shown.
pub(crate) fn shown(url: &str) -> String {
    match scheme(url) {
        "memory" | "sqlite" => url.to_owned(),
        _ => redacted(url),
    }
}

fn scheme(url: &str) -> &str {
    url.split(':').next().unwrap_or_default()
}

/// Who starts a server is also told what the database said.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn told(error: &protoloop::Error) -> String {
    use std::error::Error as _;
    match error.source() {
        Some(source) => format!("{}: {source}", error.message()),
        None => error.message().to_owned(),
    }
}
