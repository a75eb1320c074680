//! What the server writes into rows.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{DefaultValue, IdStrategy, Kind, Presence};
use protoloop_wire::{Patch, Value as WireValue, Writer};

use super::guard::subject;
use crate::{Changes, Key, Model, Record, Value, read};

/// What the rows of one call are stamped with.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    model: Arc<Model>,
    subject: Option<Arc<str>>,
    /// `None` for models without tenant key, and for callers of all tenants, who name it in the row.
    tenant: Option<Value>,
}

impl Stamp {
    /// # Errors
    /// As [`Model::tenant`].
    pub(crate) fn new(model: &Arc<Model>, cx: &CallContext) -> Result<Self> {
        Ok(Self {
            subject: subject(cx),
            tenant: model.tenant(cx)?,
            model: Arc::clone(model),
        })
    }

    pub(super) fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// A canonical row as it is stored first: defaults, an id where the strategy makes one and none is set, the tenant,
    /// times, subjects, the first version, the etag. A SEQUENCE id is left to the store.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the row names another tenant, or none and the caller is of none.
    pub(crate) fn created(&self, row: Record) -> Result<Record> {
        let model = &*self.model;
        let entity = model.entity();
        let mut patch = Patch::default();
        if let Some(id) = made_id(entity.id_strategy)
            && model.find_key(row.as_ref()).is_none()
        {
            model.patch_key(&mut patch, &Key::from(id))?;
        }
        self.set_defaults(&row, &mut patch)?;
        if let Some(number) = entity.tenant_key {
            let own = self.own_tenant(&row, number)?;
            model.set(&mut patch, number, &own)?;
        }
        let mut times = [entity.create_time, entity.update_time]
            .into_iter()
            .flatten()
            .peekable();
        if times.peek().is_some() {
            let now = now();
            times.for_each(|number| set_time(&mut patch, number, now));
        }
        for number in [entity.created_by, entity.updated_by].into_iter().flatten() {
            self.set_subject(&mut patch, number);
        }
        if let Some(number) = entity.version {
            model.set_integer(&mut patch, number, 1)?;
        }
        if let Some(number) = entity.delete_time {
            patch.remove(number);
        }
        Ok(model.with_etag(model.patched(row, &patch)))
    }

    /// A canonical row as it is stored in place of another: what is written once comes from that one, the rest anew.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the row names another tenant; OUT_OF_RANGE when no version follows.
    pub(crate) fn changed(&self, before: &Record, row: Record) -> Result<Record> {
        let row = self.kept(before, row)?;
        self.marked(before, row, None)
    }

    /// A row as it is stored when it is marked as deleted, or with `false` when that is taken back.
    ///
    /// # Errors
    /// OUT_OF_RANGE when no version follows.
    pub(crate) fn deleted(&self, row: &Record, deleted: bool) -> Result<Record> {
        self.marked(row, row.clone(), Some(deleted))
    }

    /// Changes of many rows with the time, the subject, the version and the etag of a change. The etag is the same for all
    /// of them, and no hash: etags of two rows are never compared.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when they set what the server writes once.
    pub(crate) fn changes(&self, changes: &Changes) -> Result<Changes> {
        let entity = self.model.entity();
        let once = [
            entity.tenant_key,
            entity.create_time,
            entity.created_by,
            entity.delete_time,
        ];
        let fields = changes.fields().iter().chain(changes.counted());
        if let Some(number) = fields.copied().find(|number| once.contains(&Some(*number))) {
            return Err(self.foreign(number, "is written by the server"));
        }
        Ok(match changes.is_empty() {
            true => changes.clone(),
            false => self.of_change(changes.clone(), now()),
        })
    }

    /// What marks rows as deleted.
    pub(crate) fn marks(&self) -> Changes {
        let now = now();
        let changes = self.of_change(Changes::default(), now);
        match self.model.entity().delete_time {
            Some(number) => changes.with(&self.model, number, |w| write_time(w, number, now)),
            None => changes,
        }
    }

    fn of_change(&self, mut changes: Changes, now: Duration) -> Changes {
        let (model, entity) = (&*self.model, self.model.entity());
        if let Some(number) = entity.update_time {
            changes = changes.with(model, number, |writer| write_time(writer, number, now));
        }
        if let Some(number) = entity.updated_by {
            changes = changes.with(model, number, |writer| {
                if let Some(subject) = &self.subject {
                    writer.string(number, subject);
                }
            });
        }
        if let Some(number) = entity.version {
            changes = changes.counting(number);
        }
        if let Some(number) = entity.etag {
            let etag = format!("\"{}\"", uuid::Uuid::new_v4().simple());
            changes = changes.with(model, number, |writer| writer.string(number, &etag));
        }
        changes
    }

