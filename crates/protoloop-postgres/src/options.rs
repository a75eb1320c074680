//! What a URL says.

use std::fmt;

use protoloop_core::{Error, Result};
use protoloop_driver::{PoolOptions, Secret, ServerUrl};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};

/// How a database is reached.
///
/// As a URL: `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full&sslrootcert=ca.pem&connections=20`.
#[derive(Clone)]
pub struct Options {
    /// The pool's part.
    pub pool: PoolOptions,
    pub(crate) primary: PgConnectOptions,
    pub(crate) replica: Option<PgConnectOptions>,
}

const SCHEMES: [&str; 2] = ["postgres", "postgresql"];
const PARAMETERS: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "schema",
    "application_name",
];
const PORT: u16 = 5432;
/// Most prepared statements of a connection.
const STATEMENTS: usize = 256;

impl Options {
    /// Reads a URL.
    ///
    /// # Errors
    /// INVALID_ARGUMENT that names what is wrong and lists what may be said.
    pub fn parse(url: &str) -> Result<Self> {
        let url = ServerUrl::parse(url, &SCHEMES, &PARAMETERS)?;
        let mut settings = vec![("timezone".to_owned(), "UTC".to_owned())];
        let millis = url.pool.statement_timeout.as_millis();
        settings.push(("statement_timeout".to_owned(), millis.to_string()));
        let mut options = PgConnectOptions::new_without_pgpass()
            .database(&url.database)
            .application_name("protoloop")
            .statement_cache_capacity(STATEMENTS)
            .disable_statement_logging();
        if let Some(user) = &url.user {
            options = options.username(user);
        }
        if let Some(password) = &url.password {
            options = options.password(Secret::expose(password));
        }
        for (name, value) in &url.parameters {
            options = match name.as_str() {
                "sslmode" => options.ssl_mode(value.parse::<PgSslMode>().map_err(|_| {
                    Error::invalid_argument(format!(
                        "database URL: sslmode is one of disable, allow, prefer, require, verify-ca, verify-full, not \
                         `{value}`"
                    ))
                })?),
                "sslrootcert" => options.ssl_root_cert(value),
                "sslcert" => options.ssl_client_cert(value),
                "sslkey" => options.ssl_client_key(value),
                "application_name" => options.application_name(value),
                "schema" => {
                    let quoted = format!("\"{}\"", value.replace('"', "\"\""));
                    settings.push(("search_path".to_owned(), quoted));
                    options
                }
                _ => options,
            };
        }
        let options = options.options(settings);
        let replica = url.replica.as_ref();
        Ok(Self {
            replica: replica.map(|(host, port)| {
                at(options.clone(), host, *port).options([("default_transaction_read_only", "on")])
            }),
            primary: at(options, &url.host, url.port),
            pool: url.pool,
        })
    }
}

fn at(options: PgConnectOptions, host: &str, port: Option<u16>) -> PgConnectOptions {
    let options = options.port(port.unwrap_or(PORT));
    match host.starts_with('/') {
        true => options.socket(host),
        false => options.host(host),
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("host", &self.primary.get_host())
            .field("port", &self.primary.get_port())
            .field("database", &self.primary.get_database())
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let url = "postgres://me:secret@db:5433/shop?sslmode=verify-full&schema=a%22b&connections=3&replica=copy";
        let options = Options::parse(url).expect("parses");
        assert_eq!(options.primary.get_host(), "db");
        assert_eq!(options.primary.get_port(), 5433);
        assert_eq!(options.primary.get_username(), "me");
        assert_eq!(options.pool.connections.get(), 3);
        let replica = options.replica.as_ref().expect("said");
        assert_eq!((replica.get_host(), replica.get_port()), ("copy", PORT));
        assert!(!format!("{options:?}").contains("secret"));
        let error =
            Options::parse("postgres://me:secret@db/shop?sslmode=maybe").expect_err("wrong");
        assert!(error.message().contains("`maybe`"), "{error}");
        assert!(!error.message().contains("secret"), "{error}");
    }
}
