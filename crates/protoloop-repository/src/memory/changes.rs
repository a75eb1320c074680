//! Several writes to one store, all or none.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_schema::IdStrategy;

use super::{find, store::Store};
use crate::{Changes as RowChanges, Filter, Key, Model, Record, Write, WriteError};

/// What a call of `write` answers.
pub(super) type Answers = Vec<Option<Record>>;

/// A row as it was before a change, or its absence.
pub(super) type Before = (Key, Option<Bytes>);

/// Writes into a store that are taken back when it is dropped before [`Changes::keep`], by an error or a panic.
pub(super) struct Changes<'a> {
    model: &'a Model,
    store: &'a mut Store,
    /// Rows as they were before each write, oldest first.
    undo: Vec<Before>,
}

impl<'a> Changes<'a> {
    pub(super) fn new(model: &'a Model, store: &'a mut Store) -> Self {
        Self {
            model,
            store,
            undo: Vec::new(),
        }
    }

    /// Does the writes of one call, and answers what they answer.
    pub(super) fn write_all(&mut self, writes: Vec<Write<Record>>) -> Result<Answers, WriteError> {
        let mut answers = Vec::with_capacity(writes.len());
        for (index, write) in writes.into_iter().enumerate() {
            let answer = self.write(write);
            answers.push(answer.map_err(|error| WriteError::at(index, error))?);
        }
        Ok(answers)
    }

    /// The keys of the rows that a filter selects.
    pub(super) fn keys(&self, filter: Option<&Filter>) -> Vec<Key> {
        find::keys(self.model, self.store, filter)
    }

    /// Changes the rows of some keys.
    pub(super) fn update_all(&mut self, keys: Vec<Key>, changes: &RowChanges) -> Result<u64> {
        let count = keys.len() as u64;
        for key in keys {
            if let Some(row) = self.store.rows.get(&key).cloned() {
                let row = changes.apply(self.model, Record(row))?;
                self.put(key, Some(row.0))?;
            }
        }
        Ok(count)
    }

    /// Removes the rows of some keys.
    pub(super) fn delete_all(&mut self, keys: Vec<Key>) -> Result<u64> {
        let count = keys.len() as u64;
        for key in keys {
            self.put(key, None)?;
        }
        Ok(count)
    }

    /// Keeps the changes, and answers how they are taken back later: the rows as they were, oldest first.
    pub(super) fn keep(mut self) -> Vec<Before> {
        std::mem::take(&mut self.undo)
    }

    fn write(&mut self, write: Write<Record>) -> Result<Option<Record>> {
        match write {
            Write::Create(row) => self.create(row).map(Some),
            Write::Modify { key, edit } => {
                let before = self.store.rows.get(&key).cloned().map(Record);
                let row = edit(before.as_ref())?;
                if self.model.find_key(row.as_ref()).as_ref() != Some(&key) {
                    return Err(Error::internal_error(format!(
                        "an edit of {} `{key}` changed the key",
                        self.model.full_name()
                    )));
                }
                self.put(key, Some(row.0.clone()))?;
                Ok(Some(row))
            }
            Write::Delete { key, check } => {
                let before = self.store.rows.get(&key).cloned().map(Record);
                check(before.as_ref())?;
                self.put(key, None)?;
                Ok(before)
            }
        }
    }

    fn create(&mut self, row: Record) -> Result<Record> {
        let counted = self.model.entity().id_strategy == IdStrategy::Sequence;
        let row = match self.model.find_key(row.as_ref()) {
            None if counted => {
                let number = self.store.next_number()?;
                self.model.with_sequence(row, number)?
            }
            _ => row,
        };
        let key = self.model.key_of(row.as_ref())?;
        if self.store.rows.contains_key(&key) {
            return Err(self.model.duplicate(&self.model.entity().key));
        }
        self.put(key, Some(row.0.clone()))?;
        Ok(row)
    }

    fn put(&mut self, key: Key, row: Option<Bytes>) -> Result<()> {
        let before = self.store.put(self.model, &key, row)?;
        self.undo.push((key, before));
        Ok(())
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        while let Some((key, row)) = self.undo.pop() {
            // Going back the way it came meets no taken unique value; if it did, the row would stay as it is.
            let _ = self.store.put(self.model, &key, row);
        }
    }
}
