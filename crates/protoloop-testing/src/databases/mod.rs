//! Private database servers for tests.
//!
//! [`postgres`], [`mariadb`] and [`mysql`] start one server per test process on a free port in a temporary folder, from the programs on
//! this machine; [`Server::database`] makes an empty database in it. Nothing of it outlives the process: see `watch`.
//!
//! Where a server cannot be had, a test is told `None` and returns at once; the reason is printed. Where skipping is
//! forbidden (`CI=true`, `PROTOLOOP_TESTS_FORBID_SKIP`), the test fails instead.

mod mariadb;
mod mysql;
mod postgres;
mod programs;
mod watch;

use std::{
    env, fmt,
    io::Write as _,
    net::TcpListener,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use watch::Watched;

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(60);
/// The password of the tests' user, which no log may show.
pub const PASSWORD: &str = "s3cr@t:/?#";
/// The same in a URL.
const PASSWORD_IN_URL: &str = "s3cr%40t%3A%2F%3F%23";
const USER: &str = "protoloop";

/// What a kind of server needs to be run.
trait Kind: Send + Sync + fmt::Debug {
    /// `postgres`
    fn scheme(&self) -> &'static str;
    /// Whether the server answers.
    fn answers(&self, port: u16) -> bool;
    /// Runs statements in a database, or in none that matters, as the one who may do everything. Answers the rows of the
    /// last one: a line each, a tab between columns.
    fn run(&self, port: u16, database: Option<&str>, sql: &str) -> Result<String, String>;
    /// Records the statements of connections to a database that are opened from now on.
    fn record(&self, port: u16, database: &str) -> Result<(), String>;
    /// The statements that were recorded since, but for those that only prepare others.
    fn recorded(&self, port: u16, database: &str) -> Result<Vec<String>, String>;
}

/// A private server.
#[derive(Debug)]
pub struct Server {
    kind: Box<dyn Kind>,
    port: u16,
    watched: Watched,
    databases: AtomicU32,
}

/// The PostgreSQL server of this test process.
#[must_use]
pub fn postgres() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    found(
        "PostgreSQL",
        SERVER.get_or_init(|| postgres::start(None)).as_ref(),
    )
}

/// The MariaDB server of this test process.
#[must_use]
pub fn mariadb() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    found(
        "MariaDB",
        SERVER.get_or_init(|| mariadb::start(None)).as_ref(),
    )
}

/// The MySQL server of this test process. It comes from packages of another Debian than most machines have; tests on it are built
/// where they are asked for only.
#[must_use]
pub fn mysql() -> Option<&'static Server> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    found("MySQL", SERVER.get_or_init(mysql::start).as_ref())
}

/// A PostgreSQL server for one test, which may kill it.
#[must_use]
pub fn own_postgres() -> Option<Server> {
    own("PostgreSQL", postgres::start(None))
}

/// A MariaDB server for one test, which may kill it.
#[must_use]
pub fn own_mariadb() -> Option<Server> {
    own("MariaDB", mariadb::start(None))
}

/// A certificate and its key, in PEM files.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    /// The certificate, with those behind it.
    pub chain: &'a Path,
    /// Its key.
    pub key: &'a Path,
}

/// A PostgreSQL server for one test that speaks TLS to those who ask for it.
#[must_use]
pub fn postgres_with_tls(certificate: Certificate<'_>) -> Option<Server> {
    own("PostgreSQL", postgres::start(Some(certificate)))
}

/// A MariaDB server for one test that speaks TLS to those who ask for it.
#[must_use]
pub fn mariadb_with_tls(certificate: Certificate<'_>) -> Option<Server> {
    own("MariaDB", mariadb::start(Some(certificate)))
}

fn own(what: &str, server: Result<Server, String>) -> Option<Server> {
    found(what, server.as_ref())?;
    server.ok()
}

