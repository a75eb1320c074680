//! The rows of an answer as the connection's thread sends them, one by one.
//!
//! A reader that sleeps until the next row is there would be woken, at worst, once for every row, and each time the thread
//! that reads the file pays for a system call and the reader for a switch of contexts: more than a row takes. So a reader
//! whose row is not there yet first lets others run and looks again, some times for each answer, and only then sleeps.
//!
//! The values of a row are SQLite's own, which allocates and frees under one lock of the whole process: to free them while
//! the connection's thread makes the next ones would have the two wait for each other. So they are freed behind the answer.

use std::{
    pin::{Pin, pin},
    sync::LazyLock,
    task::{Context, Poll, Waker},
    thread::available_parallelism,
};

use futures_util::{Stream, StreamExt as _};
use sqlx::sqlite::SqliteRow;
use tokio::task::yield_now;

/// How often a reader looks again before it sleeps. A look takes about a microsecond where nobody else wants to run.
static LOOKS: LazyLock<u32> = LazyLock::new(|| match available_parallelism() {
    // The connection's thread could not run meanwhile.
    Ok(processors) if processors.get() == 1 => 0,
    _ => 64,
});

/// How many rows wait to be freed at most, those of a page of the usual largest size: of large rows as much memory again as the
/// records take.
const KEPT: usize = 1_024;

/// Waits for a single answer, awake for the first moments.
pub(crate) async fn awake<T>(answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    for _ in 0..*LOOKS {
        if let Poll::Ready(done) = answer.as_mut().poll(&mut unheard()) {
            return done;
        }
        yield_now().await;
    }
    answer.await
}

/// The context of a look: nobody is to be woken, since whoever looks again needs no telling.
fn unheard() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

/// An answer of which some rows may not have come yet.
pub(crate) struct Answer<S> {
    rows: S,
    looks: u32,
    /// Those that were read.
    read: Vec<SqliteRow>,
}

impl<S> Answer<S>
where
    S: Stream<Item = Result<SqliteRow, sqlx::Error>> + Unpin,
{
    pub(crate) fn new(rows: S) -> Self {
        Self {
            rows,
            looks: *LOOKS,
            read: Vec::new(),
        }
    }

    /// The next row; `None` behind the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<&SqliteRow>, sqlx::Error> {
        let Some(row) = self.receive().await? else {
            return Ok(None);
        };
        if self.read.len() == KEPT {
            self.read.clear();
        }
        self.read.push(row);
        Ok(self.read.last())
    }

    async fn receive(&mut self) -> Result<Option<SqliteRow>, sqlx::Error> {
        while self.looks > 0 {
            if let Poll::Ready(row) = Pin::new(&mut self.rows).poll_next(&mut unheard()) {
                return row.transpose();
            }
            self.looks -= 1;
            yield_now().await;
        }
        self.rows.next().await.transpose()
    }
}
