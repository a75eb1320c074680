//! What becomes of rows that refer to one which is removed, where no foreign key says it.

use std::{collections::HashSet, sync::Arc};

use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{EntityId, OnDelete};
use protoloop_wire::Patch;

use super::{
    Keeper,
    cares::{Cares, Referring},
};
use crate::{
    Alteration, Changes, Key, KeyValue, Model, Query, Record, Repository, Write,
    bulk::{PAGE, keys},
};

/// How far a delete may go from row to row.
const DEEPEST: usize = 64;

/// The rows that are being removed on the way to this one, in a context within the transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Clearing(Arc<HashSet<(EntityId, Key)>>);

impl Clearing {
    /// Says that the context is within a transaction of ours.
    pub(super) fn begin(cx: &mut CallContext) {
        cx.extensions_mut().insert(Self::default());
    }

    pub(super) fn of(cx: &CallContext) -> Option<&Self> {
        cx.extensions().get::<Self>()
    }
}

/// Deals with the rows that refer to one, which stays locked; it is removed afterwards.
///
/// FAILED_PRECONDITION when one of them must stay.
pub(super) async fn clear(
    inner: &Arc<dyn Repository<Record>>,
    cares: &Cares,
    cx: &CallContext,
    key: &Key,
) -> Result<()> {
    let model = inner.model();
    let before = Clearing::of(cx).cloned().unwrap_or_default().0;
    let this = (model.entity().id, key.clone());
    if before.contains(&this) {
        // It is on its way out.
        return Ok(());
    }
    if before.len() >= DEEPEST {
        let what = format!(
            "the delete would go on through more than {DEEPEST} rows that refer to each other"
        );
        return Err(Error::failed_precondition(what));
    }
    let [value] = key.values() else {
        return Ok(());
    };
    let mut further = (*before).clone();
    further.insert(this);
    let mut cx = cx.clone();
    cx.extensions_mut().insert(Clearing(Arc::new(further)));
    let there = locked(&**inner, &cx, std::slice::from_ref(key)).await?;
    if there.first().is_none_or(Option::is_none) {
        return Ok(());
    }
    // Those that may refuse come first.
    for referring in &cares.referring {
        let from = neighbour(inner, &referring.from)?;
        if referring.reference.on_delete == OnDelete::Restrict {
            restrict(&*from, &cx, model, referring, value).await?;
        }
    }
    for referring in &cares.referring {
        let from = neighbour(inner, &referring.from)?;
        follow(from, &cx, referring, value).await?;
    }
    Ok(())
}

/// The rows of keys, which nobody holds or changes until the transaction ends.
async fn locked(
    repository: &dyn Repository<Record>,
    cx: &CallContext,
    keys: &[Key],
) -> Result<Vec<Option<Record>>> {
    let keep = |key: &Key| Write::Alter {
        key: key.clone(),
        scope: None,
        alter: Box::new(|_| Ok(Alteration::Keep)),
    };
    let writes = keys.iter().map(keep).collect();
    Ok(repository.write(cx, writes).await?)
}

fn neighbour(
    inner: &Arc<dyn Repository<Record>>,
    model: &Arc<Model>,
) -> Result<Arc<dyn Repository<Record>>> {
    match model.entity().id == inner.model().entity().id {
        true => Ok(Arc::clone(inner)),
        false => inner.neighbour(model),
    }
}

/// Refuses where another row than one on its way out refers to the key.
async fn restrict(
    from: &dyn Repository<Record>,
    cx: &CallContext,
    model: &Model,
    referring: &Referring,
    value: &KeyValue,
) -> Result<()> {
    let going = Clearing::of(cx).cloned().unwrap_or_default().0;
    let mut query = Query::new(from.model().key_order().clone());
    query.filter = Some(referring.rows(value));
    query.fields = Some(from.model().entity().key.clone());
    query.limit = Some(
        u32::try_from(going.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
    );
    for row in from.find(cx, &query).await? {
        let key = from.model().key_of(row.as_ref())?;
        if !going.contains(&(from.model().entity().id, key)) {
            return Err(model.still_referred(&referring.reference));
        }
    }
    Ok(())
}

/// Removes the rows that refer to the key, or takes it out of them.
async fn follow(
    from: Arc<dyn Repository<Record>>,
    cx: &CallContext,
    referring: &Referring,
    value: &KeyValue,
) -> Result<()> {
    let reference = &referring.reference;
    let write: Box<dyn Fn(Key) -> Write<Record> + Send + Sync> = match reference.on_delete {
        OnDelete::Restrict | OnDelete::NoAction => return Ok(()),
        _ if reference.many => {
            let value = value.clone();
            Box::new(move |key| taken_out(referring, key, value.clone()))
        }
        OnDelete::Cascade => Box::new(|key| Write::Delete {
            key,
            check: Box::new(|_| Ok(())),
        }),
        OnDelete::SetNull => {
            let cleared = Record(bytes::Bytes::new());
            let numbers = vec![reference.key];
            let changes = Changes::of_numbers(from.model(), &cleared, numbers);
            let filter = referring.rows(value);
            from.update_all(cx, Some(&filter), &changes).await?;
            return Ok(());
        }
    };
    let filter = referring.rows(value);
    let mut keys = keys(&*from, cx, Some(&filter)).await?;
    let going = Clearing::of(cx).cloned().unwrap_or_default().0;
    let id = from.model().entity().id;
    keys.retain(|key| !going.contains(&(id, key.clone())));
    let from = Keeper::around(from);
    for some in keys.chunks(PAGE as usize) {
        let writes = some.iter().cloned().map(&write).collect();
        from.write(cx, writes).await?;
    }
    Ok(())
}

/// The row without the key in its list.
fn taken_out(referring: &Referring, key: Key, value: KeyValue) -> Write<Record> {
    let number = referring.reference.key;
    let model = Arc::clone(&referring.from);
    let is_key = referring.matcher();
    let missing = key.clone();
    Write::Modify {
        key,
        edit: Box::new(move |row| {
            let row = row.ok_or_else(|| model.not_found(&missing))?;
            let view = model.view(row.as_ref());
            let mut patch = Patch::default();
            let Some(field) = view.table().field(number) else {
                return Ok(row.clone());
            };
            let kept = view
                .repeated(number)
                .filter(|found| !is_key(*found, &value));
            patch.set(number, |writer| {
                kept.for_each(|value| {
                    writer.value(field, &value);
                });
            });
            model.canonical(model.patched(row.clone(), &patch).0)
        }),
    }
}
