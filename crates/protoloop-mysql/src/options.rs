//! What a URL says.

use std::fmt;

use protoloop_core::{Error, Result};
use protoloop_driver::{PoolOptions, Secret, ServerUrl};
use sqlx::{
    ConnectOptions as _,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};

/// How a database is reached.
///
/// As a URL: `mysql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify_identity&sslrootcert=ca.pem&connections=20`; `mariadb:`
/// says the same.
#[derive(Clone)]
pub struct Options {
    /// The pool's part.
    pub pool: PoolOptions,
    pub(crate) primary: MySqlConnectOptions,
    pub(crate) replica: Option<MySqlConnectOptions>,
}

const SCHEMES: [&str; 2] = ["mysql", "mariadb"];
const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];
const PORT: u16 = 3306;
/// Most prepared statements of a connection.
const STATEMENTS: usize = 256;

impl Options {
    /// Reads a URL.
    ///
    /// # Errors
    /// INVALID_ARGUMENT that names what is wrong and lists what may be said.
    pub fn parse(url: &str) -> Result<Self> {
        let url = ServerUrl::parse(url, &SCHEMES, &PARAMETERS)?;
        let mut options = MySqlConnectOptions::new()
            .database(&url.database)
            .statement_cache_capacity(STATEMENTS)
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .disable_statement_logging();
        if let Some(user) = &url.user {
            options = options.username(user);
        }
        if let Some(password) = &url.password {
            options = options.password(Secret::expose(password));
        }
        for (name, value) in &url.parameters {
            options = match name.as_str() {
                "sslmode" => options.ssl_mode(value.parse::<MySqlSslMode>().map_err(|_| {
                    Error::invalid_argument(format!(
                        "database URL: sslmode is one of disabled, preferred, required, verify_ca, verify_identity, \
                         not `{value}`"
                    ))
                })?),
                "sslrootcert" => options.ssl_ca(value),
                "sslcert" => options.ssl_client_cert(value),
                "sslkey" => options.ssl_client_key(value),
                _ => options,
            };
        }
        let replica = url.replica.as_ref();
        Ok(Self {
            replica: replica.map(|(host, port)| at(options.clone(), host, *port)),
            primary: at(options, &url.host, url.port),
            pool: url.pool,
        })
    }
}

fn at(options: MySqlConnectOptions, host: &str, port: Option<u16>) -> MySqlConnectOptions {
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
