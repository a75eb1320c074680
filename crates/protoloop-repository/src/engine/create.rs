//! Create (AIP-133).

use bytes::Bytes;
use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{IdStrategy, Kind};
use protoloop_wire::{Patch, Value};

use super::{arguments::Arguments, operation::Operation};
use crate::{Key, Record, Write};

impl Operation {
    pub(super) async fn create(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        if let Some((request, parts)) = self.take_parts(request)? {
            return Box::pin(self.create_whole(cx, &request, parts)).await;
        }
        let arguments = self.arguments(request);
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let act = Write::Create(self.new_row(cx, &arguments)?).into();
        let rows = self.repository().act(cx, vec![act], validate_only).await?;
        self.created(rows.into_iter().next().flatten(), validate_only)
    }

    /// The answer to a create. An id that was only tried is not shown: the next try makes another one.
    pub(super) fn created(&self, row: Option<Record>, validate_only: bool) -> Result<Bytes> {
        let row = row.ok_or_else(|| Error::internal_error("a create answered no row"))?;
        let row = if validate_only && self.makes_ids() {
            let mut patch = Patch::default();
            let key = &self.model().entity().key;
            key.iter().for_each(|number| patch.remove(*number));
            self.model().patched(row, &patch)
        } else {
            row
        };
        Ok(self.subject.answer(row, None))
    }

    fn makes_ids(&self) -> bool {
        self.model().entity().id_strategy != IdStrategy::Client
    }

    /// The row that a Create asks for, not stamped yet.
    pub(super) fn new_row(&self, cx: &CallContext, arguments: &Arguments<'_>) -> Result<Record> {
        let model = self.model();
        let name = arguments.name(arguments.shape.resource);
        let row = arguments.resource(model)?;
        let row = self.subject.input(cx, row, name)?;
        let parent = self.parent(arguments)?;
        let belonging = |row: Record| match &parent {
            Some(parent) => parent.owned(model, row, name),
            None => Ok(row),
        };
        // The key of the row that it belongs to may be a part of its id.
        let row = if self.makes_ids() {
            belonging(self.without_made_id(row, name)?)?
        } else {
            self.with_given_id(belonging(row)?, arguments)?
        };
        self.subject.check_required(&row, None, name)?;
        Ok(row)
    }

    /// Refuses an id in the place of which the server makes one; an OUTPUT_ONLY one is ignored.
    fn without_made_id(&self, row: Record, name: &str) -> Result<Record> {
        let model = self.model();
        let mut patch = Patch::default();
        for number in &model.entity().key {
            if !model.view(row.as_ref()).has(*number) {
                continue;
            }
            if !model.field(*number).is_some_and(|f| f.behavior.output_only) {
                return Err(Error::invalid_field(
                    format!("{name}.{}", model.field_name(*number)),
                    "is made by the server; leave it out",
                ));
            }
            patch.remove(*number);
        }
        Ok(model.patched(row, &patch))
    }

    /// Takes the id from the request beside the resource, or from the resource.
    fn with_given_id(&self, row: Record, arguments: &Arguments<'_>) -> Result<Record> {
        let model = self.model();
        let number = arguments.shape.resource_id;
        let name = arguments.name(arguments.shape.resource);
        let inside = model.find_key(row.as_ref());
        let Some(value) = number.and_then(|number| arguments.view.get(number)) else {
            return match inside {
                Some(_) => Ok(row),
                None => Err(self.missing_id(&row, arguments)),
            };
        };
        let beside = self.parse_id(&value);
        match (beside, inside) {
            (None, Some(_)) if value.as_bytes().is_some_and(<[u8]>::is_empty) => Ok(row),
            (None, None) if value.as_bytes().is_some_and(<[u8]>::is_empty) => {
                Err(self.missing_id(&row, arguments))
            }
            (None, _) => Err(arguments.invalid(number, "is no id of the model")),
            (Some(beside), Some(inside)) if beside != inside => Err(Error::invalid_field(
                format!("{name}.{}", self.model().lacking_key_name(row.as_ref())),
                format!("differs from {}", arguments.name(number)),
            )),
            (Some(beside), _) => model.with_key(row, &beside),
        }
    }

    /// The id in a `{resource}_id` argument, which is a string whatever type the key has.
    fn parse_id(&self, value: &Value<'_>) -> Option<Key> {
        let model = self.model();
        let number = *model.entity().key.first()?;
        let kind = model.field(number)?.kind;
        match (value, kind) {
            (Value::String(text), Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64) => {
                text.parse::<u64>().ok().map(Key::from)
            }
            (Value::String(text), kind) if !matches!(kind, Kind::String | Kind::Bytes) => {
                text.parse::<i64>().ok().map(Key::from)
            }
            _ => model.key_from_value(value),
        }
    }

    fn missing_id(&self, row: &Record, arguments: &Arguments<'_>) -> Error {
        match arguments.shape.resource_id {
            Some(number) => arguments.invalid(Some(number), "is required"),
            None => {
                let name = arguments.name(arguments.shape.resource);
                Error::invalid_field(
                    format!("{name}.{}", self.model().lacking_key_name(row.as_ref())),
                    "is required",
                )
            }
        }
    }
}
