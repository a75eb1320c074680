//! An open database.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use protoloop_core::Result;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Options,
    error::{closed, of_driver},
    readers::{Reader, Readers},
};

/// One connection that writes, and those that read. A database in memory has only the first.
#[derive(Debug)]
pub(crate) struct Store {
    /// `None` once closed.
    writer: Mutex<Option<SqliteConnection>>,
    readers: Option<Arc<Readers>>,
}

/// A connection to read with.
pub(crate) enum Read<'a> {
    Reader(Reader),
    Writer(Write<'a>),
}

/// The connection to write with. The next writer waits until it is dropped.
pub(crate) struct Write<'a>(MutexGuard<'a, Option<SqliteConnection>>);

impl Store {
    /// Opens the file, making it where it is missing.
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        let writer = options.writer().connect().await.map_err(of_driver)?;
        Ok(Self {
            writer: Mutex::new(Some(writer)),
            readers: options
                .file
                .is_some()
                .then(|| Readers::new(options.reader(), options.readers.get())),
        })
    }

    pub(crate) async fn read(&self) -> Result<Read<'_>> {
        Ok(match &self.readers {
            Some(readers) => Read::Reader(readers.take().await?),
            None => Read::Writer(self.write().await?),
        })
    }

    pub(crate) async fn write(&self) -> Result<Write<'_>> {
        let writer = self.writer.lock().await;
        if writer.is_none() {
            return Err(closed());
        }
        Ok(Write(writer))
    }

    pub(crate) async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        // The last connection to close moves the log into the file.
        if let Some(writer) = self.writer.lock().await.take()
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

impl Deref for Write<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.0.as_ref().expect("checked when it was locked")
    }
}

impl DerefMut for Write<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.0.as_mut().expect("checked when it was locked")
    }
}
