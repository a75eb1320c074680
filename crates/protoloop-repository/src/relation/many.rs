//! To many: the key is in the other model, or in one between.

use std::{fmt, future::ready, ops::Deref, sync::Arc};

use futures_util::stream;
use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::RelationKind;

use super::{End, has_key, link, wrong_kind};
use crate::{
    Alteration, Changes, Entity, Filter, Key, Model, Query, Record, Repository, RepositoryExt as _,
    RowStream, TransactionOptions, Write, bulk::pages_of,
};

/// The rows that belong to one row by a `has_many`: `author.books(cx)?`.
///
/// Rows of others are as good as absent, whatever a call asks for.
pub struct HasMany<E> {
    rows: Arc<dyn Repository<E>>,
    end: End,
}

impl<E: Entity> HasMany<E> {
    /// The rows of `rows` that belong to `row` by the relation of a navigation field, by its number.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the row has no id, or one of several fields; INTERNAL for another field.
    pub fn new<P: Entity>(
        source: &Arc<Model>,
        row: &P,
        field: u32,
        rows: Arc<dyn Repository<E>>,
    ) -> Result<Self> {
        let end = End::new(source, row, field)?;
        match end.relation.kind {
            RelationKind::HasMany { .. } => Ok(Self { rows, end }),
            _ => Err(wrong_kind(&end.relation)),
        }
    }

    /// The model of the rows.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        self.rows.model()
    }

    /// The condition that a row belongs here, with another one.
    fn filter(&self, filter: Option<Filter>) -> Result<Filter> {
        let own = self.end.belonging().condition(self.model())?;
        Ok(match filter {
            Some(filter) => Filter::And(vec![own, filter]),
            None => own,
        })
    }

    /// The rows that a query selects, in its order.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn find(&self, cx: &CallContext, query: &Query) -> Result<Vec<E>> {
        let mut query = query.clone();
        query.filter = Some(self.filter(query.filter.take())?);
        self.rows.find(cx, &query).await
    }

    /// The rows that a query selects, in its order, page by page: however many there are, few are in memory at once. Rows
    /// that change meanwhile are seen as they are when their page is read.
    pub fn stream<'a>(&'a self, cx: &'a CallContext, query: &Query) -> RowStream<'a, E> {
        let mut query = query.clone();
        match self.filter(query.filter.take()) {
            Ok(filter) => {
                query.filter = Some(filter);
                pages_of(&*self.rows, cx, query)
            }
            Err(error) => Box::pin(stream::once(ready(Err(error)))),
        }
    }

    /// All rows, or those that a filter selects, by key.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn find_all(
        &self,
        cx: &CallContext,
        filter: impl Into<Option<Filter>>,
    ) -> Result<Vec<E>> {
        let filter = self.filter(filter.into())?;
        self.rows.find_all(cx, filter).await
    }

    /// The first row that a filter selects, by key; of all without one.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn find_one(
        &self,
        cx: &CallContext,
        filter: impl Into<Option<Filter>>,
    ) -> Result<Option<E>> {
        let filter = self.filter(filter.into())?;
        self.rows.find_one(cx, filter).await
    }

    /// The row of a key.
    ///
    /// # Errors
    /// NOT_FOUND when there is none, or it belongs to another.
    pub async fn find_by_id(&self, cx: &CallContext, key: &Key) -> Result<E> {
        let is_it = has_key(self.model(), key)?;
        let found = self.find_one(cx, is_it).await?;
        found.ok_or_else(|| self.model().not_found(key))
    }

    /// The number of rows that a filter selects; of all without one.
    ///
    /// # Errors
    /// As [`Repository::count`].
    pub async fn count(&self, cx: &CallContext, filter: impl Into<Option<Filter>>) -> Result<u64> {
        let filter = self.filter(filter.into())?;
        self.rows.count(cx, Some(&filter)).await
    }

    /// Stores a new row, which belongs here; through a linking model with its link.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the row says that it belongs to another; as [`RepositoryExt::create`](crate::RepositoryExt::create).
    pub async fn create(&self, cx: &CallContext, row: E) -> Result<E> {
        let rows = self.create_all(cx, vec![row]).await?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| Error::internal_error("a create answered no row"))
    }

    /// Stores new rows, all or none, and answers them in order.
    ///
    /// # Errors
    /// As [`HasMany::create`].
    pub async fn create_all(&self, cx: &CallContext, rows: Vec<E>) -> Result<Vec<E>> {
        let model = self.model();
        let marked = rows.iter().map(|row| self.end.marked(model, row));
        let marked = marked.collect::<Result<Vec<E>>>()?;
        let Some(links) = &self.end.links else {
            return self.rows.create_all(cx, marked).await;
        };
        let transaction = self.rows.begin(cx, &TransactionOptions::new()).await?;
        let cx = transaction.cx();
        let stored = self.rows.create_all(cx, marked).await?;
        let belonging = self.end.belonging();
        let mut writes = Vec::with_capacity(stored.len());
        for row in &stored {
            let key = model.key_of(&row.encode())?;
            writes.push(Write::Create(belonging.link_to(&key)?));
        }
        links.write(cx, writes).await?;
        transaction.commit().await?;
        Ok(stored)
    }

    /// Changes the row of a key within a transaction; `change` may run more than once, each time on a fresh copy.
    ///
    /// # Errors
    /// NOT_FOUND when there is none, or it belongs to another; INVALID_ARGUMENT when `change` gives it to another;
    /// what `change` answers; ALREADY_EXISTS when a unique value is taken.
    pub async fn update_by_id(
        &self,
        cx: &CallContext,
        key: &Key,
        change: impl Fn(&mut E) -> Result<()> + Send + Sync + 'static,
    ) -> Result<E> {
        let (model, missing) = (Arc::clone(self.model()), key.clone());
        let marks = self.end.belonging().marks();
        let alter = move |row: Option<&E>| {
            let mut row = row.cloned().ok_or_else(|| model.not_found(&missing))?;
            change(&mut row)?;
            let changed = model.canonical(row.encode())?;
            for (number, value) in &marks {
                let path = model.column_property(*number);
                let kept = path.is_some_and(|path| {
                    model.value_of(changed.as_ref(), &path) == crate::Value::from(value)
                });
                if !kept {
                    let what = "cannot be changed here: the row would belong to another";
                    return Err(Error::invalid_field(model.field_name(*number), what));
                }
            }
            Ok(Alteration::Put(row))
        };
        let write = Write::Alter {
            key: key.clone(),
            scope: Some(self.filter(None)?),
            alter: Box::new(alter),
        };
        let mut rows = self.rows.write(cx, vec![write]).await?;
        let row = rows.pop().flatten();
        row.ok_or_else(|| self.model().not_found(key))
    }

    /// Sets fields of all rows, or of those that a filter selects, in one statement where the store has statements.
    /// Answers how many there were.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for changes of the fields that say to whom a row belongs; as [`Repository::update_all`].
    pub async fn update_all(
        &self,
        cx: &CallContext,
        filter: impl Into<Option<Filter>>,
        changes: &Changes,
    ) -> Result<u64> {
        let mut marks = self.end.belonging().marks().into_iter();
        if let Some((number, _)) = marks.find(|(number, _)| changes.fields().contains(number)) {
            let what = "cannot be changed here: the rows would belong to another";
            return Err(Error::invalid_field(self.model().field_name(number), what));
        }
        let filter = self.filter(filter.into())?;
        self.rows.update_all(cx, Some(&filter), changes).await
    }

    /// Removes the row of a key.
    ///
    /// # Errors
    /// NOT_FOUND when there is none, or it belongs to another; FAILED_PRECONDITION when others refer to it.
    pub async fn delete_by_id(&self, cx: &CallContext, key: &Key) -> Result<()> {
        let is_it = has_key(self.model(), key)?;
        match self.delete_all(cx, is_it).await? {
            0 => Err(self.model().not_found(key)),
            _ => Ok(()),
        }
    }

    /// Removes all rows, or those that a filter selects. Answers how many there were.
    ///
    /// # Errors
    /// As [`Repository::delete_all`].
    pub async fn delete_all(
        &self,
        cx: &CallContext,
        filter: impl Into<Option<Filter>>,
    ) -> Result<u64> {
        let filter = self.filter(filter.into())?;
        self.rows.delete_all(cx, Some(&filter)).await
    }
}

