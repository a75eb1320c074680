//! Update (AIP-134) and Replace.

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::Cardinality;
use protoloop_wire::{
    View,
    mask::{Mask, merge},
};

use super::{
    arguments::Arguments,
    operation::{Operation, Subject},
};
use crate::{
    Alteration, Changes, CompareOp, Filter, Key, LeafKind, Model, Record, Value, Write,
    etag::quoted, etag_matches,
};

/// What an Update does to the row it finds.
struct Change {
    subject: Arc<Subject>,
    key: Key,
    /// The resource as it was sent, without what is ignored.
    update: Record,
    mask: Mask,
    /// Empty when the caller gave none.
    etag: String,
    /// The version that the caller read, where it gave one.
    version: Option<i64>,
    allow_missing: bool,
    /// Whether there must be no row yet: metadata `if-none-match: *`, which has no field in AIP-134.
    only_new: bool,
    /// The request field of the resource, for errors.
    name: String,
}

impl Operation {
    pub(super) async fn update(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        if let Some((request, parts)) = self.take_parts(request)? {
            return Box::pin(self.update_whole(cx, &request, parts)).await;
        }
        let arguments = self.arguments(request);
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let only_new = asks_for_none(cx);
        let act = self.change(cx, &arguments, only_new)?.into();
        let rows = self.repository().act(cx, vec![act], validate_only).await?;
        self.updated(rows.into_iter().next().flatten())
    }

    pub(super) fn updated(&self, row: Option<Record>) -> Result<Bytes> {
        let row = row.ok_or_else(|| Error::internal_error("an update answered no row"))?;
        Ok(self.subject.answer(row, None))
    }

    /// The write that an Update asks for. `only_new`: an existing row is ALREADY_EXISTS.
    pub(super) fn change(
        &self,
        cx: &CallContext,
        arguments: &Arguments<'_>,
        only_new: bool,
    ) -> Result<Write<Record>> {
        let model = self.model();
        let shape = arguments.shape;
        let name = arguments.name(shape.resource);
        let sent = arguments.resource(model)?;
        let key = model.find_key(sent.as_ref()).ok_or_else(|| {
            Error::invalid_field(
                format!("{name}.{}", self.model().lacking_key_name(sent.as_ref())),
                "is required",
            )
        })?;
        let etag = model.entity().etag.map_or_else(String::new, |n| {
            model.view(sent.as_ref()).string(n).to_owned()
        });
        let version = self.subject.version(&sent);
        let update = self.subject.input(cx, sent, name)?;
        let mask = self.update_mask(arguments, &update)?;
        let change = Change {
            subject: Arc::clone(&self.subject),
            key: key.clone(),
            update,
            mask,
            etag,
            version,
            allow_missing: arguments.flag(shape.allow_missing),
            only_new,
            name: name.to_owned(),
        };
        Ok(change.into_write())
    }

    /// The fields that an Update sets: those that the mask names, of `*` all, without a mask those that are sent.
    fn update_mask(&self, arguments: &Arguments<'_>, update: &Record) -> Result<Mask> {
        let view = self.model().view(update.as_ref());
        let number = arguments.shape.update_mask;
        let name = arguments.name(number);
        let mut mask = match arguments.paths(number) {
            None => Mask::of(&view),
            Some(paths) => self.subject.mask(paths, name)?,
        };
        if mask.is_whole() {
            mask = self.subject.all_settable(&view);
        }
        if let Some(path) = self.subject.refused.named_by(&mask, &view) {
            return Err(Error::invalid_field(
                name,
                format!("path `{path}`: cannot be written"),
            ));
        }
        if let Some(path) = through_list(&mask, &view) {
            return Err(Error::invalid_field(
                name,
                format!("path `{path}`: is a list, which is set as a whole"),
            ));
        }
        let entity = self.model().entity();
        let ignored = self.subject.ignored.of_root().iter();
        for number in ignored.chain(&entity.key).chain(&entity.tenant_key) {
            mask.remove(*number);
        }
        Ok(self.subject.kept.spare(&mask, &view))
    }
}

