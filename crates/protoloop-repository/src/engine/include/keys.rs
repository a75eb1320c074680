//! Which related rows belong to which rows.

use std::{collections::HashMap, sync::Arc};

use protoloop_schema::RelationKind;
use protoloop_wire::Value as WireValue;

use super::Branch;
use crate::{GroupBy, Key, KeyValue, LinkedBy, Model, Record};

/// The keys under which related rows are found, each once, and those of every row.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) keys: Vec<KeyValue>,
    places: HashMap<KeyValue, usize>,
    /// Positions in `keys`, those of one row behind those of the row before.
    of_rows: Vec<usize>,
    /// Where those of each row end.
    ends: Vec<usize>,
}

impl Keys {
    /// Adds a key of the row that is next to end.
    pub(super) fn add(&mut self, key: KeyValue) {
        let place = *self.places.entry(key).or_insert_with_key(|key| {
            self.keys.push(key.clone());
            self.keys.len() - 1
        });
        self.of_rows.push(place);
    }

    fn extend(&mut self, keys: impl IntoIterator<Item = KeyValue>) {
        keys.into_iter().for_each(|key| self.add(key));
    }

    /// Ends a row.
    pub(super) fn end(&mut self) {
        self.ends.push(self.of_rows.len());
    }

    /// The positions of the keys of each row, in order of the rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[usize]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let spans = starts.zip(&self.ends);
        spans.map(|(start, end)| &self.of_rows[start..*end])
    }
}

impl Branch {
    /// The keys in rows of `model`, and how related rows are found by them.
    pub(super) fn keys(&self, model: &Model, rows: &[Record]) -> (Keys, GroupBy) {
        let target = self.target.model();
        let id = target.entity().key.first().copied().unwrap_or(0);
        let by = match &self.relation.kind {
            RelationKind::BelongsTo { .. } | RelationKind::ReferencesMany { .. } => {
                GroupBy::Field(id)
            }
            RelationKind::HasOne { key } | RelationKind::HasMany { key } => GroupBy::Field(*key),
            RelationKind::HasManyThrough {
                key, through_key, ..
            } => match &self.through {
                Some(through) => GroupBy::Through(LinkedBy {
                    model: Arc::clone(through.model()),
                    key: *key,
                    other: *through_key,
                    scope: crate::Filter::True,
                }),
                None => GroupBy::Field(id),
            },
        };
        let mut keys = Keys::default();
        for row in rows {
            self.add_keys(model, row, &mut keys);
            keys.end();
        }
        (keys, by)
    }

    fn add_keys(&self, model: &Model, row: &Record, keys: &mut Keys) {
        let target = self.target.model();
        match &self.relation.kind {
            RelationKind::BelongsTo { key, .. } => {
                let view = model.view(row.as_ref());
                let told = self.relation.discriminator.as_ref();
                if told.is_none_or(|told| view.string(told.field) == &*told.value) {
                    let key = target.key_in(&view, &[*key]);
                    keys.extend(key.as_ref().and_then(only));
                }
            }
            RelationKind::ReferencesMany { key } => {
                let view = model.view(row.as_ref());
                let values = view.repeated(*key);
                let of_value =
                    |value: WireValue<'_>| target.key_from_value(&value).as_ref().and_then(only);
                keys.extend(values.filter_map(of_value));
            }
            RelationKind::HasOne { .. }
            | RelationKind::HasMany { .. }
            | RelationKind::HasManyThrough { .. } => {
                let key = model.find_key(row.as_ref());
                keys.extend(key.as_ref().and_then(only));
            }
        }
    }
}

/// The value of a key of one field.
fn only(key: &Key) -> Option<KeyValue> {
    match key.values() {
        [value] => Some(value.clone()),
        _ => None,
    }
}
