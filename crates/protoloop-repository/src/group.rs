//! Rows of a model by the rows of another that they belong to.

use std::{collections::HashMap, sync::Arc};

use protoloop_core::{BoxFuture, CallContext, Error, Result};

use crate::{Entity, Filter, Key, KeyValue, Model, Query, Repository, Value, read};

/// A question for the rows that belong to each of several keys: the books of these authors.
#[derive(Clone, Debug)]
pub struct GroupQuery {
    /// Which rows belong to a key.
    pub by: GroupBy,
    /// The keys, each once.
    pub keys: Vec<KeyValue>,
    /// Which of the rows. Order, limit and skip count within each key; [`Query::after`] is `None`.
    pub query: Query,
    /// At most so many rows for all keys together, and one more that tells of it; `None` for all.
    pub most: Option<u32>,
}

/// Which rows belong to a key.
#[derive(Clone, Debug)]
pub enum GroupBy {
    /// Those of which a field, by its number, equals it.
    Field(u32),
    /// Those whose own key stands in a linking row beside it.
    Through(LinkedBy),
}

/// Rows of a third model that link two others.
#[derive(Clone, Debug)]
pub struct LinkedBy {
    /// The linking model, in the datasource of the rows.
    pub model: Arc<Model>,
    /// Its field that holds the key, by number.
    pub key: u32,
    /// Its field that holds the key of the row.
    pub other: u32,
    /// Which linking rows count.
    pub scope: Filter,
}

impl GroupQuery {
    /// The model and the field whose values are the keys.
    #[must_use]
    pub fn key_field<'a>(&'a self, rows: &'a Arc<Model>) -> (&'a Arc<Model>, u32) {
        match &self.by {
            GroupBy::Field(number) => (rows, *number),
            GroupBy::Through(linked) => (&linked.model, linked.key),
        }
    }

    /// The keys, where the question is for nothing but the rows of these ids, whole: an inclusion of rows that others refer
    /// to. Then it is the same as [`Repository::find_by_ids`].
    #[must_use]
    pub fn ids(&self, rows: &Model) -> Option<Vec<Key>> {
        let by_id = matches!(&self.by, GroupBy::Field(number) if *rows.entity().key == [*number]);
        let plain = self.query.filter.is_none() && self.query.fields.is_none();
        let all = by_id && plain && !self.is_limited();
        all.then(|| self.keys.iter().cloned().map(Key::from).collect())
    }

    /// Whether the rows of a key are counted.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.query.limit.is_some() || self.query.skip > 0
    }
}

/// Rows gathered by key: what a connector fills while it reads.
#[derive(Debug)]
pub struct Groups<'a, E> {
    places: HashMap<&'a KeyValue, usize>,
    groups: Vec<Vec<E>>,
    /// Rows that may still be added.
    room: usize,
}

impl<'a, E> Groups<'a, E> {
    /// No rows yet for each of these keys.
    #[must_use]
    pub fn new(keys: &'a [KeyValue]) -> Self {
        Self {
            places: keys.iter().zip(0..).collect(),
            groups: keys.iter().map(|_| Vec::new()).collect(),
            room: usize::MAX,
        }
    }

    /// The same for no more rows than [`GroupQuery::most`] and one that tells of it.
    #[must_use]
    pub fn at_most(mut self, most: Option<u32>) -> Self {
        self.room = most.map_or(usize::MAX, |most| (most as usize).saturating_add(1));
        self
    }

    /// Adds a row behind the others of its key; one of another key is left out, and so are those beyond the bound.
    pub fn push(&mut self, key: &KeyValue, row: E) {
        if self.room > 0
            && let Some(place) = self.places.get(key)
        {
            self.room -= 1;
            self.groups[*place].push(row);
        }
    }

    /// The rows of each key, in the order of the keys.
    #[must_use]
    pub fn finish(self) -> Vec<Vec<E>> {
        self.groups
    }
}

/// What [`Repository::find_grouped`] does where the store has no better way: reads all rows of all keys and counts them
/// off here.
pub(crate) fn by_find<'a, E: Entity, R: Repository<E> + ?Sized>(
    repository: &'a R,
    cx: &'a CallContext,
    query: &'a GroupQuery,
) -> BoxFuture<'a, Result<Vec<Vec<E>>>> {
    Box::pin(async move {
        let model = repository.model();
        let GroupBy::Field(number) = query.by else {
            return Err(Error::unimplemented(format!(
                "the repository of {} does not follow linking rows",
                model.full_name()
            )));
        };
        let path = model
            .column_property(number)
            .ok_or_else(|| Error::internal_error("grouped by a field that is none"))?;
        let is_one = Filter::In {
            path: path.clone(),
            values: query.keys.iter().map(Value::from).collect(),
        };
        let mut all = query.query.clone();
        all.filter = Some(match all.filter.take() {
            Some(filter) => Filter::And(vec![is_one, filter]),
            None => is_one,
        });
        if let Some(fields) = &mut all.fields {
            fields.push(number);
        }
        (all.limit, all.skip) = (None, 0);
        let mut groups = Groups::new(&query.keys);
        for row in repository.find(cx, &all).await? {
            let value = read::scalar(&model.view(&row.encode()), &path).to_value();
            if let Some(key) = KeyValue::of(&value) {
                groups.push(&key, row);
            }
        }
        let (limit, skip) = (query.query.limit, query.query.skip);
        let groups = groups.finish().into_iter();
        Ok(groups.map(|rows| cut(rows, limit, skip)).collect())
    })
}

/// The rows of one key that a limit and a skip leave.
pub(crate) fn cut<E>(rows: Vec<E>, limit: Option<u32>, skip: u64) -> Vec<E> {
    if limit.is_none() && skip == 0 {
        return rows;
    }
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    rows.into_iter().skip(skip).take(limit).collect()
}
