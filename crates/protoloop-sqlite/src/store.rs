//! An open database.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use protoloop_core::{Error, Result, observe::Connections};
use sqlx::{
    Connection as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    Options,
    arguments::run,
    connection::{Connected, Stop},
    driver::Statement,
    error::{closed, is_busy},
    queue::Queue,
    readers::{Reader, Readers},
};

/// One connection that writes, and those that read. A database in memory has only the first.
#[derive(Debug)]
pub(crate) struct Store {
    writer: Arc<Mutex<Writer>>,
    /// How the writer is opened anew; `None` for a database in memory, which would be another one then.
    reopen: Option<SqliteConnectOptions>,
    readers: Option<Arc<Readers>>,
    queue: Queue,
}

#[derive(Debug)]
enum Writer {
    Open(Connected),
    /// In a transaction that nobody ended.
    Unfinished(Connected),
    /// Given up after a failure; the next write opens another.
    Lost,
    Closed,
}

/// A connection to read with.
pub(crate) enum Read<'a> {
    Reader(Reader),
    Writer(Write),
    /// That of the transaction in which the call is made.
    Transaction(Statement<'a>),
}

/// The connection to write with. The next writer waits until it is dropped.
#[derive(Debug)]
pub(crate) struct Write {
    /// Open as long as this lives, but for the last breath of [`Write::give_up`].
    writer: OwnedMutexGuard<Writer>,
    can_reopen: bool,
}

impl Store {
    /// Opens the file, making it where it is missing.
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        let writer = first(options).await?;
        let in_file = options.file.is_some();
        let readers = || Readers::new(options.reader(), options.readers.get());
        Ok(Self {
            writer: Arc::new(Mutex::new(Writer::Open(writer))),
            reopen: in_file.then(|| options.writer()),
            readers: in_file.then(readers),
            queue: Queue::new(options.gather),
        })
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// A connection to read with, outside of any transaction.
    pub(crate) async fn read(&self) -> Result<Read<'static>> {
        Ok(match self.reader().await? {
            Some(reader) => Read::Reader(reader),
            None => Read::Writer(self.write().await?),
        })
    }

    /// The connections that only read; `None` for a database in memory.
    pub(crate) fn readers(&self) -> Option<&Arc<Readers>> {
        self.readers.as_ref()
    }

    /// Whether there are connections that only read.
    pub(crate) fn has_readers(&self) -> bool {
        self.readers.is_some()
    }

    /// The one that writes, and those that read.
    pub(crate) fn connections(&self) -> Connections {
        let readers = self.readers.as_ref().map(|readers| readers.connections());
        let readers = readers.unwrap_or_default();
        let writing = usize::from(self.writer.try_lock().is_err());
        Connections {
            most: readers.most + 1,
            used: readers.used + writing,
            idle: readers.idle + 1 - writing,
        }
    }

    /// A connection that only reads; `None` for a database in memory.
    pub(crate) async fn reader(&self) -> Result<Option<Reader>> {
        Ok(match &self.readers {
            Some(readers) => Some(readers.take().await?),
            None => None,
        })
    }

    pub(crate) async fn write(&self) -> Result<Write> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        if let Writer::Unfinished(connected) = &mut *writer {
            // Fails where SQLite has rolled back by itself.
            let _ = run(&mut connected.connection, "ROLLBACK").await;
            writer.finish();
        }
        if let (Writer::Lost, Some(options)) = (&*writer, &self.reopen) {
            *writer = Writer::Open(Connected::open(options).await?);
        }
        match &*writer {
            Writer::Open(_) => Ok(Write {
                writer,
                can_reopen: self.reopen.is_some(),
            }),
            Writer::Unfinished(_) | Writer::Lost | Writer::Closed => Err(closed()),
        }
    }

    pub(crate) async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        // The last connection to close moves the log into the file.
        let writer = std::mem::replace(&mut *self.writer.lock().await, Writer::Closed);
        if let Writer::Open(writer) | Writer::Unfinished(writer) = writer
            && let Err(error) = writer.connection.close().await
        {
            tracing::warn!(%error, "the writing connection did not close");
        }
    }
}

/// The first connection. To turn to the write-ahead log SQLite takes a lock that it does not wait for, which processes that
/// open one file together take from each other.
async fn first(options: &Options) -> Result<Connected> {
    let begun = Instant::now();
    loop {
        match Connected::open(&options.writer()).await {
            Err(error) if is_busy(&error) && begun.elapsed() < options.busy_timeout => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => return Err(unopened(options, error)),
            opened => return opened,
        }
    }
}

/// Tells what is wrong with the file, where that can be seen.
fn unopened(options: &Options, error: Error) -> Error {
    let Some(file) = &options.file else {
        return error;
    };
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    let why = match folder {
        _ if file.is_dir() => "is a folder".to_owned(),
        Some(folder) if !folder.is_dir() => format!("its folder {} is missing", folder.display()),
        _ => return error,
    };
    let text = format!("{}: {}: {why}", error.message(), file.display());
    Error::new(error.code(), text).with_source(error)
}

impl Read<'_> {
    /// Says that the answer was read to its end.
    pub(crate) fn finish(&mut self) {
        match self {
            Self::Reader(reader) => reader.finish(),
            Self::Writer(_) => {}
            Self::Transaction(statement) => statement.finish(),
        }
    }
}

impl Deref for Read<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
            Self::Transaction(statement) => statement,
        }
    }
}

impl DerefMut for Read<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
            Self::Transaction(statement) => statement,
        }
    }
}

impl Writer {
    /// Says that nothing is unfinished any more.
    fn finish(&mut self) {
        *self = match std::mem::replace(self, Self::Lost) {
            Self::Unfinished(connected) => Self::Open(connected),
            other => other,
        };
    }
}

impl Write {
    /// Leaves a transaction to be rolled back before the next write.
    pub(crate) fn leave_open(mut self) {
        let writer = std::mem::replace(&mut *self.writer, Writer::Lost);
        *self.writer = match writer {
            Writer::Open(connected) => Writer::Unfinished(connected),
            other => other,
        };
    }

    /// The means to stop what runs on it.
    pub(crate) fn stop(&self) -> &Stop {
        match &*self.writer {
            Writer::Open(connected) => connected.stop(),
            Writer::Unfinished(_) | Writer::Lost | Writer::Closed => {
                unreachable!("open when it was locked")
            }
        }
    }

    /// Leaves the connection in the middle of something. One to a database in memory takes it back before the next write.
    pub(crate) fn abandon(self) {
        if self.can_reopen {
            self.give_up();
        } else {
            self.leave_open();
        }
    }

    /// Gives the connection up after a failure; the next write opens another. One to a database in memory goes on.
    pub(crate) fn give_up(mut self) {
        if self.can_reopen {
            *self.writer = Writer::Lost;
        }
    }
}

impl Deref for Write {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match &*self.writer {
            Writer::Open(connected) => &connected.connection,
            Writer::Unfinished(_) | Writer::Lost | Writer::Closed => {
                unreachable!("open when it was locked")
            }
        }
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match &mut *self.writer {
            Writer::Open(connected) => &mut connected.connection,
            Writer::Unfinished(_) | Writer::Lost | Writer::Closed => {
                unreachable!("open when it was locked")
            }
        }
    }
}