/// Whether a caller asks that there be no row yet.
pub(super) fn asks_for_none(cx: &CallContext) -> bool {
    let asked = cx.metadata().get("if-none-match");
    asked.is_some_and(|tags| tags == "*")
}

impl Subject {
    /// The fields that a replacement sets; an IMMUTABLE one that is not sent stays.
    fn all_settable(&self, update: &View<'_>) -> Mask {
        let mut mask = Mask::default();
        for field in update.table().fields() {
            let number = field.number();
            let stays = self.refused.of_root().contains(&number)
                || self.immutable.contains(&number) && !update.has(number);
            if !stays {
                mask.add(number);
            }
        }
        mask
    }

    /// The row with what an update sets.
    fn merged(&self, row: &Record, update: &Record, mask: &Mask, name: &str) -> Result<Record> {
        let model = &self.model;
        let update = model.view(update.as_ref());
        let merged = merge(&model.view(row.as_ref()), &update, mask);
        let merged = Record(merged.into());
        self.check_required(&merged, Some(mask), name)?;
        self.check_immutable(row, &merged, name)?;
        Ok(merged)
    }

    /// The changes that set what a mask names; `None` where the rows must be looked at, because a part of a field is set,
    /// or a field that is set once.
    fn unseen(&self, update: &Record, mask: &Mask, name: &str) -> Option<Changes> {
        let whole =
            |(number, part): (u32, &Mask)| part.is_whole() && !self.immutable.contains(&number);
        let missing = self.check_required(update, Some(mask), name);
        if missing.is_err() || !mask.fields().all(whole) {
            return None;
        }
        let numbers = mask.fields().map(|field| field.0).collect();
        Some(Changes::of_numbers(&self.model, update, numbers))
    }

    /// The version in a row; `None` for one that has none yet.
    fn version(&self, row: &Record) -> Option<i64> {
        let number = self.model.entity().version?;
        self.model.view(row.as_ref()).get(number)?.as_i64()
    }

    /// The etag of a stored row; rows that were written past the engine may have none yet.
    pub(super) fn etag(&self, row: &Record) -> String {
        let view = self.model.view(row.as_ref());
        match self.model.entity().etag.map_or("", |n| view.string(n)) {
            "" => self.model.etag_of(row.as_ref()),
            etag => etag.to_owned(),
        }
    }
}

impl Change {
    /// The write: fields that are set as wholes need no look at the row, since a condition says what it must be like.
    fn into_write(self) -> Write<Record> {
        let key = self.key.clone();
        match self.unseen() {
            Some((changes, when)) => Write::Set {
                key,
                changes,
                when,
                scope: None,
                alter: Box::new(move |row| self.apply(row).map(Alteration::Put)),
            },
            None => Write::Modify {
                key,
                edit: Box::new(move |row| self.apply(row)),
            },
        }
    }

