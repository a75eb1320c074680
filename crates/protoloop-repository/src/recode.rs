//! One repository in the form of another.

use std::{marker::PhantomData, sync::Arc};

use futures_util::StreamExt as _;
use protoloop_core::{BoxFuture, CallContext, Result};

use crate::{
    Alter, Alteration, Changes, Cursor, Entity, Executed, Filter, GroupQuery, Key, Model, OrderBy,
    Query, Record, Repository, RowStream, Transaction, TransactionOptions, Value, Write,
    WriteError,
};

/// A repository of `Inner` rows as one of `Outer` rows of the same model: a connector's records as generated messages,
/// or a user's repository of generated messages as records for the engine.
pub struct Recode<Inner, Outer> {
    inner: Arc<dyn Repository<Inner>>,
    outer: PhantomData<fn() -> Outer>,
}

impl<Inner: Entity, Outer: Entity> Recode<Inner, Outer> {
    /// Wraps a repository.
    #[must_use]
    pub fn new(inner: Arc<dyn Repository<Inner>>) -> Self {
        Self {
            inner,
            outer: PhantomData,
        }
    }
}

impl<Inner: Entity, Outer> std::fmt::Debug for Recode<Inner, Outer> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Recode")
            .field(&self.inner.model().full_name())
            .finish()
    }
}

fn recode<From: Entity, To: Entity>(model: &Model, row: &From) -> Result<To> {
    To::decode(model.canonical(row.encode())?.0)
}

fn recode_write<Inner: Entity, Outer: Entity>(
    model: &Arc<Model>,
    write: Write<Outer>,
) -> Result<Write<Inner>> {
    Ok(match write {
        Write::Create(row) => Write::Create(recode(model, &row)?),
        Write::Modify { key, edit } => {
            let model = Arc::clone(model);
            let edit = move |row: Option<&Inner>| {
                let row = row.map(|row| recode(&model, row)).transpose()?;
                recode(&model, &edit(row.as_ref())?)
            };
            Write::Modify {
                key,
                edit: Box::new(edit),
            }
        }
        Write::Alter { key, scope, alter } => {
            let alter = recode_alter(model, alter);
            Write::Alter { key, scope, alter }
        }
        Write::Set {
            key,
            changes,
            when,
            scope,
            alter,
        } => Write::Set {
            alter: recode_alter(model, alter),
            key,
            changes,
            when,
            scope,
        },
        Write::Delete { key, check } => {
            let model = Arc::clone(model);
            let check = move |row: Option<&Inner>| {
                let row = row.map(|row| recode(&model, row)).transpose()?;
                check(row.as_ref())
            };
            Write::Delete {
                key,
                check: Box::new(check),
            }
        }
    })
}

fn recode_alter<Inner: Entity, Outer: Entity>(
    model: &Arc<Model>,
    alter: Alter<Outer>,
) -> Alter<Inner> {
    let model = Arc::clone(model);
    Box::new(move |row: Option<&Inner>| {
        let row = row.map(|row| recode(&model, row)).transpose()?;
        Ok(match alter(row.as_ref())? {
            Alteration::Keep => Alteration::Keep,
            Alteration::Put(row) => Alteration::Put(recode(&model, &row)?),
            Alteration::Remove => Alteration::Remove,
        })
    })
}

impl<Inner: Entity, Outer: Entity> Recode<Inner, Outer> {
    fn outer(&self, row: Option<Inner>) -> Result<Option<Outer>> {
        row.map(|row| recode(self.inner.model(), &row)).transpose()
    }

    fn all(&self, rows: Vec<Option<Inner>>) -> Result<Vec<Option<Outer>>> {
        rows.into_iter().map(|row| self.outer(row)).collect()
    }
}

impl<Inner: Entity, Outer: Entity> Repository<Outer> for Recode<Inner, Outer> {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        self.inner.neighbour(model)
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Outer>>> {
        Box::pin(async move {
            let rows = self.inner.find(cx, query).await?;
            let model = self.inner.model();
            rows.iter().map(|row| recode(model, row)).collect()
        })
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Outer,
    ) -> BoxFuture<'a, Result<Cursor>> {
        Box::pin(async move {
            let row = recode(self.inner.model(), row)?;
            self.inner.place(cx, order, &row).await
        })
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Outer>>>> {
        Box::pin(async move { self.all(self.inner.find_by_ids(cx, keys).await?) })
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Outer>>> {
        Box::pin(async move { self.outer(self.inner.find_by_key(cx, key).await?) })
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Outer>>>> {
        Box::pin(async move {
            let model = self.inner.model();
            let groups = self.inner.find_grouped(cx, query).await?;
            let group = |rows: Vec<Inner>| rows.iter().map(|row| recode(model, row)).collect();
            groups.into_iter().map(group).collect()
        })
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.count(cx, filter)
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Outer>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Outer>>, WriteError>> {
        Box::pin(async move {
            let model = self.inner.model();
            let mut recoded = Vec::with_capacity(writes.len());
            for (index, write) in writes.into_iter().enumerate() {
                let write =
                    recode_write(model, write).map_err(|error| WriteError::at(index, error))?;
                recoded.push(write);
            }
            Ok(self.all(self.inner.write(cx, recoded).await?)?)
        })
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        self.inner.begin(cx, options)
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.update_all(cx, filter, changes)
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.delete_all(cx, filter)
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Outer> {
        let rows = self.inner.stream(cx, query);
        let model = self.inner.model();
        Box::pin(rows.map(move |row| recode(model, &row?)))
    }

    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        self.inner.execute(cx, statement, parameters)
    }
}
