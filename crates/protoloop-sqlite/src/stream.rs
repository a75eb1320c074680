//! Rows as they come.

use std::sync::Arc;

use futures_util::{
    TryStreamExt as _,
    future::{Either, select},
    stream,
};
use protoloop_core::{CallContext, Error, Result};
use protoloop_repository::{Query, Record, RowStream, within};
use protoloop_sql::{Selection, Statement, Table};
use tokio::sync::mpsc;

use crate::{arguments::query_once, error::of_driver, row::Row, store::Store};

/// Rows that go to the reader together.
const CHUNK: usize = 64;

/// Chunks that wait for the reader.
const CHUNKS: usize = 4;

type Chunk = Result<Vec<Record>>;

/// The rows of a query, read by a connection of their own: they are those of one state of the database. Dropped, it stops
/// the connection.
pub(crate) fn rows<'a>(
    table: &Arc<Table>,
    store: &Arc<Store>,
    cx: &'a CallContext,
    query: &Query,
) -> RowStream<'a, Record> {
    let (statement, selection) = match table.select(query) {
        Ok(select) => select,
        Err(error) => return Box::pin(stream::once(async { Err(error) })),
    };
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let (table, store) = (Arc::clone(table), Arc::clone(store));
    let work = async move {
        let read = std::pin::pin!(read(&table, &store, statement, &selection, &sender));
        let gone = std::pin::pin!(sender.closed());
        // Where nobody listens, the connection is dropped in the middle, which stops it.
        if let Either::Left((Err(error), _)) = select(read, gone).await {
            let _ = sender.send(Err(error)).await;
        }
    };
    // Begun with the first row that is asked for.
    let state = (Some(work), receiver);
    let chunks = stream::try_unfold(state, move |(work, mut receiver)| async move {
        if let Some(work) = work {
            tokio::spawn(work);
        }
        let next = within(cx, async { Ok::<_, Error>(receiver.recv().await) }).await?;
        let rows: Option<Vec<Record>> = next.transpose()?;
        Ok::<_, Error>(rows.map(|rows| {
            let rows = stream::iter(rows.into_iter().map(Ok::<_, Error>));
            (rows, (None, receiver))
        }))
    });
    Box::pin(chunks.try_flatten())
}

async fn read(
    table: &Table,
    store: &Store,
    statement: Statement,
    selection: &Selection,
    sender: &mpsc::Sender<Chunk>,
) -> Result<()> {
    let query = query_once(statement)?;
    let mut connection = store.read().await?;
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut rows = query.fetch(&mut *connection);
    while let Some(row) = rows.try_next().await.map_err(of_driver)? {
        chunk.push(table.record_from(&Row(&row), selection.columns(table))?);
        if chunk.len() == CHUNK {
            let full = std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK));
            if sender.send(Ok(full)).await.is_err() {
                return Ok(());
            }
        }
    }
    drop(rows);
    connection.finish();
    if !chunk.is_empty() {
        let _ = sender.send(Ok(chunk)).await;
    }
    Ok(())
}
