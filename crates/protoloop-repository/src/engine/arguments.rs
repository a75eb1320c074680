//! Reading the arguments of a standard method.

use std::borrow::Cow;

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_schema::{MessageId, RequestShape};
use protoloop_wire::{Tables, View};

use crate::{Key, Model, Record};

/// A request, read at the numbers of its shape.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub(super) view: View<'a>,
    pub(super) shape: &'a RequestShape,
    bytes: &'a Bytes,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(
        tables: &'a Tables,
        id: MessageId,
        shape: &'a RequestShape,
        bytes: &'a Bytes,
    ) -> Self {
        Self {
            view: View::new(tables, id, bytes),
            shape,
            bytes,
        }
    }

    /// The name of an argument, for errors.
    pub(super) fn name(&self, number: Option<u32>) -> &'a str {
        number
            .and_then(|number| self.view.table().field(number))
            .map_or("", |field| field.name())
    }

    /// INVALID_ARGUMENT about an argument.
    pub(super) fn invalid(&self, number: Option<u32>, description: impl Into<String>) -> Error {
        Error::invalid_field(self.name(number), description)
    }

    /// A bool; false where the request has no such field.
    pub(super) fn flag(&self, number: Option<u32>) -> bool {
        number.is_some_and(|number| self.view.bool(number))
    }

    /// A string; empty where the request has no such field.
    pub(super) fn text(&self, number: Option<u32>) -> &'a str {
        number.map_or("", |number| self.view.string(number))
    }

    /// An integer; 0 where the request has no such field.
    pub(super) fn integer(&self, number: Option<u32>) -> i64 {
        number
            .and_then(|number| self.view.get(number)?.as_i64())
            .unwrap_or(0)
    }

    /// The paths of a `google.protobuf.FieldMask`; `None` when it is absent or empty.
    pub(super) fn paths(&self, number: Option<u32>) -> Option<Vec<&'a str>> {
        let mask = self.view.message(number?)?;
        let paths: Vec<&str> = mask.repeated(1).filter_map(|path| path.as_str()).collect();
        (!paths.is_empty()).then_some(paths)
    }

    /// The key of Get and Delete.
    pub(super) fn key(&self, model: &Model) -> Result<Key> {
        let numbers = &self.shape.key;
        model.key_in(&self.view, numbers).ok_or_else(|| {
            let lacking = numbers.iter().find(|number| !self.view.has(**number));
            self.invalid(lacking.or(numbers.first()).copied(), "is required")
        })
    }

    /// The resource, canonical; it shares the bytes of the request where it can.
    pub(super) fn resource(&self, model: &Model) -> Result<Record> {
        let number = self.shape.resource;
        let found = number.and_then(|number| self.view.message_merged(number));
        let bytes = match found {
            Some(Cow::Borrowed(bytes)) => self.bytes.slice_ref(bytes),
            Some(Cow::Owned(bytes)) => bytes.into(),
            None => return Err(self.invalid(number, "is required")),
        };
        model
            .canonical(bytes)
            .map_err(|error| error.under_field(self.name(number)))
    }
}
