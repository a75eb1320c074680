//! Methods on the rows of a relation: those of one author's books, and the links of a many-to-many.

use bytes::Bytes;
use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{Relation, RelationKind};

use super::{
    arguments::Arguments,
    include::columns_of,
    operation::{Operation, Subject},
    read::showing_deleted,
};
use crate::{
    Filter, Key, Model, Query, Record, Repository as _, TransactionOptions, Write,
    relation::{self, Belonging},
};

/// The row that a call's rows belong to.
pub(super) struct Parent<'a> {
    pub(super) subject: &'a Subject,
    pub(super) relation: &'a Relation,
    pub(super) key: Key,
    /// The linking model of a many-to-many.
    links: Option<&'a Subject>,
    /// The request field of the key.
    name: &'a str,
}

impl Operation {
    /// The row that the rows of this method belong to; `None` for a plain one.
    pub(super) fn parent<'a>(&'a self, arguments: &Arguments<'a>) -> Result<Option<Parent<'a>>> {
        let Some(of) = self.standard.relation else {
            return Ok(None);
        };
        let unserved = || {
            let path = &self.path;
            Error::failed_precondition(format!(
                "{path}: a model of the relation is not served here"
            ))
        };
        let subject = self.subjects.get(&of.parent).ok_or_else(unserved)?;
        let mut relations = subject.model.entity().relations.iter();
        let relation = relations
            .find(|relation| relation.field == of.field)
            .ok_or_else(unserved)?;
        let links = match relation.kind {
            RelationKind::HasManyThrough { through, .. } => {
                Some(&**self.subjects.get(&through).ok_or_else(unserved)?)
            }
            _ => None,
        };
        let number = arguments.shape.parent;
        let numbers: Vec<u32> = number.into_iter().collect();
        let key = subject.model.key_in(&arguments.view, &numbers);
        Ok(Some(Parent {
            key: key.ok_or_else(|| arguments.invalid(number, "is required"))?,
            name: arguments.name(number),
            subject,
            relation,
            links,
        }))
    }

    /// NOT_FOUND when the row that the rows of this method belong to is not there.
    pub(super) async fn check_parent(&self, cx: &CallContext, request: &Bytes) -> Result<()> {
        let Some(parent) = self.parent(&self.arguments(request))? else {
            return Ok(());
        };
        let model = &parent.subject.model;
        let found = parent
            .subject
            .repository
            .find_by_key(cx, &parent.key)
            .await?;
        match found.filter(|row| !model.is_deleted(row.as_ref())) {
            Some(_) => Ok(()),
            None => Err(model.not_found(&parent.key)),
        }
    }

    /// Get of a has_one.
    pub(super) async fn get_related(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        self.check_parent(cx, request).await?;
        let arguments = self.arguments(request);
        let scope = self.scope_of_one(&arguments)?;
        let mask = self.read_mask(&arguments, scope.fields)?;
        let branches = self.branches(&arguments, scope.include, mask.as_ref())?;
        let cx = &*showing_deleted(cx, arguments.flag(arguments.shape.show_deleted));
        let order = self.model().key_order().clone();
        let query = Query {
            filter: self.belonging(&arguments, None)?,
            limit: Some(1),
            fields: columns_of(mask.as_ref(), &order, &branches),
            ..Query::new(order)
        };
        let rows = self.repository().find(cx, &query).await?;
        let mut answers = self.answers(cx, rows, mask.as_ref(), &branches).await?;
        answers
            .pop()
            .ok_or_else(|| match self.parent(&self.arguments(request)) {
                Ok(Some(parent)) => parent.has_none(),
                _ => Error::not_found("there is none"),
            })
    }

    /// Create of a row that belongs to another, and the link to that where one is needed.
    pub(super) async fn create_related(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        self.check_parent(cx, request).await?;
        let arguments = self.arguments(request);
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let row = self.new_row(cx, &arguments)?;
        let Some(parent) = self.parent(&arguments)?.filter(|_| !validate_only) else {
            return self.create_row(cx, row, validate_only).await;
        };
        let Some(links) = parent.links else {
            return self.create_row(cx, row, false).await;
        };
        let transaction = self
            .repository()
            .begin(cx, &TransactionOptions::new())
            .await?;
        let cx = transaction.cx();
        let act = Write::Create(row).into();
        let rows = self.repository().act(cx, vec![act], false).await?;
        let row = rows.into_iter().next().flatten();
        let row = row.ok_or_else(|| Error::internal_error("a create answered no row"))?;
        let key = self.model().key_of(row.as_ref())?;
        let link = Write::Create(parent.belonging()?.link_to(&key)?).into();
        links.repository.act(cx, vec![link], false).await?;
        transaction.commit().await?;
        self.created(Some(row), false)
    }

