//! The rows of a linking model.

use protoloop_core::{CallContext, Result};

use super::Belonging;
use crate::{Key, Query, Record, Repository, TransactionOptions, Value, Write};

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
