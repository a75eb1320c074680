//! The rows of a linking model.

use protoloop_core::{CallContext, Code, Result};

use super::Belonging;
use crate::{Alteration, Key, Model, Query, Record, Repository, TransactionOptions, Value, Write};

/// Links rows; those that are linked already stay so.
pub(crate) async fn link(
    links: &dyn Repository<Record>,
    cx: &CallContext,
    belonging: Belonging<'_>,
    keys: &[Key],
) -> Result<()> {
    let transaction = links.begin(cx, &TransactionOptions::new()).await?;
    let cx = transaction.cx();
    let model = links.model();
    lock(links, cx, belonging).await?;
    let query = Query {
        filter: Some(belonging.links_to(keys)?),
        ..Query::new(model.key_order().clone())
    };
    let other = belonging.other()?;
    let present = links.find(cx, &query).await?;
    let mut linked: Vec<Value> = present
        .iter()
        .map(|link| model.value_of(link.as_ref(), &other))
        .collect();
    let mut writes = Vec::new();
    for key in keys {
        let Some(value) = key.values().first().map(Value::from) else {
            continue;
        };
        if !linked.contains(&value) {
            writes.push(Write::Create(belonging.link_to(key)?));
            linked.push(value);
        }
    }
    if !writes.is_empty() {
        links.write(cx, writes).await?;
    }
    transaction.commit().await
}

/// Keeps the row that others are linked to until the transaction ends: two calls for one row come one after the other, so
/// that the second sees the links of the first.
async fn lock(
    links: &dyn Repository<Record>,
    cx: &CallContext,
    belonging: Belonging<'_>,
) -> Result<()> {
    let model = links.model();
    let held = belonging.own_key()?;
    let mut references = model.schema().references().iter();
    let reference = references.find(|reference| {
        (reference.from, reference.key) == (model.entity().id, held) && reference.same_datasource
    });
    let Some(reference) = reference else {
        return Ok(());
    };
    let holder = Model::new(model.tables(), reference.to)?;
    let holders = match links.neighbour(&holder) {
        Ok(holders) => holders,
        // A repository of the application's own, which knows one model only.
        Err(error) if error.code() == Code::Unimplemented => return Ok(()),
        Err(error) => return Err(error),
    };
    let keep = Write::Alter {
        key: Key::from(belonging.key.clone()),
        scope: None,
        alter: Box::new(|_| Ok(Alteration::Keep)),
    };
    holders.write(cx, vec![keep]).await?;
    Ok(())
}
