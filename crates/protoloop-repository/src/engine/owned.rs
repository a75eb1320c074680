//! Rows that are written as parts of another: relations with `owned: true`.
//!
//! A Create or Update may carry them in their navigation fields. They are taken out of the request, which goes on as that
//! of the whole alone, and are written behind it in the same transaction. An Update replaces the parts of a relation
//! that its mask names; without a mask, or with `*`, of those that are sent. A part with the id of a present one replaces
//! that; the others are new, and present ones that were not sent are deleted.

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{CallContext, Detail, Error, Result};
use protoloop_schema::{IdStrategy, Relation};
use protoloop_wire::Patch;

use super::{
    include::{Attached, attach},
    operation::{Operation, Subject},
    related::Parent,
};
use crate::{
    Key, Query, Record, Repository as _, TransactionOptions, Write, WriteError, managed::Act,
};

/// The most parts of one relation in one call.
const MAX_PARTS: usize = 1_000;

/// The parts of one relation, as they were sent.
pub(super) struct Parts {
    relation: Relation,
    target: Arc<Subject>,
    rows: Vec<Record>,
    /// Where they came in: `author.books`.
    name: String,
}

impl Operation {
    /// Takes the parts out of a Create or Update; `None` when it has none.
    pub(super) fn take_parts(&self, request: &Bytes) -> Result<Option<(Bytes, Vec<Parts>)>> {
        let mut owned = self
            .model()
            .entity()
            .relations
            .iter()
            .filter(|one| one.owned)
            .peekable();
        let arguments = self.arguments(request);
        let Some(resource) = arguments.shape.resource.filter(|_| owned.peek().is_some()) else {
            return Ok(None);
        };
        let paths = arguments.paths(arguments.shape.update_mask);
        let paths = paths.filter(|paths| *paths != ["*"]);
        let Some(whole) = arguments.view.message_merged(resource) else {
            return Ok(None);
        };
        let whole = self.model().view(&whole);
        let (mut parts, mut without) = (Vec::new(), Patch::default());
        for relation in owned {
            let named = match &paths {
                Some(paths) => self.names(relation, paths),
                None => whole.has(relation.field),
            };
            if named {
                let name = arguments.name(Some(resource));
                parts.push(self.parts(relation, &whole, name)?);
            }
            without.remove(relation.field);
        }
        if parts.is_empty() {
            return Ok(None);
        }
        let stripped = without.apply(&whole);
        let mut patch = Patch::default();
        patch.set(resource, |writer| writer.bytes(resource, &stripped));
        if let (Some(paths), Some(number)) = (paths, arguments.shape.update_mask) {
            let is_part = |path: &str| {
                let first = path.split('.').next().unwrap_or(path);
                let relation = self.model().relation(first);
                relation.is_some_and(|relation| relation.owned)
            };
            let mut rest: Vec<&str> = paths.into_iter().filter(|path| !is_part(path)).collect();
            // A mask of nothing would be one of everything that is sent; the key is never set anew.
            let key = self.key_field_name();
            if rest.is_empty() {
                rest.push(&key);
            }
            patch.set(number, |writer| {
                let open = writer.open(number);
                rest.iter().for_each(|path| writer.string(1, path));
                writer.close(open);
            });
        }
        Ok(Some((patch.apply(&arguments.view).into(), parts)))
    }

    fn key_field_name(&self) -> String {
        let first = self.model().entity().key.first();
        first.map_or_else(String::new, |number| {
            self.model().field_name(*number).to_string()
        })
    }

    /// Whether a mask names a relation. A path to a field of its rows does too: REST makes such ones of a body.
    fn names(&self, relation: &Relation, paths: &[&str]) -> bool {
        paths.iter().any(|path| {
            let first = path.split('.').next().unwrap_or(path);
            let found = self.model().relation(first);
            found.is_some_and(|found| found.field == relation.field)
        })
    }

    fn parts(
        &self,
        relation: &Relation,
        whole: &protoloop_wire::View<'_>,
        name: &str,
    ) -> Result<Parts> {
        let name = format!("{name}.{}", relation.name);
        let target = self
            .subjects
            .get(&relation.target)
            .cloned()
            .ok_or_else(|| {
                Error::failed_precondition(format!("{name}: the model is not served here"))
            })?;
        let mut rows = Vec::new();
        let values = whole.message(relation.field).into_iter().chain(
            whole
                .repeated(relation.field)
                .filter_map(|value| value.as_message()),
        );
        for (index, value) in values.enumerate() {
            if index == MAX_PARTS {
                return Err(Error::invalid_field(
                    name,
                    format!("has more than {MAX_PARTS} rows"),
                ));
            }
            rows.push(
                target
                    .model
                    .canonical(Bytes::copy_from_slice(value.bytes()))?,
            );
        }
        Ok(Parts {
            relation: relation.clone(),
            target,
            rows,
            name,
        })
    }

    /// Create with parts.
    pub(super) async fn create_whole(
        &self,
        cx: &CallContext,
        request: &Bytes,
        parts: Vec<Parts>,
    ) -> Result<Bytes> {
        let (validate_only, row) = {
            let arguments = self.arguments(request);
            (
                arguments.flag(arguments.shape.validate_only),
                self.new_row(cx, &arguments)?,
            )
        };
        let act = Write::Create(row).into();
        let (row, attached) = self
            .write_whole(cx, act, request, parts, validate_only)
            .await?;
        let answer = self.created(Some(row), validate_only)?;
        Ok(self.with_parts(answer, &attached))
    }

