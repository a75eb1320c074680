//! How PostgreSQL is reached and told what to do.

use std::{fmt, time::Duration};

use protoloop_core::Result;
use protoloop_driver::{Driver, Failure, Fault, FaultKind, Link as _, ServerConnector};
use protoloop_repository::{Capabilities, Isolation};
use protoloop_sql::{Dialect, POSTGRES, SqlRow as _, SqlValue};
use sqlx::{ConnectOptions as _, Row as _, postgres::PgConnectOptions};

use crate::{Options, error::fault, link::PostgresLink, row::Row};

/// The PostgreSQL driver.
pub struct Postgres {
    options: PgConnectOptions,
}

/// Rows in a PostgreSQL database.
pub type PostgresConnector = ServerConnector<Postgres>;

/// Opens the database of a URL such as `postgres://shop:secret@db/shop`; see [`Options`].
///
/// # Errors
/// INVALID_ARGUMENT for a wrong URL, UNAVAILABLE when the database cannot be reached or refuses who connects.
pub async fn open(url: &str) -> Result<PostgresConnector> {
    use protoloop_repository::Connector as _;
    let options = Options::parse(url)?;
    let driver = |options| Postgres { options };
    let replica = options.replica.map(driver);
    let connector = ServerConnector::new(driver(options.primary), replica, &options.pool);
    connector.ping().await?;
    Ok(connector)
}

/// The key of the advisory lock that lets one process at a time change tables: `protoloop` as a number.
const LOCK: &str = "SELECT pg_try_advisory_lock(7237128888997146477)";

impl Driver for Postgres {
    type Link = PostgresLink;

    fn name(&self) -> &'static str {
        "postgres"
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &POSTGRES
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
            .without_nul_in_text()
            .with_name_bytes(63)
            .with_columns(1600)
    }

    async fn connect(&self) -> Result<PostgresLink, Fault> {
        let mut connection = self.options.connect().await.map_err(connecting)?;
        let row = sqlx::query("SELECT pg_backend_pid(), current_setting('server_encoding')")
            .fetch_one(&mut connection)
            .await
            .map_err(connecting)?;
        let pid: i32 = row.try_get(0).map_err(fault)?;
        let encoding: String = row.try_get(1).map_err(fault)?;
        if encoding != "UTF8" {
            return Err(Fault::new(
                FaultKind::Refused,
                format!("the database is encoded in {encoding}; it must be UTF8"),
            ));
        }
        Ok(PostgresLink::new(connection, pid))
    }

    async fn cancel(&self, number: u64) -> Result<(), Fault> {
        let mut link = self.connect().await?;
        let pid = i32::try_from(number).unwrap_or_default();
        link.run(&format!("SELECT pg_cancel_backend({pid})"))
            .await?;
        link.close().await;
        Ok(())
    }

    fn begin(&self, isolation: Isolation, read_only: bool) -> &'static [&'static str] {
        match (isolation, read_only) {
            (Isolation::ReadCommitted, false) => &["BEGIN ISOLATION LEVEL READ COMMITTED"],
            (Isolation::ReadCommitted, true) => &["BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"],
            (Isolation::RepeatableRead, false) => &["BEGIN ISOLATION LEVEL REPEATABLE READ"],
            (Isolation::RepeatableRead, true) => {
                &["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
            }
            (Isolation::Serializable, false) => &["BEGIN ISOLATION LEVEL SERIALIZABLE"],
            (Isolation::Serializable, true) => &["BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY"],
        }
    }

    fn failure_ends_transaction(&self) -> bool {
        true
    }

    fn before_changes(&self) -> &'static [&'static str] {
        &["SET statement_timeout = 0"]
    }

    fn waiting_for_locks(&self, most: Option<Duration>) -> String {
        // Zero is no bound.
        let millis = most.map_or(0, |most| most.as_millis().max(1));
        format!("SET lock_timeout = {millis}")
    }

    async fn try_lock_tables(&self, link: &mut PostgresLink) -> Result<bool, Failure> {
        let mut had = false;
        let answer = |row: &Row| {
            had = row.value(0)? == SqlValue::Bool(true);
            Ok(())
        };
        link.query(LOCK.into(), Vec::new(), answer).await?;
        Ok(had)
    }
}

fn connecting(error: sqlx::Error) -> Fault {
    fault(error).while_connecting()
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .finish_non_exhaustive()
    }
}
