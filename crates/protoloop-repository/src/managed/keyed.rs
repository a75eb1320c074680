//! Rows by their keys, of those only that fulfil a condition.

use std::collections::HashMap;

use protoloop_core::{CallContext, Result};

use super::{guard::both, hooks::ModelHooks};
use crate::{CompareOp, Entity, Filter, Key, KeyValue, Model, Query, Record, Repository, Value};

/// Most keys in one question.
const KEYS: usize = 500;

/// What [`Repository::find_within`] does where the store has no better way.
pub(crate) async fn find_within<E: Entity, R: Repository<E> + ?Sized>(
    repository: &R,
    cx: &CallContext,
    keys: &[Key],
    scope: &Filter,
) -> Result<Vec<Option<E>>> {
    let model = repository.model();
    let mut found: HashMap<Key, E> = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(KEYS) {
        let mut query = Query::new(model.key_order().clone());
        query.filter = both(Some(scope.clone()), Some(is_one_of(model, keys)));
        collect(model, repository.find(cx, &query).await?, &mut found);
    }
    Ok(each(keys, &found))
}

/// One answer per key, in order, of the rows that the hooks of queries let be seen.
pub(super) async fn find_hooked(
    repository: &dyn Repository<Record>,
    cx: &CallContext,
    keys: &[Key],
    scope: Option<&Filter>,
    hooks: &ModelHooks,
) -> Result<Vec<Option<Record>>> {
    let model = repository.model();
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(KEYS) {
        let mut query = Query::new(model.key_order().clone());
        query.filter = Some(is_one_of(model, keys));
        hooks.before_query(cx, &mut query).await?;
        query.filter = both(scope.cloned(), query.filter.take());
        let mut rows = repository.find(cx, &query).await?;
        hooks.loaded(cx, &mut rows).await?;
        collect(model, rows, &mut found);
    }
    Ok(each(keys, &found))
}

fn collect<E: Entity>(model: &Model, rows: Vec<E>, found: &mut HashMap<Key, E>) {
    for row in rows {
        if let Some(key) = model.find_key(&row.encode()) {
            found.insert(key, row);
        }
    }
}

/// A key may be asked for twice.
fn each<E: Clone>(keys: &[Key], found: &HashMap<Key, E>) -> Vec<Option<E>> {
    keys.iter().map(|key| found.get(key).cloned()).collect()
}

/// The condition that a row has one of the keys.
pub(crate) fn is_one_of(model: &Model, keys: &[Key]) -> Filter {
    match (model.key_order().terms(), keys) {
        (_, [key]) => is(model, key),
        ([_], keys) => {
            let path = model.key_order().terms()[0].path.clone();
            let values = keys.iter().flat_map(Key::values).map(value).collect();
            Filter::In { path, values }
        }
        (_, keys) => Filter::Or(keys.iter().map(|key| is(model, key)).collect()),
    }
}

fn is(model: &Model, key: &Key) -> Filter {
    let parts = model.key_order().terms().iter().zip(key.values());
    let parts = parts.map(|(term, part)| Filter::Compare {
        path: term.path.clone(),
        op: CompareOp::Eq,
        value: value(part),
    });
    Filter::And(parts.collect())
}

fn value(part: &KeyValue) -> Value {
    match part {
        KeyValue::Int(number) => Value::I64(*number),
        KeyValue::Uint(number) => Value::U64(*number),
        KeyValue::String(text) => Value::String(text.to_string()),
        KeyValue::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
    }
}