    /// Update with parts.
    pub(super) async fn update_whole(
        &self,
        cx: &CallContext,
        request: &Bytes,
        parts: Vec<Parts>,
    ) -> Result<Bytes> {
        let (validate_only, act) = {
            let arguments = self.arguments(request);
            let only_new = super::update::asks_for_none(cx);
            let act = self.change(cx, &arguments, only_new)?.into();
            (arguments.flag(arguments.shape.validate_only), act)
        };
        let (row, attached) = self
            .write_whole(cx, act, request, parts, validate_only)
            .await?;
        let answer = self.updated(Some(row))?;
        Ok(self.with_parts(answer, &attached))
    }

    fn with_parts(&self, answer: Bytes, attached: &[Attached]) -> Bytes {
        attach(&self.model().view(&answer), attached, 0).unwrap_or(answer)
    }

    /// Writes a row and its parts, all or none; answers both. What was only tried has no parts in its answer: their ids
    /// would be others the next time.
    async fn write_whole(
        &self,
        cx: &CallContext,
        act: Act,
        request: &Bytes,
        parts: Vec<Parts>,
        validate_only: bool,
    ) -> Result<(Record, Vec<Attached>)> {
        let transaction = self
            .repository()
            .begin(cx, &TransactionOptions::new())
            .await?;
        let cx = transaction.cx();
        let rows = self.repository().act(cx, vec![act], false).await?;
        let row = rows.into_iter().next().flatten();
        let row = row.ok_or_else(|| Error::internal_error("a write answered no row"))?;
        let key = self.model().key_of(row.as_ref())?;
        let mut attached = Vec::with_capacity(parts.len());
        for parts in &parts {
            let name = self
                .arguments(request)
                .name(self.standard.request.resource)
                .to_owned();
            let parent = Parent::of_whole(&self.subject, &parts.relation, key.clone(), &name);
            attached.push(parts.write(cx, &parent).await?);
        }
        if validate_only {
            transaction.rollback().await?;
            return Ok((row, Vec::new()));
        }
        transaction.commit().await?;
        attached.sort_by_key(|attached| attached.field);
        Ok((row, attached))
    }
}

impl Parts {
    /// Lets the parts of a row be these.
    async fn write(&self, cx: &CallContext, parent: &Parent<'_>) -> Result<Attached> {
        let (target, model) = (&self.target, &self.target.model);
        let query = Query {
            filter: Some(parent.condition(model)?),
            ..Query::new(model.key_order().clone())
        };
        let mut present = Vec::new();
        for row in target.repository.find(cx, &query).await? {
            present.push(model.key_of(row.as_ref())?);
        }
        let (mut acts, mut kept) = (Vec::with_capacity(self.rows.len()), Vec::new());
        for (index, row) in self.rows.iter().enumerate() {
            let place = self.place(index);
            let row = target.input(cx, row.clone(), &place)?;
            let row = parent.owned(model, row, &place)?;
            target.check_required(&row, None, &place)?;
            acts.push(self.act(row, &present, &mut kept, &place)?);
        }
        let gone: Vec<Act> = present
            .into_iter()
            .filter(|key| !kept.contains(key))
            .map(|key| {
                Write::Delete {
                    key,
                    check: Box::new(|_| Ok(())),
                }
                .into()
            })
            .collect();
        // First, because they may hold unique values that new ones have.
        if !gone.is_empty() {
            target.repository.act(cx, gone, false).await?;
        }
        let mut attached = Attached::new(self.relation.field);
        if !acts.is_empty() {
            let written = target.repository.act(cx, acts, false).await;
            let rows = written.map_err(|failure| self.failed(failure))?;
            attached.messages = rows
                .into_iter()
                .flatten()
                .map(|row| target.answer(row, None))
                .collect();
        }
        let all: Vec<usize> = (0..attached.messages.len()).collect();
        attached.add(&all);
        Ok(attached)
    }

    /// The write of one part: in place of a present one, or a new one.
    fn act(&self, row: Record, present: &[Key], kept: &mut Vec<Key>, place: &str) -> Result<Act> {
        let model = &self.target.model;
        let id = || format!("{place}.{}", model.lacking_key_name(row.as_ref()));
        let made = model.entity().id_strategy != IdStrategy::Client;
        let Some(key) = model.find_key(row.as_ref()) else {
            return match made {
                true => Ok(Write::Create(row).into()),
                false => Err(Error::invalid_field(id(), "is required")),
            };
        };
        if kept.contains(&key) {
            return Err(Error::invalid_field(id(), "is sent twice"));
        }
        kept.push(key.clone());
        if present.contains(&key) {
            let edit = Box::new(move |_: Option<&Record>| Ok(row.clone()));
            return Ok(Write::Modify { key, edit }.into());
        }
        match made {
            true => Err(Error::invalid_field(
                id(),
                "is made by the server; leave it out",
            )),
            false => Ok(Write::Create(row).into()),
        }
    }

    fn place(&self, index: usize) -> String {
        match self.relation.is_to_many() {
            true => format!("{}[{index}]", self.name),
            false => self.name.clone(),
        }
    }

    /// The error as one of a part.
    fn failed(&self, WriteError { index, error }: WriteError) -> Error {
        let Some(index) = index else { return error };
        let place = self.place(index);
        let names_fields = |detail: &Detail| matches!(detail, Detail::BadRequest(_));
        if error.details().iter().any(names_fields) {
            return error.under_field(&place);
        }
        let message = format!("{place}: {}", error.message());
        error.with_message(message)
    }
}