    async fn create_row(
        &self,
        cx: &CallContext,
        row: Record,
        validate_only: bool,
    ) -> Result<Bytes> {
        let act = Write::Create(row).into();
        let rows = self.repository().act(cx, vec![act], validate_only).await?;
        self.created(rows.into_iter().next().flatten(), validate_only)
    }

    /// Links rows; those that are linked already stay so.
    pub(super) async fn link(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        self.check_parent(cx, request).await?;
        let keys = self.linked_ids(request)?;
        self.check_linked(cx, request, &keys).await?;
        let (parent, links) = self.linking(request)?;
        relation::link(&*links.repository, cx, parent.belonging()?, &keys).await?;
        Ok(Bytes::new())
    }

    /// Takes links away; those that are not there are no error.
    pub(super) async fn unlink(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        self.check_parent(cx, request).await?;
        let keys = self.linked_ids(request)?;
        let (parent, links) = self.linking(request)?;
        let filter = parent.belonging()?.links_to(&keys)?;
        links.repository.delete_all(cx, Some(&filter)).await?;
        Ok(Bytes::new())
    }

    /// The ids of a Link or Unlink, each once.
    fn linked_ids(&self, request: &Bytes) -> Result<Vec<Key>> {
        let mut keys: Vec<Key> = Vec::new();
        for key in self.ids(request)? {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        match keys.is_empty() {
            true => {
                let arguments = self.arguments(request);
                Err(arguments.invalid(arguments.shape.ids, "is required"))
            }
            false => Ok(keys),
        }
    }

    /// NOT_FOUND when one of the rows to link is not there.
    async fn check_linked(&self, cx: &CallContext, request: &Bytes, keys: &[Key]) -> Result<()> {
        let rows = self.repository().find_by_ids(cx, keys).await?;
        for (row, key) in rows.iter().zip(keys) {
            let deleted = |row: &Record| self.model().is_deleted(row.as_ref());
            if row.as_ref().is_none_or(deleted) {
                let error = self.model().not_found(key);
                let arguments = self.arguments(request);
                let name = arguments.name(arguments.shape.ids);
                let message = format!("{name}: {}", error.message());
                return Err(error.with_message(message));
            }
        }
        Ok(())
    }

    fn linking<'a>(&'a self, request: &'a Bytes) -> Result<(Parent<'a>, &'a Subject)> {
        let parent = self.parent(&self.arguments(request))?;
        let linking = parent.and_then(|parent| {
            let links = parent.links?;
            Some((parent, links))
        });
        linking.ok_or_else(|| Error::internal_error("a link without linking rows"))
    }
}

impl<'a> Parent<'a> {
    /// The row whose parts are written. `name` is the request field that it came in.
    pub(super) fn of_whole(
        subject: &'a Subject,
        relation: &'a Relation,
        key: Key,
        name: &'a str,
    ) -> Self {
        Self {
            subject,
            relation,
            key,
            links: None,
            name,
        }
    }

    fn belonging(&self) -> Result<Belonging<'_>> {
        let [key] = self.key.values() else {
            return Err(Error::internal_error(
                "a relation of a key of several fields",
            ));
        };
        Ok(Belonging {
            relation: self.relation,
            key,
            links: self.links.map(|links| &links.model),
        })
    }

    /// Which rows of the other model belong to the row.
    pub(super) fn condition(&self, target: &Model) -> Result<Filter> {
        self.belonging()?.condition(target)
    }

    /// A new row with the key of the one that it belongs to. `name` is the request field that it came in.
    ///
    /// INVALID_ARGUMENT when it says that it belongs to another.
    pub(super) fn owned(&self, target: &Model, row: Record, name: &str) -> Result<Record> {
        let told = self.relation.discriminator.as_ref().map(|told| told.field);
        self.belonging()?.marked(target, row, |number, value| {
            let field = format!("{name}.{}", target.field_name(number));
            let what = match told == Some(number) {
                true => format!("is not `{value}`, as {} has it", self.name),
                false => format!("differs from {}", self.name),
            };
            Error::invalid_field(field, what)
        })
    }

    /// NOT_FOUND: the row has no other one.
    fn has_none(&self) -> Error {
        let singular = &self.subject.model.entity().singular;
        Error::not_found(format!(
            "{singular} `{}` has no {}",
            self.key, self.relation.name
        ))
    }
}
