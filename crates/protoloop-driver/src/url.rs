//! URLs of database servers.

use std::{fmt, num::NonZeroU32, time::Duration};

use percent_encoding::percent_decode_str;
use protoloop_core::{Error, Result};

use crate::PoolOptions;

/// Text that no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The URL of a database server: `SCHEME://USER:PASSWORD@HOST:PORT/DATABASE?NAME=VALUE&…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    /// Who connects.
    pub user: Option<String>,
    /// Their password.
    pub password: Option<Secret>,
    /// The host, or the folder of a socket when it begins with `/`.
    pub host: String,
    /// The port.
    pub port: Option<u16>,
    /// The database.
    pub database: String,
    /// The host and port of a replica that reads may go to.
    pub replica: Option<(String, Option<u16>)>,
    /// The pool's part.
    pub pool: PoolOptions,
    /// What the driver is told, in order.
    pub parameters: Vec<(String, String)>,
}

const MAX_CONNECTIONS: u32 = 10_000;

impl ServerUrl {
    /// Reads a URL of one of some schemes. `known` are the parameters that the driver understands beside the pool's.
    ///
    /// # Errors
    /// INVALID_ARGUMENT that says what is wrong, and shows no password.
    pub fn parse(url: &str, schemes: &[&str], known: &[&str]) -> Result<Self> {
        Self::read(url, schemes, known).map_err(|what| {
            let shown = redacted(url);
            let scheme = schemes.first().unwrap_or(&"");
            let mut parameters = PARAMETERS.to_vec();
            parameters.extend(known);
            Error::invalid_argument(format!(
                "database URL `{shown}`: {what}; write {scheme}://USER:PASSWORD@HOST:PORT/DATABASE, with parameters \
                 behind ? as wanted: {}",
                parameters.join(", ")
            ))
        })
    }

    fn read(url: &str, schemes: &[&str], known: &[&str]) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
        if !schemes.contains(&scheme) {
            return Err(format!(
                "it does not begin with {}://",
                schemes.join(":// or ")
            ));
        }
        if rest.contains('#') {
            return Err("`#` in a name or password is written %23".to_owned());
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (who, place) = match authority.rsplit_once('@') {
            Some((who, place)) => (Some(who), place),
            None => (None, authority),
        };
        let (user, password) = match who.map(|who| who.split_once(':').unwrap_or((who, ""))) {
            Some((user, password)) => (decoded(user)?, decoded(password)?),
            None => Default::default(),
        };
        let (host, port) = host_and_port(place)?;
        let mut parsed = Self {
            user: (!user.is_empty()).then_some(user),
            password: (!password.is_empty()).then_some(Secret(password)),
            host: if host.is_empty() {
                "localhost".to_owned()
            } else {
                host
            },
            port,
            database: decoded(database)?,
            replica: None,
            pool: PoolOptions::default(),
            parameters: Vec::new(),
        };
        if parsed.database.is_empty() {
            return Err("it names no database".to_owned());
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parsed.set(pair, known)?;
        }
        Ok(parsed)
    }

    fn set(&mut self, pair: &str, known: &[&str]) -> Result<(), String> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decoded(value)?;
        let unfit = || format!("`{value}` is no value of {name}");
        let millis = || match value.parse::<u32>() {
            Ok(millis) => Ok(Duration::from_millis(millis.into())),
            Err(_) => Err(unfit()),
        };
        match name {
            "connections" => {
                let count = value.parse::<NonZeroU32>().map_err(|_| unfit())?;
                if count.get() > MAX_CONNECTIONS {
                    return Err(format!("connections is at most {MAX_CONNECTIONS}"));
                }
                self.pool.connections = count;
            }
            "acquire_timeout_ms" => self.pool.acquire_timeout = millis()?,
            "connect_timeout_ms" => self.pool.connect_timeout = millis()?,
            "idle_timeout_ms" => self.pool.idle_timeout = millis()?,
            "statement_timeout_ms" => self.pool.statement_timeout = millis()?,
            "lock_timeout_ms" => self.pool.lock_timeout = millis()?,
            "gather" => {
                self.pool.gather = match value.as_str() {
                    "on" => true,
                    "off" => false,
                    _ => return Err(unfit()),
                }
            }
            "replica" => {
                let (host, port) = host_and_port(&value)?;
                if host.is_empty() {
                    return Err(unfit());
                }
                self.replica = Some((host, port));
            }
            name if known.contains(&name) => {
                self.parameters.push((name.to_owned(), value));
            }
            _ => return Err(format!("the parameter `{name}` is unknown")),
        }
        Ok(())
    }
}

