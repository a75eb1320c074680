//! An open database.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use protoloop_core::Result;
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Options,
    error::{closed, of_driver},
    queue::Queue,
    readers::{Reader, Readers},
};

/// One connection that writes, and those that read. A database in memory has only the first.
#[derive(Debug)]
pub(crate) struct Store {
    writer: Mutex<Writer>,
    /// How the writer is opened anew; `None` for a database in memory, which would be another one then.
    reopen: Option<SqliteConnectOptions>,
    readers: Option<Arc<Readers>>,
    queue: Queue,
}

#[derive(Debug)]
enum Writer {
    Open(SqliteConnection),
    /// Given up after a failure; the next write opens another.
    Lost,
    Closed,
}

/// A connection to read with.
pub(crate) enum Read<'a> {
    Reader(Reader),
    Writer(Write<'a>),
}

/// The connection to write with. The next writer waits until it is dropped.
pub(crate) struct Write<'a> {
    /// Open as long as this lives, but for the last breath of [`Write::give_up`].
    writer: MutexGuard<'a, Writer>,
    can_reopen: bool,
}

impl Store {
    /// Opens the file, making it where it is missing.
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        let writer = options.writer().connect().await.map_err(of_driver)?;
        let in_file = options.file.is_some();
        let readers = || Readers::new(options.reader(), options.readers.get());
        Ok(Self {
            writer: Mutex::new(Writer::Open(writer)),
            reopen: in_file.then(|| options.writer()),
            readers: in_file.then(readers),
            queue: Queue::default(),
        })
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    pub(crate) async fn read(&self) -> Result<Read<'_>> {
        Ok(match &self.readers {
            Some(readers) => Read::Reader(readers.take().await?),
            None => Read::Writer(self.write().await?),
        })
    }

    pub(crate) async fn write(&self) -> Result<Write<'_>> {
        let mut writer = self.writer.lock().await;
        if let (Writer::Lost, Some(options)) = (&*writer, &self.reopen) {
            *writer = Writer::Open(options.connect().await.map_err(of_driver)?);
        }
        match &*writer {
            Writer::Open(_) => Ok(Write {
                writer,
                can_reopen: self.reopen.is_some(),
            }),
            Writer::Lost | Writer::Closed => Err(closed()),
        }
    }

    pub(crate) async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        // The last connection to close moves the log into the file.
        let writer = std::mem::replace(&mut *self.writer.lock().await, Writer::Closed);
        if let Writer::Open(writer) = writer
            && let Err(error) = writer.close().await
        {
            tracing::warn!(%error, "the writing connection did not close");
        }
    }
}

impl Read<'_> {
    /// Says that the answer was read to its end.
    pub(crate) fn finish(&mut self) {
        if let Self::Reader(reader) = self {
            reader.finish();
        }
    }
}

impl Deref for Read<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
        }
    }
}

impl DerefMut for Read<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Reader(reader) => reader,
            Self::Writer(writer) => writer,
        }
    }
}

impl Write<'_> {
    /// Gives the connection up after a failure; the next write opens another. One to a database in memory goes on.
    pub(crate) fn give_up(mut self) {
        if self.can_reopen {
            *self.writer = Writer::Lost;
        }
    }
}

impl Deref for Write<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match &*self.writer {
            Writer::Open(connection) => connection,
            Writer::Lost | Writer::Closed => unreachable!("open when it was locked"),
        }
    }
}

impl DerefMut for Write<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match &mut *self.writer {
            Writer::Open(connection) => connection,
            Writer::Lost | Writer::Closed => unreachable!("open when it was locked"),
        }
    }
}
