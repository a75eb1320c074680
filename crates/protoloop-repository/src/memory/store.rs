//! The rows of one model with their indexes.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use protoloop_core::{Error, Result};

use super::rows::RowMap;
use crate::{Key, KeyValue, Model, PropertyPath, read};

/// Rows in the order of their keys, and the unique indexes. Both agree at any time.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) model: Arc<Model>,
    pub(super) rows: RowMap,
    uniques: Vec<Unique>,
    /// The last number that the sequence gave, or a larger one that came with a row.
    pub(super) sequence: i64,
}

/// One unique index.
#[derive(Clone, Debug)]
struct Unique {
    fields: Vec<u32>,
    /// See [`Model::spares_unset`].
    spares_unset: bool,
    paths: Vec<PropertyPath>,
    /// See [`Model::unset_is_null`].
    nulls: Vec<u32>,
    entries: HashMap<Box<[u8]>, Key>,
}

impl Store {
    pub(super) fn new(model: &Arc<Model>) -> Self {
        let uniques = model
            .entity()
            .indexes
            .iter()
            .filter(|index| index.unique)
            .map(|index| Unique {
                paths: index
                    .fields
                    .iter()
                    .filter_map(|field| model.column_property(*field))
                    .collect(),
                nulls: index
                    .fields
                    .iter()
                    .filter(|field| model.unset_is_null(**field))
                    .copied()
                    .collect(),
                fields: index.fields.clone(),
                spares_unset: model.spares_unset(index),
                entries: HashMap::new(),
            })
            .collect();
        Self {
            model: Arc::clone(model),
            rows: RowMap::default(),
            uniques,
            sequence: 0,
        }
    }

    /// Adds the row of a new key.
    ///
    /// ALREADY_EXISTS, with nothing changed, when the key is taken, or another row has the values of a unique index.
    pub(super) fn insert(&mut self, key: &Key, row: Bytes) -> Result<()> {
        let model = &*self.model;
        let Err(place) = self.rows.place(key) else {
            return Err(model.duplicate(&model.entity().key));
        };
        let entries = self.uniques.iter().map(|unique| unique.entry(model, &row));
        let entries: Vec<_> = entries.collect();
        for (unique, entry) in self.uniques.iter().zip(&entries) {
            if entry
                .as_ref()
                .is_some_and(|entry| unique.entries.contains_key(entry))
            {
                return Err(model.duplicate(&unique.fields));
            }
        }
        for (unique, entry) in self.uniques.iter_mut().zip(entries) {
            if let Some(entry) = entry {
                unique.entries.insert(entry, key.clone());
            }
        }
        self.rows.insert(place, key.clone(), row);
        self.skip_to(key);
        Ok(())
    }

    /// Sets or removes the row of a key; answers the row that was there.
    ///
    /// ALREADY_EXISTS, with nothing changed, when another row has the values of a unique index.
    pub(super) fn put(&mut self, key: &Key, row: Option<Bytes>) -> Result<Option<Bytes>> {
        let model = Arc::clone(&self.model);
        let model = &*model;
        let before = self.rows.get(key).cloned();
        if let Some(row) = &row {
            for unique in &self.uniques {
                if let Some(entry) = unique.entry(model, row)
                    && unique.entries.get(&entry).is_some_and(|owner| owner != key)
                {
                    return Err(model.duplicate(&unique.fields));
                }
            }
        }
        for unique in &mut self.uniques {
            if let Some(entry) = before.as_ref().and_then(|row| unique.entry(model, row)) {
                unique.entries.remove(&entry);
            }
            if let Some(entry) = row.as_ref().and_then(|row| unique.entry(model, row)) {
                unique.entries.insert(entry, key.clone());
            }
        }
        match row {
            Some(row) => self.rows.set(key, row),
            None => self.rows.remove(key),
        }
        self.skip_to(key);
        Ok(before)
    }

    /// Keeps the sequence above every number that is in use.
    fn skip_to(&mut self, key: &Key) {
        let number = match key.values() {
            [KeyValue::Int(number)] => *number,
            [KeyValue::Uint(number)] => i64::try_from(*number).unwrap_or(i64::MAX),
            _ => return,
        };
        self.sequence = self.sequence.max(number);
    }

    /// The next number of the sequence. Numbers of writes that failed are not given again.
    pub(super) fn next_number(&mut self) -> Result<i64> {
        self.sequence = self
            .sequence
            .checked_add(1)
            .ok_or_else(|| Error::out_of_range("the numbers of the sequence are used up"))?;
        Ok(self.sequence)
    }
}

impl Unique {
    /// The indexed values of a row as bytes; `None` for a row that meets no other: one of them is null, or none is set, or
    /// the row is marked as deleted.
    fn entry(&self, model: &Model, row: &[u8]) -> Option<Box<[u8]>> {
        if model.is_deleted(row) {
            return None;
        }
        let view = model.view(row);
        if self.spares_unset && !self.fields.iter().any(|number| view.has(*number)) {
            return None;
        }
        let mut entry = Vec::new();
        for path in &self.paths {
            let value = read::scalar(&view, path).to_value();
            let number = path.column();
            if value.is_null() || self.nulls.contains(&number) && !view.has(number) {
                return None;
            }
            value.push_binary(&mut entry);
        }
        Some(entry.into_boxed_slice())
    }
}
