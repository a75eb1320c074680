//! To one, and lists of keys.

use std::{fmt, sync::Arc};

use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{Relation, RelationKind};

use super::{End, has_key, relation_of, wrong_kind};
use crate::{Entity, Filter, Key, Model, Repository, RepositoryExt as _};

/// The row that belongs to one row by a `has_one`: `author.profile(cx)?`.
pub struct HasOne<E> {
    rows: Arc<dyn Repository<E>>,
    end: End,
}

impl<E: Entity> HasOne<E> {
    /// The row of `rows` that belongs to `row` by the relation of a navigation field, by its number.
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
            RelationKind::HasOne { .. } => Ok(Self { rows, end }),
            _ => Err(wrong_kind(&end.relation)),
        }
    }

    fn filter(&self) -> Result<Filter> {
        self.end.belonging().condition(self.rows.model())
    }

    fn none(&self) -> Error {
        let (singular, name) = (&self.end.source.entity().singular, &self.end.relation.name);
        Error::not_found(format!("{singular} `{}` has no {name}", self.end.key))
    }

    /// The row; `None` when there is none.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn get(&self, cx: &CallContext) -> Result<Option<E>> {
        self.rows.find_one(cx, self.filter()?).await
    }

    /// Stores the row.
    ///
    /// # Errors
    /// ALREADY_EXISTS when there is one; INVALID_ARGUMENT when it says that it belongs to another.
    pub async fn create(&self, cx: &CallContext, row: E) -> Result<E> {
        let row = self.end.marked(self.rows.model(), &row)?;
        self.rows.create(cx, row).await
    }

    /// Changes the row within a transaction; `change` may run more than once, each time on a fresh copy.
    ///
    /// # Errors
    /// NOT_FOUND when there is none; what `change` answers.
    pub async fn update(
        &self,
        cx: &CallContext,
        change: impl Fn(&mut E) -> Result<()> + Send + Sync + 'static,
    ) -> Result<E> {
        let row = self.get(cx).await?.ok_or_else(|| self.none())?;
        let key = self.rows.model().key_of(&row.encode())?;
        self.rows.update_by_id(cx, &key, change).await
    }

    /// Removes the row; answers whether there was one.
    ///
    /// # Errors
    /// As [`Repository::delete_all`].
    pub async fn delete(&self, cx: &CallContext) -> Result<bool> {
        let filter = self.filter()?;
        Ok(self.rows.delete_all(cx, Some(&filter)).await? > 0)
    }
}

/// The row that one row refers to by a `belongs_to`: `book.author(cx)?`.
pub struct BelongsTo<E> {
    rows: Arc<dyn Repository<E>>,
    relation: Relation,
    /// `None` where the row refers to none, or to a row of another model.
    key: Option<Key>,
}

impl<E: Entity> BelongsTo<E> {
    /// The row of `rows` that `row` refers to by the relation of a navigation field, by its number.
    ///
    /// # Errors
    /// INTERNAL for another field.
    pub fn new<P: Entity>(
        source: &Model,
        row: &P,
        field: u32,
        rows: Arc<dyn Repository<E>>,
    ) -> Result<Self> {
        let relation = relation_of(source, field)?;
        let RelationKind::BelongsTo { key, .. } = relation.kind else {
            return Err(wrong_kind(&relation));
        };
        let row = row.encode();
        let row = source.view(&row);
        let told = relation.discriminator.as_ref();
        let means_it = told.is_none_or(|told| row.string(told.field) == &*told.value);
        Ok(Self {
            key: rows.model().key_in(&row, &[key]).filter(|_| means_it),
            relation,
            rows,
        })
    }

    /// The row; `None` when there is none, or the caller may not see it.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn get(&self, cx: &CallContext) -> Result<Option<E>> {
        match &self.key {
            Some(key) => {
                let is_it = has_key(self.rows.model(), key)?;
                self.rows.find_one(cx, is_it).await
            }
            None => Ok(None),
        }
    }
}

/// The rows of a list of keys, by a `references_many`: `playlist.tracks(cx)?`.
pub struct ReferencesMany<E> {
    rows: Arc<dyn Repository<E>>,
    relation: Relation,
    keys: Vec<Key>,
}

impl<E: Entity> ReferencesMany<E> {
    /// The rows of `rows` whose keys `row` lists in the relation of a navigation field, by its number.
    ///
    /// # Errors
    /// INTERNAL for another field.
    pub fn new<P: Entity>(
        source: &Model,
        row: &P,
        field: u32,
        rows: Arc<dyn Repository<E>>,
    ) -> Result<Self> {
        let relation = relation_of(source, field)?;
        let RelationKind::ReferencesMany { key } = relation.kind else {
            return Err(wrong_kind(&relation));
        };
        let row = row.encode();
        let listed = source.view(&row);
        let keys = listed.repeated(key);
        let keys = keys.filter_map(|value| rows.model().key_from_value(&value));
        Ok(Self {
            keys: keys.collect(),
            relation,
            rows,
        })
    }

    /// The rows in the order of the list; keys of which there is no row that the caller may see are left out.
    ///
    /// # Errors
    /// As [`Repository::find`].
    pub async fn find_all(&self, cx: &CallContext) -> Result<Vec<E>> {
        let model = self.rows.model();
        let found = self.rows.find_by_ids(cx, &self.keys).await?;
        let seen = |row: &E| !model.is_deleted(&row.encode());
        Ok(found.into_iter().flatten().filter(seen).collect())
    }
}

impl End {
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        f.debug_struct(name)
            .field("relation", &self.relation.name)
            .field("of", &self.source.full_name())
            .finish_non_exhaustive()
    }
}

impl<E> fmt::Debug for HasOne<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.write(f, "HasOne")
    }
}

impl<E> fmt::Debug for BelongsTo<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BelongsTo")
            .field(&self.relation.name)
            .finish()
    }
}

impl<E> fmt::Debug for ReferencesMany<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReferencesMany")
            .field(&self.relation.name)
            .finish()
    }
}
