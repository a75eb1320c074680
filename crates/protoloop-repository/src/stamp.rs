//! What the server writes into rows: ids, times and etags.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use protoloop_core::{BoxFuture, CallContext, Result};
use protoloop_schema::IdStrategy;
use protoloop_wire::{Patch, Writer};

use crate::{
    Changes, Executed, Filter, GroupQuery, Key, Model, Query, Record, Repository, RowStream,
    Transaction, TransactionOptions, Value, Write, WriteError,
};

impl Model {
    /// A canonical row as it is stored first: an id where the strategy makes one and none is set, the times of creation
    /// and change, the etag. A SEQUENCE id is left to the store.
    ///
    /// # Errors
    /// INTERNAL when a made id does not fit the key field.
    pub fn stamp_new(&self, row: Record) -> Result<Record> {
        let entity = self.entity();
        let mut patch = Patch::default();
        if let Some(id) = made_id(entity.id_strategy)
            && self.find_key(row.as_ref()).is_none()
        {
            self.patch_key(&mut patch, &Key::from(id))?;
        }
        let times = [entity.create_time, entity.update_time];
        self.patch_times(&mut patch, times);
        Ok(self.stamp_etag(self.patched(row, &patch)))
    }

    /// A canonical row as it is stored in place of another: the time of the change, the etag.
    #[must_use]
    pub fn stamp_changed(&self, row: Record) -> Record {
        let mut patch = Patch::default();
        self.patch_times(&mut patch, [None, self.entity().update_time]);
        self.stamp_etag(self.patched(row, &patch))
    }

    /// Changes of many rows with the time of the change and a new etag, the same for all of them: etags of two rows are
    /// never compared.
    #[must_use]
    pub fn stamp_changes(&self, changes: &Changes) -> Changes {
        let entity = self.entity();
        let mut changes = changes.clone();
        if changes.is_empty() {
            return changes;
        }
        let now = now();
        if let Some(number) = entity.update_time {
            changes = changes.with(self, number, |writer| write_time(writer, number, now));
        }
        if let Some(number) = entity.etag {
            let etag = format!("\"{}\"", uuid::Uuid::new_v4().simple());
            changes = changes.with(self, number, |writer| writer.string(number, &etag));
        }
        changes
    }

    fn patch_times(&self, patch: &mut Patch, fields: [Option<u32>; 2]) {
        if fields == [None, None] {
            return;
        }
        let now = now();
        for field in fields.into_iter().flatten() {
            patch.set(field, |writer| write_time(writer, field, now));
        }
    }

    fn stamp_etag(&self, row: Record) -> Record {
        let Some(field) = self.entity().etag else {
            return row;
        };
        let etag = self.etag_of(row.as_ref());
        let mut patch = Patch::default();
        patch.set(field, |writer| writer.string(field, &etag));
        self.patched(row, &patch)
    }
}

fn write_time(writer: &mut Writer, field: u32, time: Duration) {
    let open = writer.open(field);
    writer.int64(1, time.as_secs().cast_signed());
    if time.subsec_nanos() != 0 {
        writer.int32(2, time.subsec_nanos().cast_signed());
    }
    writer.close(open);
}

/// The time since 1970, cut to microseconds: what every database can hold, so that an answer and a later read agree.
fn now() -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::new(now.as_secs(), now.subsec_micros() * 1000)
}

fn made_id(strategy: IdStrategy) -> Option<String> {
    match strategy {
        IdStrategy::UuidV4 => Some(uuid::Uuid::new_v4().to_string()),
        IdStrategy::UuidV7 => Some(uuid::Uuid::now_v7().to_string()),
        IdStrategy::Ulid => Some(ulid::Ulid::new().to_string()),
        IdStrategy::Sequence | IdStrategy::Client => None,
    }
}

/// A repository that fills ids, times and etags on every write, for code that writes by hand. The standard engine does
/// the same, so rows look alike whoever wrote them.
pub struct Stamped {
    inner: Arc<dyn Repository<Record>>,
}

impl Stamped {
    /// Puts the stamps in front of a connector's repository.
    #[must_use]
    pub fn new(inner: Arc<dyn Repository<Record>>) -> Self {
        Self { inner }
    }

    fn stamp(&self, write: Write<Record>) -> Result<Write<Record>> {
        Ok(match write {
            Write::Create(row) => Write::Create(self.inner.model().stamp_new(row)?),
            Write::Modify { key, edit } => {
                let model = Arc::clone(self.inner.model());
                let edit = move |row: Option<&Record>| match row {
                    Some(_) => Ok(model.stamp_changed(edit(row)?)),
                    None => model.stamp_new(edit(row)?),
                };
                Write::Modify {
                    key,
                    edit: Box::new(edit),
                }
            }
            Write::Delete { key, check } => Write::Delete { key, check },
        })
    }
}

impl std::fmt::Debug for Stamped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stamped")
            .field(&self.inner.model().full_name())
            .finish()
    }
}

impl Repository<Record> for Stamped {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        self.inner.find(cx, query)
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.inner.find_by_ids(cx, keys)
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        self.inner.find_by_key(cx, key)
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        self.inner.find_grouped(cx, query)
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.count(cx, filter)
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(async move {
            let mut stamped = Vec::with_capacity(writes.len());
            for (index, write) in writes.into_iter().enumerate() {
                let write = self
                    .stamp(write)
                    .map_err(|error| WriteError::at(index, error))?;
                stamped.push(write);
            }
            self.inner.write(cx, stamped).await
        })
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        self.inner.begin(cx, options)
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let changes = self.inner.model().stamp_changes(changes);
            self.inner.update_all(cx, filter, &changes).await
        })
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.delete_all(cx, filter)
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        self.inner.stream(cx, query)
    }

    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        self.inner.execute(cx, statement, parameters)
    }
}