    /// A row of a hook's with its stamps again: what the hook cannot change is as it was.
    ///
    /// # Errors
    /// As [`Stamp::created`] and [`Stamp::changed`].
    pub(crate) fn restamped(&self, before: Option<&Record>, row: Record) -> Result<Record> {
        match before {
            None => self.created(row),
            // Only an undelete changes a marked row.
            Some(before) if self.model.is_deleted(before.as_ref()) => {
                let row = self.kept(before, row)?;
                self.marked(before, row, Some(false))
            }
            Some(before) => self.changed(before, row),
        }
    }

    /// The row with what the stored one has in the fields that are written once.
    fn kept(&self, before: &Record, row: Record) -> Result<Record> {
        let model = &*self.model;
        let entity = model.entity();
        if let Some(number) = entity.tenant_key {
            let view = model.view(row.as_ref());
            if view.has(number) && !same(model, before, &row, number) {
                return Err(self.foreign(number, "a row cannot be moved to another tenant"));
            }
        }
        let kept = [
            entity.create_time,
            entity.created_by,
            entity.tenant_key,
            entity.delete_time,
        ];
        let (present, sent) = (model.view(before.as_ref()), model.view(row.as_ref()));
        let mut patch = Patch::default();
        for number in kept.into_iter().flatten() {
            // A time that code gives to a row which has none, from before the model had the field, is taken.
            let takes = !present.has(number) && Some(number) != entity.delete_time;
            if takes || raw(&present, number).eq(raw(&sent, number)) {
                continue;
            }
            patch.set(number, |writer| {
                raw(&present, number).for_each(|field| writer.raw(field));
            });
        }
        Ok(model.patched(row, &patch))
    }

    /// The row with the time, the subject and the version of a change; and the mark, unless it stays as it is.
    fn marked(&self, before: &Record, row: Record, deleted: Option<bool>) -> Result<Record> {
        let model = &*self.model;
        let entity = model.entity();
        let mut patch = Patch::default();
        let now = now();
        if let Some(number) = entity.update_time {
            set_time(&mut patch, number, now);
        }
        match (entity.delete_time, deleted) {
            (Some(number), Some(true)) => set_time(&mut patch, number, now),
            (Some(number), Some(false)) => patch.remove(number),
            _ => {}
        }
        if let Some(number) = entity.updated_by {
            self.set_subject(&mut patch, number);
        }
        if let Some(number) = entity.version {
            let found = model.view(before.as_ref()).get(number);
            let version = found.and_then(|value| value.as_i64()).unwrap_or(0);
            let next = version.checked_add(1);
            model.set_integer(&mut patch, number, next.unwrap_or(i64::MAX))?;
        }
        Ok(model.with_etag(model.patched(row, &patch)))
    }

    /// The tenant of a new row: the caller's, which the row may name; the one that it names, for a caller of all.
    fn own_tenant(&self, row: &Record, number: u32) -> Result<Value> {
        let Some(path) = &self.model.guard().tenant else {
            return Ok(Value::Null);
        };
        let view = self.model.view(row.as_ref());
        let named = view
            .has(number)
            .then(|| read::scalar(&view, path).to_value());
        match (&self.tenant, named) {
            (Some(own), Some(named)) if *own != named => Err(self.foreign(
                number,
                "is written from the caller's tenant, which is another",
            )),
            (Some(own), _) => Ok(own.clone()),
            (None, Some(named)) => Ok(named),
            (None, None) => Err(self.foreign(number, "is required of a caller of all tenants")),
        }
    }