/// The rows that belong to one row by a `has_many` through a linking model: `book.tags(cx)?`. Beside what [`HasMany`] has,
/// rows are linked and unlinked.
pub struct HasManyThrough<E>(HasMany<E>);

impl<E: Entity> HasManyThrough<E> {
    /// As [`HasMany::new`], with the rows of the linking model.
    ///
    /// # Errors
    /// As there.
    pub fn new<P: Entity>(
        source: &Arc<Model>,
        row: &P,
        field: u32,
        rows: Arc<dyn Repository<E>>,
        links: Arc<dyn Repository<Record>>,
    ) -> Result<Self> {
        let mut end = End::new(source, row, field)?;
        let RelationKind::HasManyThrough { .. } = end.relation.kind else {
            return Err(wrong_kind(&end.relation));
        };
        end.links = Some(links);
        Ok(Self(HasMany { rows, end }))
    }

    fn links(&self) -> Result<&Arc<dyn Repository<Record>>> {
        let links = self.0.end.links.as_ref();
        links.ok_or_else(|| wrong_kind(&self.0.end.relation))
    }

    /// Links rows, all or none; those that are linked already stay so.
    ///
    /// # Errors
    /// NOT_FOUND when one of the rows is not there; as [`Repository::write`].
    pub async fn link(&self, cx: &CallContext, keys: &[Key]) -> Result<()> {
        let found = self.rows.find_by_ids(cx, keys).await?;
        for (row, key) in found.iter().zip(keys) {
            let model = self.model();
            if row
                .as_ref()
                .is_none_or(|row| model.is_deleted(&row.encode()))
            {
                return Err(model.not_found(key));
            }
        }
        link(&**self.links()?, cx, self.end.belonging(), keys).await
    }

    /// Takes links away; answers how many there were. The rows stay.
    ///
    /// # Errors
    /// As [`Repository::delete_all`].
    pub async fn unlink(&self, cx: &CallContext, keys: &[Key]) -> Result<u64> {
        if keys.is_empty() {
            return Ok(0);
        }
        let links = self.end.belonging().links_to(keys)?;
        self.links()?.delete_all(cx, Some(&links)).await
    }

    /// Takes all links of the row away; answers how many there were.
    ///
    /// # Errors
    /// As [`Repository::delete_all`].
    pub async fn unlink_all(&self, cx: &CallContext) -> Result<u64> {
        let links = self.end.belonging().all_links()?;
        self.links()?.delete_all(cx, Some(&links)).await
    }
}

impl<E> Deref for HasManyThrough<E> {
    type Target = HasMany<E>;

    fn deref(&self) -> &HasMany<E> {
        &self.0
    }
}

impl<E> fmt::Debug for HasMany<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.write(f, "HasMany")
    }
}

impl<E> fmt::Debug for HasManyThrough<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.write(f, "HasManyThrough")
    }
}
