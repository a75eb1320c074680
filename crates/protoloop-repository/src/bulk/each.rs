//! Changing rows one by one, for repositories that cannot do it in one statement.

use protoloop_core::{CallContext, Result};

use crate::{Changes, Entity, Filter, Key, Query, Repository, TransactionOptions, Write};

/// Rows in one go.
pub(crate) const PAGE: u32 = 500;

/// Applies changes to each row of a filter, in one transaction.
pub(crate) async fn update_each<E: Entity, R: Repository<E> + ?Sized>(
    repository: &R,
    cx: &CallContext,
    filter: Option<&Filter>,
    changes: &Changes,
) -> Result<u64> {
    if changes.is_empty() {
        return repository.count(cx, filter).await;
    }
    each(repository, cx, filter, |key| {
        let (model, changes) = (repository.model().clone(), changes.clone());
        let missing = key.clone();
        let edit = move |row: Option<&E>| {
            let row = row.ok_or_else(|| model.not_found(&missing))?;
            let row = changes.apply(&model, model.canonical(row.encode())?)?;
            E::decode(row.0)
        };
        Write::Modify {
            key,
            edit: Box::new(edit),
        }
    })
    .await
}

/// Removes each row of a filter, in one transaction.
pub(crate) async fn delete_each<E: Entity, R: Repository<E> + ?Sized>(
    repository: &R,
    cx: &CallContext,
    filter: Option<&Filter>,
) -> Result<u64> {
    each(repository, cx, filter, |key| Write::Delete {
        key,
        check: Box::new(|_| Ok(())),
    })
    .await
}

/// The keys are read before the first change, which may move rows into the filter or out of it.
async fn each<E: Entity, R: Repository<E> + ?Sized>(
    repository: &R,
    cx: &CallContext,
    filter: Option<&Filter>,
    write: impl Fn(Key) -> Write<E>,
) -> Result<u64> {
    let options = TransactionOptions::new();
    let transaction = repository.begin(cx, &options).await?;
    let cx = transaction.cx();
    let keys = keys(repository, cx, filter).await?;
    for some in keys.chunks(PAGE as usize) {
        let writes = some.iter().cloned().map(&write).collect();
        repository.write(cx, writes).await?;
    }
    transaction.commit().await?;
    Ok(keys.len() as u64)
}

/// The keys of the rows that a filter selects.
pub(crate) async fn keys<E: Entity, R: Repository<E> + ?Sized>(
    repository: &R,
    cx: &CallContext,
    filter: Option<&Filter>,
) -> Result<Vec<Key>> {
    let model = repository.model();
    let mut query = Query::new(model.key_order().clone());
    query.filter = filter.cloned();
    query.fields = Some(model.entity().key.clone());
    query.limit = Some(PAGE);
    let mut keys = Vec::new();
    loop {
        let rows = repository.find(cx, &query).await?;
        for row in &rows {
            keys.push(model.key_of(&row.encode())?);
        }
        match rows.last() {
            Some(last) if rows.len() == PAGE as usize => {
                query.after = Some(repository.place(cx, &query.order, last).await?);
            }
            _ => return Ok(keys),
        }
    }
}
