//! How MySQL and MariaDB are reached and told what to do.

use std::{fmt, time::Duration};

use protoloop_core::Result;
use protoloop_driver::{Driver, Fault, FaultKind, Link as _, ServerConnector};
use protoloop_repository::{Capabilities, Connector as _, Isolation};
use protoloop_sql::{Dialect, MARIADB, MYSQL};
use sqlx::{ConnectOptions as _, Row as _, mysql::MySqlConnectOptions};

use crate::{Options, error::fault, link::MysqlLink};

/// The driver of MySQL and MariaDB.
pub struct Mysql {
    options: MySqlConnectOptions,
    mariadb: bool,
    statement_timeout: Duration,
}

/// Rows in a MySQL or MariaDB database.
pub type MysqlConnector = ServerConnector<Mysql>;

/// Opens the database of a URL such as `mysql://shop:secret@db/shop`; see [`Options`].
///
/// # Errors
/// INVALID_ARGUMENT for a wrong URL, UNAVAILABLE when the database cannot be reached or refuses who connects.
pub async fn open(url: &str) -> Result<MysqlConnector> {
    let options = Options::parse(url)?;
    let mut mariadb = true;
    let timeout = options.pool.statement_timeout;
    let driver = |options, mariadb| Mysql {
        options,
        mariadb,
        statement_timeout: timeout,
    };
    // Who it is decides how it is spoken to.
    let mut first = driver(options.primary.clone(), mariadb).plain().await?;
    let version: String = sqlx::query("SELECT VERSION()")
        .fetch_one(&mut first)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(fault)?;
    mariadb = version.to_ascii_lowercase().contains("mariadb");
    drop(first);
    let replica = options.replica.map(|options| driver(options, mariadb));
    let connector = ServerConnector::new(driver(options.primary, mariadb), replica, &options.pool);
    connector.ping().await?;
    Ok(connector)
}

impl Mysql {
    async fn plain(&self) -> Result<sqlx::mysql::MySqlConnection, Fault> {
        self.options.connect().await.map_err(unreachable)
    }

    /// What every connection is told first.
    fn settings(&self) -> String {
        let millis = self.statement_timeout.as_millis();
        // A limit of all statements, or where there is none, of those that read.
        let limit = match self.mariadb {
            true => format!(
                "max_statement_time = {}",
                self.statement_timeout.as_secs_f64()
            ),
            false => format!("max_execution_time = {millis}"),
        };
        format!(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', {limit}"
        )
    }
}

/// The lock that lets one process at a time change the tables of a database.
const LOCK: &str = "DO GET_LOCK(CONCAT('protoloop:', LEFT(MD5(DATABASE()), 16)), 3600)";
const UNLOCK: &str = "DO RELEASE_LOCK(CONCAT('protoloop:', LEFT(MD5(DATABASE()), 16)))";

impl Driver for Mysql {
    type Link = MysqlLink;

    fn name(&self) -> &'static str {
        match self.mariadb {
            true => "mariadb",
            false => "mysql",
        }
    }

    fn dialect(&self) -> &'static dyn Dialect {
        match self.mariadb {
            true => &MARIADB,
            false => &MYSQL,
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
            .without_numbers_not_finite()
            .without_negative_zero()
            .with_indexed_length(255)
            .without_linear_regexp()
    }

    async fn connect(&self) -> Result<MysqlLink, Fault> {
        let mut connection = self.plain().await?;
        let number: u64 = sqlx::query("SELECT CAST(CONNECTION_ID() AS UNSIGNED)")
            .fetch_one(&mut connection)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(unreachable)?;
        let mut link = MysqlLink::new(connection, number);
        link.run(&self.settings()).await?;
        link.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            .await?;
        Ok(link)
    }

    async fn cancel(&self, number: u64) -> Result<(), Fault> {
        let mut link = self.connect().await?;
        link.run(&format!("KILL QUERY {number}")).await?;
        link.close().await;
        Ok(())
    }

    fn begin(&self, isolation: Isolation, read_only: bool) -> &'static [&'static str] {
        match (isolation, read_only) {
            (Isolation::ReadCommitted, false) => &["START TRANSACTION"],
            (Isolation::ReadCommitted, true) => &["START TRANSACTION READ ONLY"],
            (Isolation::RepeatableRead, false) => &[
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT",
            ],
            (Isolation::RepeatableRead, true) => &[
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ],
            (Isolation::Serializable, false) => &[
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "START TRANSACTION",
            ],
            (Isolation::Serializable, true) => &[
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
                "START TRANSACTION READ ONLY",
            ],
        }
    }

    fn failure_ends_transaction(&self) -> bool {
        false
    }

    async fn lock_tables(&self, link: &mut MysqlLink) -> Result<(), Fault> {
        if self.mariadb {
            // Others may take their time.
            link.run("SET SESSION max_statement_time = 0").await?;
        }
        link.run(LOCK).await
    }

    async fn unlock_tables(&self, link: &mut MysqlLink) -> Result<(), Fault> {
        link.run(UNLOCK).await?;
        link.run(&self.settings()).await
    }

    fn changes_tables_in_transactions(&self) -> bool {
        false
    }
}

/// What fails while a connection is opened says that the server is away.
fn unreachable(error: sqlx::Error) -> Fault {
    let mut fault = fault(error);
    if fault.kind == FaultKind::Lost {
        fault.kind = FaultKind::Away;
    }
    fault
}

impl fmt::Debug for Mysql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mysql")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .field("mariadb", &self.mariadb)
            .finish_non_exhaustive()
    }
}
