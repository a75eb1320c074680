//! What a URL says.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use log::LevelFilter;
use percent_encoding::percent_decode_str;
use protoloop_core::{Error, Result};
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// How a database is opened.
///
/// As a URL: `sqlite:shop.db`, `sqlite:///var/lib/shop.db?synchronous=normal&readers=8&busy_timeout_ms=2000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The file, made when missing. `None` for a database in memory, which ends with the connector; the memory connector
    /// does that better.
    pub file: Option<PathBuf>,
    /// When a write is acknowledged. Default: [`Synchronous::Full`].
    pub synchronous: Synchronous,
    /// Connections that read at the same time. Default: 4.
    pub readers: NonZeroU32,
    /// How long a statement waits for a lock that another process holds. Default: 5 seconds.
    pub busy_timeout: Duration,
    /// Whether reads by key that wait for a connection share a statement, and writes that wait for the disk a transaction.
    /// Default: true.
    pub gather: bool,
    /// Whether the schema is left as it is: a start only looks whether the models fit. Default: false.
    pub leave_schema: bool,
}

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// When it is on the disk: it survives the end of the process and a loss of power.
    #[default]
    Full,
    /// When the operating system has it: it survives the end of the process; a loss of power may take the last writes
    /// away but breaks nothing.
    Normal,
}

const READERS: NonZeroU32 = NonZeroU32::new(4).expect("4 is not zero");
/// Most readers; each is a thread.
const MAX_READERS: u32 = 256;

impl Options {
    /// Reads a URL.
    ///
    /// # Errors
    /// INVALID_ARGUMENT that names what is wrong and lists what may be said.
    pub fn parse(url: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::invalid_argument(format!(
                "database URL `{url}`: {what}; write sqlite:FILE, with ?synchronous=full|normal, &readers=N, \
                 &busy_timeout_ms=N, &gather=on|off, &schema=migrate|leave as wanted"
            ))
        };
        let rest = url
            .strip_prefix("sqlite:")
            .ok_or_else(|| wrong("it does not begin with sqlite:"))?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| wrong("the file name is not UTF-8"))?;
        if path.is_empty() || path.contains('\0') {
            return Err(wrong("it names no file"));
        }
        let mut options = Self {
            file: (path != ":memory:").then(|| PathBuf::from(&*path)),
            synchronous: Synchronous::default(),
            readers: READERS,
            busy_timeout: Duration::from_secs(5),
            gather: true,
            leave_schema: false,
        };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            options.set(pair).map_err(|what| wrong(&what))?;
        }
        Ok(options)
    }

    fn set(&mut self, pair: &str) -> Result<(), String> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let unfit = || format!("`{value}` is no value of {name}");
        match name {
            "synchronous" => {
                self.synchronous = match value {
                    "full" => Synchronous::Full,
                    "normal" => Synchronous::Normal,
                    _ => return Err(unfit()),
                }
            }
            "readers" => {
                let readers = value.parse::<NonZeroU32>().map_err(|_| unfit())?;
                if readers.get() > MAX_READERS {
                    return Err(format!("readers is at most {MAX_READERS}"));
                }
                self.readers = readers;
            }
            "busy_timeout_ms" => {
                let millis = value.parse::<u32>().map_err(|_| unfit())?;
                self.busy_timeout = Duration::from_millis(millis.into());
            }
            "gather" => {
                self.gather = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(unfit()),
                }
            }
            "schema" => {
                self.leave_schema = match value {
                    "migrate" => false,
                    "leave" => true,
                    _ => return Err(unfit()),
                }
            }
            _ => return Err(format!("`{name}` is unknown")),
        }
        Ok(())
    }

    /// How the one writing connection is opened.
    pub(crate) fn writer(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .busy_timeout(self.busy_timeout)
            .foreign_keys(true)
            .create_if_missing(true)
            .statement_cache_capacity(256)
            .row_buffer_size(128)
            .with_regexp()
            .thread_name(|number| format!("sqlite-{number}"))
            .synchronous(match self.synchronous {
                Synchronous::Full => SqliteSynchronous::Full,
                Synchronous::Normal => SqliteSynchronous::Normal,
            })
            // The text, in which no value is.
            .log_statements(LevelFilter::Trace)
            .log_slow_statements(LevelFilter::Trace, Duration::from_secs(1));
        match &self.file {
            Some(file) => options.filename(file).journal_mode(SqliteJournalMode::Wal),
            None => options.in_memory(true),
        }
    }

    /// How a reading connection is opened.
    pub(crate) fn reader(&self) -> SqliteConnectOptions {
        self.writer()
            .create_if_missing(false)
            .pragma("query_only", "ON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_file() {
        let file = |url: &str| Options::parse(url).expect("parses").file;
        assert_eq!(file("sqlite:shop.db"), Some("shop.db".into()));
        assert_eq!(
            file("sqlite:///var/my%20shop.db"),
            Some("/var/my shop.db".into())
        );
        assert_eq!(file("sqlite://shop.db"), Some("shop.db".into()));
        assert_eq!(file("sqlite::memory:"), None);
    }

    #[test]
    fn parameters_are_read() {
        let options = Options::parse("sqlite:a.db?synchronous=normal&readers=2&busy_timeout_ms=10");
        let options = options.expect("parses");
        assert_eq!(options.synchronous, Synchronous::Normal);
        assert_eq!(options.readers.get(), 2);
        assert_eq!(options.busy_timeout, Duration::from_millis(10));
    }

    #[test]
    fn wrong_urls_are_told_what_is_wrong() {
        let cases = [
            ("postgres://x", "does not begin with sqlite:"),
            ("sqlite:", "names no file"),
            ("sqlite:a.db?cache=shared", "`cache` is unknown"),
            ("sqlite:a.db?readers=0", "`0` is no value of readers"),
            (
                "sqlite:a.db?synchronous=off",
                "`off` is no value of synchronous",
            ),
        ];
        for (url, expected) in cases {
            let error = Options::parse(url).expect_err(url);
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
