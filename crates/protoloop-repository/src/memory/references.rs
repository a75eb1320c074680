//! Keys that refer to rows of other models, held true as a database's foreign keys do.

use protoloop_core::Result;
use protoloop_schema::{OnDelete, Reference};
use protoloop_wire::Patch;

use super::{changes::Changes, shared::Stores};
use crate::{Key, KeyValue, Model, Record, read};

/// FAILED_PRECONDITION when a key of a row refers to nothing; what was there before the change is not looked at again.
pub(super) fn check(
    changes: &Changes<'_>,
    number: usize,
    before: Option<&Record>,
    row: &Record,
) -> Result<()> {
    let model = changes.model(number);
    for reference in model.references() {
        let Some(key) = key_in(model, reference, row) else {
            continue;
        };
        if before.is_some_and(|before| key_in(model, reference, before).as_ref() == Some(&key)) {
            continue;
        }
        let target = store_of(changes.stores, model, reference.to);
        let found = target.is_some_and(|target| changes.row(target, &Key::from(key)).is_some());
        if !found {
            return Err(model.dangling(reference));
        }
    }
    Ok(())
}

/// Deletes a row that is there, with what happens to those that refer to it.
///
/// FAILED_PRECONDITION when one of them must stay.
pub(super) fn delete(changes: &mut Changes<'_>, number: usize, key: &Key) -> Result<()> {
    let model = std::sync::Arc::clone(changes.model(number));
    changes.put(number, key.clone(), None)?;
    let [value] = key.values() else {
        return Ok(());
    };
    let referring = |on_delete: OnDelete| {
        let references = model.referring();
        references.filter(move |reference| reference.on_delete == on_delete)
    };
    for reference in referring(OnDelete::Restrict) {
        if let Some(from) = store_of(changes.stores, &model, reference.from)
            && !rows_of(changes, from, reference, value).is_empty()
        {
            return Err(model.still_referred(reference));
        }
    }
    for reference in referring(OnDelete::SetNull) {
        let Some(from) = store_of(changes.stores, &model, reference.from) else {
            continue;
        };
        for (key, row) in rows_of(changes, from, reference, value) {
            let mut patch = Patch::default();
            patch.remove(reference.key);
            let cleared = changes.model(from).patched(row, &patch);
            changes.put(from, key, Some(cleared.0))?;
        }
    }
    for reference in referring(OnDelete::Cascade) {
        let Some(from) = store_of(changes.stores, &model, reference.from) else {
            continue;
        };
        for (key, _) in rows_of(changes, from, reference, value) {
            // A row may refer to it in two ways, or be reached in a circle.
            if changes.row(from, &key).is_some() {
                delete(changes, from, &key)?;
            }
        }
    }
    Ok(())
}

/// The number of the store of another model of the same schema.
fn store_of(stores: &Stores, model: &Model, id: protoloop_schema::EntityId) -> Option<usize> {
    let name = &model
        .schema()
        .message(model.schema().entity(id).message)
        .full_name;
    stores
        .iter()
        .position(|store| store.model.full_name() == &**name)
}

fn key_in(model: &Model, reference: &Reference, row: &Record) -> Option<KeyValue> {
    let view = model.view(row.as_ref());
    // A part of the row's own id is a value also where it is zero.
    if !view.has(reference.key) && !model.entity().key.contains(&reference.key) {
        return None;
    }
    let path = model.column_property(reference.key)?;
    KeyValue::of(&read::scalar(&view, &path).to_value())
}

/// The rows of a store that refer to a key.
fn rows_of(
    changes: &Changes<'_>,
    from: usize,
    reference: &Reference,
    value: &KeyValue,
) -> Vec<(Key, Record)> {
    let store = &changes.stores[from];
    let rows = store
        .rows
        .iter()
        .map(|(key, row)| (key.clone(), Record(row.clone())));
    let refers =
        |(_, row): &(Key, Record)| key_in(&store.model, reference, row).as_ref() == Some(value);
    rows.filter(refers).collect()
}