/// The parameters of the pool.
const PARAMETERS: [&str; 8] = [
    "connections",
    "acquire_timeout_ms",
    "connect_timeout_ms",
    "idle_timeout_ms",
    "statement_timeout_ms",
    "lock_timeout_ms",
    "gather",
    "replica",
];

fn decoded(text: &str) -> Result<String, String> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "a part of it is not UTF-8".to_owned())?;
    match decoded.contains('\0') {
        true => Err("a part of it holds the character U+0000".to_owned()),
        false => Ok(decoded.into_owned()),
    }
}

/// `host:port`, `[::1]:port`, `%2Frun%2Fpostgresql`.
fn host_and_port(place: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':').unwrap_or(rest))),
            None => return Err("`[` in front of its host is not closed by `]`".to_owned()),
        },
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None => None,
        Some(port) => match port.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err("its port is no number from 1 to 65535".to_owned()),
        },
    };
    Ok((decoded(host)?, port))
}

/// A URL as it may be shown: without its password, whatever else is wrong with it.
#[must_use]
pub fn redacted(url: &str) -> String {
    let (scheme, rest) = match url.find("://") {
        Some(at) => url.split_at(at + 3),
        None => {
            // Whatever stands behind the first colon may be a password.
            let scheme = url.split(':').next().unwrap_or_default();
            return format!("{scheme}:…");
        }
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let shown = match rest.rsplit_once('@') {
        Some((who, place)) => {
            let user = who.split(':').next().unwrap_or_default();
            let password = if who.contains(':') { ":***" } else { "" };
            format!("{scheme}{user}{password}@{place}")
        }
        None => format!("{scheme}{rest}"),
    };
    let query: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("password"))
        .collect();
    match query.is_empty() {
        true => shown,
        false => format!("{shown}?{}", query.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<ServerUrl> {
        ServerUrl::parse(url, &["postgres", "postgresql"], &["sslmode"])
    }

    #[test]
    fn parts_are_read() {
        let url = "postgres://me:p%40ss%3A@[::1]:5433/shop?sslmode=require&connections=3&replica=copy:5434";
        let url = parse(url).expect("parses");
        assert_eq!(url.user.as_deref(), Some("me"));
        assert_eq!(url.password.as_ref().map(Secret::expose), Some("p@ss:"));
        assert_eq!((&*url.host, url.port), ("::1", Some(5433)));
        assert_eq!(url.database, "shop");
        assert_eq!(url.pool.connections.get(), 3);
        assert_eq!(url.replica, Some(("copy".to_owned(), Some(5434))));
        assert_eq!(
            url.parameters,
            [("sslmode".to_owned(), "require".to_owned())]
        );
        let short = parse("postgresql://%2Frun%2Fpg/shop").expect("parses");
        assert_eq!((&*short.host, short.port), ("/run/pg", None));
    }

    #[test]
    fn wrong_urls_are_told_what_is_wrong_and_show_no_password() {
        let cases = [
            ("mysql://me:secret@x/y", "does not begin with postgres://"),
            ("postgres://me:secret@x", "names no database"),
            ("postgres://me:secret@x:0/y", "its port is no number"),
            ("postgres://me:secret@x:y/z", "its port is no number"),
            ("postgres://me:secret@[::1/z", "not closed by `]`"),
            ("postgres://me:secret@x/y?foo=1", "`foo` is unknown"),
            ("postgres://me:secret@x/y?connections=0", "`0` is no value"),
            ("postgres://me:sec#ret@x/y", "is written %23"),
            ("postgres://me:secret@x/%FF", "not UTF-8"),
            ("postgres:me:secret@x", "does not begin with"),
        ];
        for (url, expected) in cases {
            let error = parse(url).expect_err(url);
            assert!(error.message().contains(expected), "{error}");
            assert!(!error.message().contains("secret"), "{error}");
        }
        let url = parse("postgres://me:secret@x/y").expect("parses");
        assert!(!format!("{url:?}").contains("secret"));
    }
}
