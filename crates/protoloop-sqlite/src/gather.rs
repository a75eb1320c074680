//! Reads by key that wait for a connection, asked together.

use std::{collections::HashMap, sync::Arc};

use protoloop_core::Result;
use protoloop_repository::{Filter, Key, Record, Source};
use protoloop_sql::Table;
use sqlx::sqlite::SqliteConnection;

use crate::{
    answer::Answer, arguments::query, error::of_driver, readers::Reader, readers::Readers, row::Row,
};

/// Most keys in one statement, a power of two; SQLite takes 32,766 values, and a filter has some of its own.
pub(crate) const KEYS: usize = 16_384;

/// The rows of a table by their keys.
#[derive(Debug)]
pub(crate) struct ByKey {
    pub(crate) table: Arc<Table>,
    pub(crate) readers: Arc<Readers>,
}

impl Source for ByKey {
    /// What the rows must fulfil besides, such as to be of a tenant: only those who ask for the same meet.
    type Shape = Option<Filter>;
    type Key = Key;
    type Found = Option<Record>;
    type Connection = Reader;

    async fn connection(&self) -> Result<Reader> {
        self.readers.take().await
    }

    async fn ask(
        &self,
        mut reader: Reader,
        scope: &Option<Filter>,
        keys: &[Key],
    ) -> Result<Vec<Option<Record>>> {
        let rows = find_all(&mut reader, &self.table, keys, scope.as_ref()).await?;
        reader.finish();
        Ok(rows)
    }
}

/// The rows of several keys, in their order; of those only that fulfil a condition, if there is one.
pub(crate) async fn find_all(
    connection: &mut SqliteConnection,
    table: &Table,
    keys: &[Key],
    scope: Option<&Filter>,
) -> Result<Vec<Option<Record>>> {
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    let wanted: Vec<&Key> = keys.iter().collect();
    for some in wanted.chunks(KEYS) {
        let (sql, values) = match scope {
            None => table.select_keys(some),
            Some(scope) => {
                let select = table.select_keys_within(some, scope)?;
                (select.sql.into(), select.values)
            }
        };
        let query = query(std::borrow::Cow::Owned(sql), values)?;
        let mut rows = Answer::new(query.fetch(&mut *connection));
        while let Some(row) = rows.next().await.map_err(of_driver)? {
            let record = table.record(&Row(row))?;
            found.insert(table.model().key_of(record.as_ref())?, record);
        }
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}
