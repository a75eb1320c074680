//! Several writes, all or none.

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_schema::IdStrategy;

use super::{
    find, references,
    related::{AllRows, Test},
    shared::Stores,
};
use crate::{
    Alter, Alteration, Changes as RowChanges, Filter, Key, Model, Record, Write, WriteError,
};

/// What a call of `write` answers.
pub(super) type Answers = Vec<Option<Record>>;

/// The number of a store, and a row in it as it was before a change, or its absence.
pub(super) type Before = (usize, Key, Option<Bytes>);

/// Writes into the store of a model, and what follows from them in others, which are taken back when it is dropped before
/// [`Changes::keep`], by an error or a panic.
pub(super) struct Changes<'a> {
    pub(super) stores: &'a mut Stores,
    number: usize,
    /// Rows as they were before each change, oldest first.
    undo: Vec<Before>,
}

impl<'a> Changes<'a> {
    /// Writes to the store of a number, which there is.
    pub(super) fn new(stores: &'a mut Stores, number: usize) -> Self {
        Self {
            stores,
            number,
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
        let store = &self.stores[self.number];
        find::keys(store, self.stores, filter)
    }

    /// Changes the rows of some keys.
    pub(super) fn update_all(&mut self, keys: Vec<Key>, changes: &RowChanges) -> Result<u64> {
        let count = keys.len() as u64;
        let number = self.number;
        for key in keys {
            if let Some(before) = self.row(number, &key) {
                let row = changes.apply(self.model(number), before.clone())?;
                self.put(number, key, Some(row.0.clone()))?;
                references::check(self, number, Some(&before), &row)?;
            }
        }
        Ok(count)
    }

    /// Removes the rows of some keys.
    pub(super) fn delete_all(&mut self, keys: Vec<Key>) -> Result<u64> {
        let count = keys.len() as u64;
        for key in keys {
            // One that refers to another of them may have gone with it.
            if self.row(self.number, &key).is_some() {
                references::delete(self, self.number, &key)?;
            }
        }
        Ok(count)
    }

    /// Keeps the changes, and answers how they are taken back later: the rows as they were, oldest first.
    pub(super) fn keep(mut self) -> Vec<Before> {
        std::mem::take(&mut self.undo)
    }

    pub(super) fn model(&self, number: usize) -> &Arc<Model> {
        &self.stores[number].model
    }

    pub(super) fn row(&self, number: usize, key: &Key) -> Option<Record> {
        self.stores[number].rows.get(key).cloned().map(Record)
    }

    fn write(&mut self, write: Write<Record>) -> Result<Option<Record>> {
        let number = self.number;
        match write {
            Write::Create(row) => self.create(row).map(Some),
            Write::Modify { key, edit } => {
                let before = self.row(number, &key);
                let row = edit(before.as_ref())?;
                self.replace(key, before.as_ref(), row).map(Some)
            }
            Write::Alter { key, scope, alter }
            | Write::Set {
                key, scope, alter, ..
            } => self.alter(key, scope.as_ref(), &alter),
            Write::Delete { key, check } => {
                let before = self.row(number, &key);
                check(before.as_ref())?;
                if before.is_some() {
                    references::delete(self, number, &key)?;
                }
                Ok(before)
            }
        }
    }

    fn alter(
        &mut self,
        key: Key,
        scope: Option<&Filter>,
        alter: &Alter<Record>,
    ) -> Result<Option<Record>> {
        let number = self.number;
        let model = Arc::clone(self.model(number));
        let present = self.row(number, &key);
        let test = Test::new(&model, scope, &AllRows(&*self.stores));
        let before = present.clone().filter(|row| test.selects(row.as_ref()));
        match alter(before.as_ref())? {
            Alteration::Keep => Ok(before),
            // The key is taken, by a row that does not exist for this write.
            Alteration::Put(_) if before.is_none() && present.is_some() => {
                Err(model.duplicate(&model.entity().key))
            }
            Alteration::Put(row) => self.replace(key, before.as_ref(), row).map(Some),
            Alteration::Remove => {
                if before.is_some() {
                    references::delete(self, number, &key)?;
                }
                Ok(before)
            }
        }
    }

    /// Stores a row in the place of a key.
    fn replace(&mut self, key: Key, before: Option<&Record>, row: Record) -> Result<Record> {
        let number = self.number;
        let model = self.model(number);
        if model.find_key(row.as_ref()).as_ref() != Some(&key) {
            return Err(Error::internal_error(format!(
                "an edit of {} `{key}` changed the key",
                model.full_name()
            )));
        }
        self.put(number, key, Some(row.0.clone()))?;
        references::check(self, number, before, &row)?;
        Ok(row)
    }

    fn create(&mut self, row: Record) -> Result<Record> {
        let number = self.number;
        let model = Arc::clone(self.model(number));
        let counted = model.entity().id_strategy == IdStrategy::Sequence;
        let (key, row) = match model.find_key(row.as_ref()) {
            Some(key) => (key, row),
            None if counted => {
                let next = Arc::make_mut(&mut self.stores[number]).next_number()?;
                let row = model.with_sequence(row, next)?;
                (model.key_of(row.as_ref())?, row)
            }
            None => (model.key_of(row.as_ref())?, row),
        };
        Arc::make_mut(&mut self.stores[number]).insert(&key, row.0.clone())?;
        self.undo.push((number, key, None));
        references::check(self, number, None, &row)?;
        Ok(row)
    }

    pub(super) fn put(&mut self, number: usize, key: Key, row: Option<Bytes>) -> Result<()> {
        let before = Arc::make_mut(&mut self.stores[number]).put(&key, row)?;
        self.undo.push((number, key, before));
        Ok(())
    }
}

impl Drop for Changes<'_> {
    fn drop(&mut self) {
        take_back(self.stores, &mut self.undo, 0);
    }
}

/// Takes changes back, down to a number of them.
pub(super) fn take_back(stores: &mut Stores, undo: &mut Vec<Before>, down_to: usize) {
    while undo.len() > down_to
        && let Some((number, key, row)) = undo.pop()
    {
        // Going back the way it came meets no taken unique value; if it did, the row would stay as it is.
        let _ = Arc::make_mut(&mut stores[number]).put(&key, row);
    }
}
