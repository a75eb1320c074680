//! Reads by key that wait for a connection, asked together.

use std::{collections::HashMap, sync::Arc};

use futures_util::TryStreamExt as _;
use protoloop_core::Result;
use protoloop_repository::{Key, Record, Source};
use protoloop_sql::Table;
use sqlx::sqlite::SqliteConnection;

use crate::{arguments::query, error::of_driver, readers::Reader, readers::Readers, row::Row};

/// Most keys in one statement, a power of two; SQLite takes 32,766 values, and a filter has some of its own.
pub(crate) const KEYS: usize = 16_384;

/// The rows of a table by their keys.
#[derive(Debug)]
pub(crate) struct ByKey {
    pub(crate) table: Arc<Table>,
    pub(crate) readers: Arc<Readers>,
}

impl Source for ByKey {
    /// All columns, of rows of all tenants: whatever else is asked goes another way.
    type Shape = ();
    type Key = Key;
    type Found = Option<Record>;
    type Connection = Reader;

    async fn connection(&self) -> Result<Reader> {
        self.readers.take().await
    }

    async fn ask(&self, mut reader: Reader, (): &(), keys: &[Key]) -> Result<Vec<Option<Record>>> {
        let rows = find_all(&mut reader, &self.table, keys).await?;
        reader.finish();
        Ok(rows)
    }
}

/// The rows of several keys, in their order.
pub(crate) async fn find_all(
    connection: &mut SqliteConnection,
    table: &Table,
    keys: &[Key],
) -> Result<Vec<Option<Record>>> {
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    let wanted: Vec<&Key> = keys.iter().collect();
    for some in wanted.chunks(KEYS) {
        let (sql, values) = table.select_keys(some);
        let mut rows = query(std::borrow::Cow::Owned(sql), values)?.fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(of_driver)? {
            let record = table.record(&Row(&row))?;
            found.insert(table.model().key_of(record.as_ref())?, record);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}
