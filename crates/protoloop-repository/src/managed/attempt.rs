//! Trying writes without doing them (AIP-163).

use std::sync::{Arc, Mutex, PoisonError};

use protoloop_core::{CallContext, Error};

use crate::{
    Alter, Alteration, Edit, Key, KeyValue, LeafKind, Model, Record, Repository, Write, WriteError,
};

/// What is learned of one write.
type Seen = Arc<Mutex<Option<Record>>>;

/// Everything but doing the writes: the store runs them, checks included, and the last one fails on purpose.
pub(super) async fn attempt(
    repository: &dyn Repository<Record>,
    cx: &CallContext,
    writes: Vec<Write<Record>>,
) -> Result<Vec<Option<Record>>, WriteError> {
    let (mut watched, seen): (Vec<_>, Vec<_>) = writes.into_iter().map(watch).unzip();
    let last = watched.len();
    watched.push(Write::Delete {
        key: zero_key(repository.model()),
        check: Box::new(|_| Err(Error::aborted("validate_only"))),
    });
    match repository.write(cx, watched).await {
        Err(failure) if failure.index == Some(last) => Ok(seen.iter().map(take).collect()),
        Err(failure) => Err(failure),
        Ok(_) => Err(Error::internal_error("a store ignored a failed check").into()),
    }
}

/// The write, and where its row can be seen when it was tried.
fn watch(write: Write<Record>) -> (Write<Record>, Seen) {
    let seen = Seen::default();
    let write = match write {
        Write::Create(row) => {
            put(&seen, row.clone());
            Write::Create(row)
        }
        Write::Modify { key, edit } => Write::Modify {
            key,
            edit: watched_edit(edit, Arc::clone(&seen)),
        },
        Write::Delete { key, check } => Write::Delete { key, check },
        Write::Alter { key, scope, alter }
        | Write::Set {
            key, scope, alter, ..
        } => Write::Alter {
            key,
            scope,
            alter: watched_alter(alter, Arc::clone(&seen)),
        },
    };
    (write, seen)
}

fn watched_edit(edit: Edit<Record>, seen: Seen) -> Edit<Record> {
    Box::new(move |row| {
        let row = edit(row)?;
        put(&seen, row.clone());
        Ok(row)
    })
}

fn watched_alter(alter: Alter<Record>, seen: Seen) -> Alter<Record> {
    Box::new(move |row| {
        let alteration = alter(row)?;
        match (&alteration, row) {
            (Alteration::Put(row), _) | (_, Some(row)) => put(&seen, row.clone()),
            _ => {}
        }
        Ok(alteration)
    })
}

fn put(seen: &Seen, row: Record) {
    *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
}

fn take(seen: &Seen) -> Option<Record> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// A key of the right types that no row has by intent: zeros and empty strings.
fn zero_key(model: &Model) -> Key {
    let values = model.key_order().terms().iter();
    let values = values.map(|term| match term.path.leaf().kind {
        LeafKind::String => KeyValue::String("".into()),
        LeafKind::Bytes => KeyValue::Bytes(Box::default()),
        LeafKind::Uint32 | LeafKind::Uint64 => KeyValue::Uint(0),
        _ => KeyValue::Int(0),
    });
    Key::new(values.collect()).unwrap_or_else(|| KeyValue::Int(0).into())
}