    /// INVALID_ARGUMENT when a row that a caller sent names a tenant that is not the caller's; of a caller of all
    /// tenants it may name any.
    pub(crate) fn check_tenant(&self, row: &Record) -> Result<()> {
        match (self.model.entity().tenant_key, &self.tenant) {
            (Some(number), Some(_)) => self.own_tenant(row, number).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn foreign(&self, number: u32, why: &'static str) -> Error {
        Error::invalid_field(self.model.field_name(number), why)
    }

    fn set_defaults(&self, row: &Record, patch: &mut Patch) -> Result<()> {
        let view = self.model.view(row.as_ref());
        for (number, value) in &self.model.entity().defaults {
            if !view.has(*number) {
                self.model.set_default(patch, *number, value)?;
            }
        }
        Ok(())
    }

    fn set_subject(&self, patch: &mut Patch, number: u32) {
        match &self.subject {
            Some(subject) => patch.set(number, |writer| writer.string(number, subject)),
            None => patch.remove(number),
        }
    }
}

impl Model {
    fn with_etag(&self, row: Record) -> Record {
        let Some(field) = self.entity().etag else {
            return row;
        };
        let etag = self.etag_of(row.as_ref());
        let mut patch = Patch::default();
        patch.set(field, |writer| writer.string(field, &etag));
        self.patched(row, &patch)
    }

    /// Sets a string or integer field.
    fn set(&self, patch: &mut Patch, number: u32, value: &Value) -> Result<()> {
        match value {
            Value::I64(value) => self.set_integer(patch, number, *value),
            Value::U64(value) => self.write(patch, number, self.unsigned(number, *value)),
            Value::String(text) => self.write(patch, number, Some(WireValue::String(text))),
            _ => {
                patch.remove(number);
                Ok(())
            }
        }
    }

    fn set_integer(&self, patch: &mut Patch, number: u32, value: i64) -> Result<()> {
        let value = match self.field(number).map(|field| field.kind) {
            Some(Kind::Int64 | Kind::Sint64 | Kind::Sfixed64) => Some(WireValue::I64(value)),
            Some(Kind::Int32 | Kind::Sint32 | Kind::Sfixed32) => {
                i32::try_from(value).ok().map(WireValue::I32)
            }
            _ => u64::try_from(value)
                .ok()
                .and_then(|value| self.unsigned(number, value)),
        };
        self.write(patch, number, value)
    }

    fn unsigned(&self, number: u32, value: u64) -> Option<WireValue<'static>> {
        match self.field(number).map(|field| field.kind) {
            Some(Kind::Uint64 | Kind::Fixed64) => Some(WireValue::U64(value)),
            _ => u32::try_from(value).ok().map(WireValue::U32),
        }
    }

    fn set_default(&self, patch: &mut Patch, number: u32, value: &DefaultValue) -> Result<()> {
        let is_float = self
            .field(number)
            .is_some_and(|field| field.kind == Kind::Float);
        let value = match value {
            DefaultValue::Int(value) => return self.set_integer(patch, number, *value),
            DefaultValue::Uint(value) => self.unsigned(number, *value),
            DefaultValue::Bool(value) => Some(WireValue::Bool(*value)),
            #[allow(clippy::cast_possible_truncation, reason = "the field is a float")]
            DefaultValue::Float(value) if is_float => Some(WireValue::F32(*value as f32)),
            DefaultValue::Float(value) => Some(WireValue::F64(*value)),
            DefaultValue::String(text) => Some(WireValue::String(text)),
            DefaultValue::Bytes(bytes) => Some(WireValue::Bytes(bytes)),
            DefaultValue::Enum(value) => Some(WireValue::Enum(*value)),
        };
        self.write(patch, number, value)
    }

    /// OUT_OF_RANGE for a value that is none, because the field cannot hold it.
    fn write(&self, patch: &mut Patch, number: u32, value: Option<WireValue<'_>>) -> Result<()> {
        let table = self.view(&[]).table();
        let (Some(field), Some(value)) = (table.field(number), value) else {
            let name = self.field_name(number);
            return Err(Error::out_of_range(format!("{name} has come to its end")));
        };
        if field.presence() == Presence::Implicit && is_zero(&value) {
            // How an absent field is stored.
            patch.remove(number);
            return Ok(());
        }
        let mut written = false;
        patch.set(number, |writer: &mut Writer| {
            written = writer.value(field, &value);
        });
        match written {
            true => Ok(()),
            false => Err(Error::internal_error("a value is not of its field's type")),
        }
    }
}

fn is_zero(value: &WireValue<'_>) -> bool {
    match value {
        WireValue::Bool(value) => !value,
        WireValue::I32(value) | WireValue::Enum(value) => *value == 0,
        WireValue::I64(value) => *value == 0,
        WireValue::U32(value) => *value == 0,
        WireValue::U64(value) => *value == 0,
        WireValue::F32(value) => value.to_bits() == 0,
        WireValue::F64(value) => value.to_bits() == 0,
        WireValue::String(text) => text.is_empty(),
        WireValue::Bytes(bytes) => bytes.is_empty(),
        WireValue::Message(_) => false,
    }
}

/// The encoded values of a field.
fn raw<'a>(
    row: &protoloop_wire::View<'a>,
    number: u32,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    row.raw_fields()
        .filter(move |field| field.0 == number)
        .map(|field| field.1)
}

fn same(model: &Model, one: &Record, other: &Record, number: u32) -> bool {
    let (one, other) = (model.view(one.as_ref()), model.view(other.as_ref()));
    raw(&one, number).eq(raw(&other, number))
}

fn set_time(patch: &mut Patch, field: u32, time: Duration) {
    patch.set(field, |writer| write_time(writer, field, time));
}

fn write_time(writer: &mut Writer, field: u32, time: Duration) {
    let open = writer.open(field);
    writer.int64(1, time.as_secs().cast_signed());
    if time.subsec_nanos() != 0 {
        writer.int32(2, time.subsec_nanos().cast_signed());
    }
    writer.close(open);
}

/// The time since 1970, cut to microseconds: what every database can hold, so that an answer and a later read agree.
fn now() -> Duration {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Duration::new(now.as_secs(), now.subsec_micros() * 1000)
}

fn made_id(strategy: IdStrategy) -> Option<String> {
    match strategy {
        IdStrategy::UuidV4 => Some(uuid::Uuid::new_v4().to_string()),
        IdStrategy::UuidV7 => Some(uuid::Uuid::now_v7().to_string()),
        IdStrategy::Ulid => Some(ulid::Ulid::new().to_string()),
        IdStrategy::Sequence | IdStrategy::Client => None,
    }
}