/// A server, or the test is skipped.
fn found<'a>(what: &str, server: Result<&'a Server, &String>) -> Option<&'a Server> {
    let why = match server {
        Ok(server) => return Some(server),
        Err(why) => why,
    };
    let ci = env::var("CI").is_ok_and(|value| value == "true");
    let forbidden = ci || env::var_os("PROTOLOOP_TESTS_FORBID_SKIP").is_some();
    assert!(
        !forbidden,
        "{what} is not there and skipping is forbidden: {why}"
    );
    skipped(what, why);
    None
}

/// Says that a test is skipped.
fn skipped(what: &str, why: &str) {
    // Written around the test harness, which would swallow it; `cargo xtask test` counts these lines.
    let test = thread::current();
    let test = test.name().unwrap_or("a test");
    writeln!(
        std::io::stdout(),
        "SKIPPED {test}: {what} is not there: {why}"
    )
    .expect("standard output is open");
}

impl Server {
    /// Waits for a server that was started.
    fn new(kind: Box<dyn Kind>, port: u16, watched: Watched) -> Result<Self, String> {
        let server = Self {
            kind,
            port,
            watched,
            databases: AtomicU32::new(0),
        };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<(), String> {
        let begun = Instant::now();
        let mut again = begun + Duration::from_secs(5);
        while !self.kind.answers(self.port) {
            let now = Instant::now();
            if now - begun > START {
                return Err(format!("it does not answer; {}", self.watched.log()));
            }
            if now > again {
                // What a killed server leaves behind may have kept the new one from starting.
                self.watched.tell("kill");
                self.watched.tell("start");
                again = now + Duration::from_secs(5);
            }
            pause();
        }
        Ok(())
    }

    /// The URL of a new database with nothing in it.
    ///
    /// # Panics
    /// When the server does not make it.
    #[must_use]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.administer(&format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (scheme, port) = (self.kind.scheme(), self.port);
        format!("{scheme}://{USER}:{PASSWORD_IN_URL}@127.0.0.1:{port}/{database}")
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs statements as the one who may do everything.
    ///
    /// # Panics
    /// When the server refuses them.
    pub fn administer(&self, sql: &str) {
        let outcome = self.kind.run(self.port, None, sql);
        outcome.unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    /// Runs statements in a database as the one who may do everything. Answers the rows of the last one: a line each, a tab
    /// between columns.
    ///
    /// # Panics
    /// When the server refuses them.
    #[must_use]
    pub fn query(&self, database: &str, sql: &str) -> String {
        let outcome = self.kind.run(self.port, Some(database), sql);
        let rows = outcome.unwrap_or_else(|why| panic!("{sql}: {why}"));
        rows.trim_end().to_owned()
    }

    /// Records the statements of connections that are opened from now on to the database of a URL.
    ///
    /// # Panics
    /// When the server does not.
    pub fn record(&self, url: &str) {
        let outcome = self.kind.record(self.port, database_of(url));
        outcome.expect("the server records statements");
    }

    /// What the server was told since then over connections that are still open, as it wrote that down.
    ///
    /// # Panics
    /// When that cannot be read.
    #[must_use]
    pub fn recorded(&self, url: &str) -> Vec<String> {
        let recorded = self.kind.recorded(self.port, database_of(url));
        recorded.expect("the server's record is read")
    }

    /// Kills the server as `kill -9` does.
    pub fn kill(&self) {
        self.watched.tell("kill");
    }

    /// Starts it again on the same port, and waits until it answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn start(&self) {
        self.watched.tell("start");
        self.wait().expect("the server starts again");
    }
}

fn database_of(url: &str) -> &str {
    let (_, name) = url.rsplit_once('/').unwrap_or(("", url));
    name.split('?').next().unwrap_or(name)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test waits for its server before it begins"
)]
fn pause() {
    thread::sleep(Duration::from_millis(20));
}

/// A port that nobody listens on.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok(address.port())
}