    /// The same without a look at the row: what is set, and the condition for that. `None` where the row must be seen.
    fn unseen(&self) -> Option<(Changes, Option<Filter>)> {
        if self.only_new {
            return None;
        }
        let subject = &self.subject;
        let changes = subject.unseen(&self.update, &self.mask, &self.name);
        let changes = changes.filter(|changes| !changes.is_empty())?;
        let model = &subject.model;
        let is = |number: Option<u32>, value: &dyn Fn(LeafKind) -> Option<Value>| {
            let path = model.column_property(number?)?;
            let value = value(path.leaf().kind)?;
            let op = CompareOp::Eq;
            Some(Filter::Compare { path, op, value })
        };
        let mut conditions = Vec::new();
        if !self.etag.is_empty() && self.etag != "*" {
            let stored = quoted(&self.etag);
            let etag = |_| Some(Value::String(stored.clone()));
            conditions.push(is(model.entity().etag, &etag)?);
        }
        if let Some(version) = self.version {
            let version = |kind| version_value(kind, version);
            conditions.push(is(model.entity().version, &version)?);
        }
        let when = match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Filter::And(conditions)),
        };
        Some((changes, when))
    }

    /// Makes the new row, within the transaction.
    fn apply(&self, row: Option<&Record>) -> Result<Record> {
        let subject = &self.subject;
        let model = &subject.model;
        let Some(row) = row else {
            return self.missing();
        };
        if self.only_new {
            return Err(model.duplicate(&model.entity().key));
        }
        if !self.etag.is_empty() && !etag_matches(&self.etag, &subject.etag(row)) {
            return Err(model.etag_mismatch(&self.key));
        }
        if self.version.is_some() && self.version != subject.version(row) {
            return Err(model.version_mismatch(&self.key));
        }
        subject.merged(row, &self.update, &self.mask, &self.name)
    }

    /// The new row where there was none.
    fn missing(&self) -> Result<Record> {
        let model = &self.subject.model;
        if !self.allow_missing {
            return Err(model.not_found(&self.key));
        }
        if !self.etag.is_empty() {
            return Err(model.etag_mismatch(&self.key));
        }
        // AIP-134: the mask is not looked at when the row is created.
        self.subject
            .check_required(&self.update, None, &self.name)?;
        Ok(self.update.clone())
    }
}

fn version_value(kind: LeafKind, version: i64) -> Option<Value> {
    Some(match kind {
        LeafKind::Int32 | LeafKind::Int64 => Value::I64(version),
        LeafKind::Uint32 | LeafKind::Uint64 => Value::U64(version.try_into().ok()?),
        _ => return None,
    })
}

/// What a BulkUpdate does to each row.
pub(super) struct BulkChange {
    subject: Arc<Subject>,
    update: Record,
    mask: Mask,
    name: String,
}

impl BulkChange {
    pub(super) fn model(&self) -> &Model {
        &self.subject.model
    }

    /// The same as changes that need not look at the rows; `None` where they must be looked at, because a part of a field
    /// is set, or a field that is set once.
    pub(super) fn changes(&self) -> Option<Changes> {
        self.subject.unseen(&self.update, &self.mask, &self.name)
    }

    pub(super) fn merged(&self, row: &Record) -> Result<Record> {
        self.subject
            .merged(row, &self.update, &self.mask, &self.name)
    }
}

impl Operation {
    /// The change that a BulkUpdate asks for. It names single fields: rows are never replaced as a whole in bulk.
    pub(super) fn bulk_change(
        &self,
        cx: &CallContext,
        arguments: &Arguments<'_>,
    ) -> Result<BulkChange> {
        let shape = arguments.shape;
        let name = arguments.name(shape.resource);
        let sent = arguments.resource(self.model())?;
        let paths = arguments.paths(shape.update_mask);
        if paths.is_some_and(|paths| paths.contains(&"*")) {
            let text = "names single fields; `*` would replace the rows by one";
            return Err(arguments.invalid(shape.update_mask, text));
        }
        let update = self.subject.input(cx, sent, name)?;
        Ok(BulkChange {
            mask: self.update_mask(arguments, &update)?,
            subject: Arc::clone(&self.subject),
            update,
            name: name.to_owned(),
        })
    }
}

/// The first path of a mask that leads into the elements of a list.
fn through_list(mask: &Mask, message: &View<'_>) -> Option<String> {
    mask.fields().find_map(|(number, part)| {
        let field = message.table().field(number)?;
        if part.is_whole() {
            return None;
        }
        if field.cardinality() == Cardinality::Repeated {
            return Some(field.name().to_owned());
        }
        let inner = View::new(message.tables(), field.message()?, &[]);
        through_list(part, &inner).map(|path| format!("{}.{path}", field.name()))
    })
}
