//! Selecting and ordering rows.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::{
    related::{AllRows, Places, Test},
    shared::Stores,
    store::Store,
};
use crate::{
    Cursor, Direction, Filter, Key, KeyValue, LinkedBy, Model, OrderBy, PropertyPath, Query,
    Record, read,
};

/// The rows that a query selects, in its order. `all` are the rows of every model.
pub(super) fn find(model: &Model, store: &Store, all: &Stores, query: &Query) -> Vec<Record> {
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
    let test = Test::new(model, query.filter.as_ref(), &AllRows(all));
    let rows: Box<dyn Iterator<Item = &Bytes>> = match key_direction(model, &query.order) {
        Some(direction) => {
            Box::new(by_key(store, direction, query.after.as_ref()).filter(|row| test.selects(row)))
        }
        None => Box::new(sorted(model, store, all, query, &test)),
    };
    rows.skip(skip).take(limit).cloned().map(Record).collect()
}

/// The keys of the rows that a filter selects, in their order.
pub(super) fn keys(store: &Store, all: &Stores, filter: Option<&Filter>) -> Vec<Key> {
    let test = Test::new(&store.model, filter, &AllRows(all));
    let selected = store.rows.iter().filter(|(_, row)| test.selects(row));
    selected.map(|(key, _)| key.clone()).collect()
}

/// How many rows a filter selects.
pub(super) fn count(model: &Model, store: &Store, all: &Stores, filter: Option<&Filter>) -> u64 {
    match filter {
        None | Some(Filter::True) => store.rows.len() as u64,
        filter => {
            let test = Test::new(model, filter, &AllRows(all));
            let rows = store.rows.values();
            rows.filter(|row| test.selects(row)).count() as u64
        }
    }
}

/// The direction, when the order is that of the keys: then the rows stand in order already.
fn key_direction(model: &Model, order: &OrderBy) -> Option<Direction> {
    let key = model.key_order().terms();
    let direction = order.terms().first()?.direction;
    let same = order.terms().len() == key.len()
        && order
            .terms()
            .iter()
            .zip(key)
            .all(|(term, key)| term.is_of(key) && term.direction == direction);
    same.then_some(direction)
}

fn by_key<'a>(
    store: &'a Store,
    direction: Direction,
    after: Option<&Cursor>,
) -> Box<dyn Iterator<Item = &'a Bytes> + 'a> {
    let rows = &store.rows;
    let after = after.and_then(|cursor| read::to_key(&cursor.values));
    match (direction, after) {
        (Direction::Ascending, None) => Box::new(rows.values()),
        (Direction::Ascending, Some(after)) => Box::new(rows.behind(&after)),
        (Direction::Descending, None) => Box::new(rows.values().rev()),
        (Direction::Descending, Some(after)) => Box::new(rows.before(&after)),
    }
}

fn sorted<'a>(
    model: &'a Model,
    store: &'a Store,
    all: &Stores,
    query: &'a Query,
    test: &Test<'_>,
) -> impl Iterator<Item = &'a Bytes> + use<'a> {
    let order = &query.order;
    let places = Places::new(model, order, &AllRows(all));
    let behind = |place: &Cursor| {
        let after = query.after.as_ref();
        after.is_none_or(|after| place.compare(order, after).is_gt())
    };
    let selected = store.rows.values().filter(|row| test.selects(row));
    let mut rows: Vec<(Cursor, &Bytes)> = selected
        .map(|row| (places.of(row), row))
        .filter(|(place, _)| behind(place))
        .collect();
    rows.sort_unstable_by(|a, b| a.0.compare(order, &b.0));
    rows.into_iter().map(|(_, row)| row)
}

/// The keys of the rows that linking rows lead to, each with the keys it is linked to.
pub(super) fn links(
    store: &Store,
    linked: &LinkedBy,
    keys: &[KeyValue],
) -> HashMap<KeyValue, Vec<KeyValue>> {
    let mut links: HashMap<KeyValue, Vec<KeyValue>> = HashMap::new();
    let model = &linked.model;
    let paths = [linked.key, linked.other].map(|number| model.column_property(number));
    let [Some(key), Some(other)] = paths else {
        return links;
    };
    let keys: HashSet<&KeyValue> = keys.iter().collect();
    for row in store.rows.values() {
        let view = model.view(row);
        let value = |path: &PropertyPath| KeyValue::of(&read::scalar(&view, path).to_value());
        if let (Some(key), Some(other)) = (value(&key), value(&other))
            && keys.contains(&key)
            && linked.scope.matches(model, row)
        {
            let of_row = links.entry(other).or_default();
            if !of_row.contains(&key) {
                of_row.push(key);
            }
        }
    }
    links
}
