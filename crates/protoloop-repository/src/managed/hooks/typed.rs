//! Hooks of any row type behind one.

use std::{marker::PhantomData, sync::Arc};

use protoloop_core::{BoxFuture, Result};

use super::{Hook, HookContext, Save};
use crate::{Entity, Model, Query, Record};

/// A hook that takes records.
pub(super) trait Dispatch: Send + Sync {
    fn before_query<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        query: &'a mut Query,
    ) -> BoxFuture<'a, Result<()>>;

    fn loaded<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        rows: &'a mut Vec<Record>,
    ) -> BoxFuture<'a, Result<()>>;

    fn before_save<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        save: &'a mut Save<Record>,
    ) -> BoxFuture<'a, Result<()>>;

    fn after_save<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        save: &'a Save<Record>,
    ) -> BoxFuture<'a, Result<()>>;

    fn before_delete<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<()>>;

    fn after_delete<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<()>>;
}

/// A hook that takes rows of a type.
pub(super) struct Typed<E, H> {
    hook: H,
    entity: PhantomData<fn() -> E>,
}

impl<E, H> Typed<E, H> {
    pub(super) fn new(hook: H) -> Self {
        Self {
            hook,
            entity: PhantomData,
        }
    }
}

fn typed<E: Entity>(row: &Record) -> Result<E> {
    E::decode(row.0.clone())
}

fn record<E: Entity>(model: &Arc<Model>, row: &E) -> Result<Record> {
    model.canonical(row.encode())
}

fn typed_save<E: Entity>(save: &Save<Record>) -> Result<Save<E>> {
    Ok(Save {
        row: typed(&save.row)?,
        previous: save.previous.as_ref().map(typed).transpose()?,
    })
}

impl<E: Entity, H: Hook<E>> Dispatch for Typed<E, H> {
    fn before_query<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        query: &'a mut Query,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.hook.before_query(cx, query))
    }

    fn loaded<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        rows: &'a mut Vec<Record>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut loaded = rows.iter().map(typed).collect::<Result<Vec<E>>>()?;
            self.hook.loaded(cx, &mut loaded).await?;
            let changed = loaded.iter().map(|row| record(cx.model(), row));
            *rows = changed.collect::<Result<_>>()?;
            Ok(())
        })
    }

    fn before_save<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        save: &'a mut Save<Record>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut typed: Save<E> = typed_save(save)?;
            self.hook.before_save(cx, &mut typed).await?;
            save.row = record(cx.model(), &typed.row)?;
            Ok(())
        })
    }

    fn after_save<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        save: &'a Save<Record>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.hook.after_save(cx, &typed_save(save)?).await })
    }

    fn before_delete<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.hook.before_delete(cx, &typed(row)?).await })
    }

    fn after_delete<'a>(
        &'a self,
        cx: &'a HookContext<'a>,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { self.hook.after_delete(cx, &typed(row)?).await })
    }
}
