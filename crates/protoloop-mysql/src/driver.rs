//! How MySQL and MariaDB are reached and told what to do.

use std::{fmt, time::Duration};

use protoloop_core::Result;
use protoloop_driver::{Driver, Failure, Fault, Link as _, ServerConnector};
use protoloop_repository::{Capabilities, Connector as _, Isolation};
use protoloop_sql::{Dialect, MARIADB, MYSQL, SqlRow as _, SqlValue};
use sqlx::{ConnectOptions as _, Row as _, mysql::MySqlConnectOptions};

use crate::{Options, error::fault, link::MysqlLink, row::Row};

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
    check_version(&version)?;
    drop(first);
    let replica = options.replica.map(|options| driver(options, mariadb));
    let connector = ServerConnector::new(driver(options.primary, mariadb), replica, &options.pool);
    connector.ping().await?;
    Ok(connector)
}

/// FAILED_PRECONDITION of a server that is too old: it would not understand what it is told.
fn check_version(version: &str) -> Result<()> {
    let (name, least) = match version.to_ascii_lowercase().contains("mariadb") {
        true => ("MariaDB", [10, 6, 0]),
        false => ("MySQL", [8, 0, 17]),
    };
    // Old clients are told `5.5.5-` in front of MariaDB's version.
    let said = version.strip_prefix("5.5.5-").unwrap_or(version);
    let mut found = [0; 3];
    let parts = said.split(|c: char| !c.is_ascii_digit());
    for (place, part) in found.iter_mut().zip(parts) {
        *place = part.parse::<u32>().unwrap_or(0);
    }
    if found >= least {
        return Ok(());
    }
    let [major, minor, patch] = least;
    Err(protoloop_core::Error::failed_precondition(format!(
        "the server is {name} {version}; {name} {major}.{minor}.{patch} or later is needed"
    )))
}

impl Mysql {
    async fn plain(&self) -> Result<sqlx::mysql::MySqlConnection, Fault> {
        self.options.connect().await.map_err(connecting)
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

/// The lock that lets one process at a time change the tables of a database. Its name has at most 64 characters.
const MARIADB_LOCK: &str = "SELECT GET_LOCK(CONCAT('protoloop:', LEFT(MD5(DATABASE()), 16)), 0)";
/// The same on MySQL, which has no MD5 any more since 9.6.
const MYSQL_LOCK: &str =
    "SELECT GET_LOCK(CONCAT('protoloop:', LEFT(SHA2(DATABASE(), 256), 16)), 0)";

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
            .with_index_bytes(3072)
            .with_name_bytes(60)
            .with_columns(1017)
            .without_linear_regexp()
    }

    async fn connect(&self) -> Result<MysqlLink, Fault> {
        let mut connection = self.plain().await?;
        let number: u64 = sqlx::query("SELECT CAST(CONNECTION_ID() AS UNSIGNED)")
            .fetch_one(&mut connection)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(connecting)?;
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

    fn before_changes(&self) -> &'static [&'static str] {
        match self.mariadb {
            true => &["SET SESSION max_statement_time = 0"],
            false => &["SET SESSION max_execution_time = 0"],
        }
    }

    fn waiting_for_locks(&self, most: Option<Duration>) -> String {
        // In seconds, of which there must be one; a year is the most.
        let seconds = most.map_or(31_536_000, |most| most.as_millis().div_ceil(1_000).max(1));
        format!(
            "SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
        )
    }

    async fn try_lock_tables(&self, link: &mut MysqlLink) -> Result<bool, Failure> {
        let mut had = false;
        let answer = |row: &Row| {
            had = matches!(row.value(0)?, SqlValue::Int(1) | SqlValue::Uint(1));
            Ok(())
        };
        let lock = match self.mariadb {
            true => MARIADB_LOCK,
            false => MYSQL_LOCK,
        };
        link.query(lock.into(), Vec::new(), answer).await?;
        Ok(had)
    }
}

fn connecting(error: sqlx::Error) -> Fault {
    fault(error).while_connecting()
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

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn servers_that_are_too_old_are_told_apart() {
        for good in [
            "10.11.6-MariaDB-0+deb12u1",
            "5.5.5-10.6.0-MariaDB",
            "8.0.17",
            "8.4.0-commercial",
            "9.1.0",
        ] {
            assert!(check_version(good).is_ok(), "{good}");
        }
        for old in ["10.5.9-MariaDB", "5.7.44-log", "8.0.16", "nonsense"] {
            let error = check_version(old).expect_err(old);
            assert!(error.message().contains(old), "{error}");
        }
    }
}
