//! BatchCreate, BatchUpdate and BatchDelete (AIP-233 to 235): all or nothing.

use bytes::Bytes;
use protoloop_core::{CallContext, Detail, Error, Result};
use protoloop_wire::{View, Writer};

use super::{arguments::Arguments, operation::Operation};
use crate::{Record, Write, WriteError, managed::Act};

/// The most elements of a batch.
pub(super) const MAX_BATCH: usize = 1_000;

impl Operation {
    pub(super) async fn batch_create(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let writes = self.elements(request, |element| {
            self.new_row(cx, element).map(Write::Create)
        })?;
        let validate_only = self.validates_only(request);
        let rows = self.write_batch(cx, request, writes).await?;
        self.answer_all(rows, |row| self.created(row, validate_only))
    }

    pub(super) async fn batch_update(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let writes = self.elements(request, |element| self.change(cx, element, false))?;
        let rows = self.write_batch(cx, request, writes).await?;
        self.answer_all(rows, |row| self.updated(row))
    }

    pub(super) async fn batch_delete(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let mut writes = self.elements(request, |element| self.removal(element))?;
        let arguments = self.arguments(request);
        let allow_missing = arguments.flag(arguments.shape.allow_missing);
        for key in self.ids(request)? {
            writes.push(self.removal_of(key, String::new(), allow_missing));
        }
        self.write_batch(cx, request, writes).await?;
        Ok(Bytes::new())
    }

    fn validates_only(&self, request: &Bytes) -> bool {
        let arguments = self.arguments(request);
        arguments.flag(arguments.shape.validate_only)
    }

    /// What is made of each element; an error names it.
    pub(super) fn elements<T>(
        &self,
        request: &Bytes,
        make: impl Fn(&Arguments<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let arguments = self.arguments(request);
        let number = arguments.shape.requests;
        let (Some(field), Some((id, shape))) = (number, arguments.shape.element.as_ref()) else {
            return Ok(Vec::new());
        };
        let mut made = Vec::new();
        for (index, element) in arguments.view.repeated(field).enumerate() {
            if index == MAX_BATCH {
                let text = format!("has more than {MAX_BATCH} elements");
                return Err(arguments.invalid(number, text));
            }
            let bytes = element
                .as_message()
                .map_or(&[][..], |view: View<'_>| view.bytes());
            let bytes = request.slice_ref(bytes);
            let element = Arguments::new(self.model().tables(), *id, shape, &bytes);
            let refused = element.shape.validate_only;
            let write = if element.flag(refused) {
                Err(element.invalid(refused, "is set on the batch, not on its elements"))
            } else {
                make(&element)
            };
            made.push(write.map_err(|error| self.in_element(request, index, error))?);
        }
        Ok(made)
    }

    async fn write_batch(
        &self,
        cx: &CallContext,
        request: &Bytes,
        writes: Vec<Write<Record>>,
    ) -> Result<Vec<Option<Record>>> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let validate_only = self.validates_only(request);
        let acts = writes.into_iter().map(Act::Write).collect();
        let written = self.repository().act(cx, acts, validate_only).await;
        written.map_err(|WriteError { index, error }| match index {
            Some(index) => self.in_element(request, index, error),
            None => error,
        })
    }

    /// The error as one of an element: `requests[2].todo.title: is required`.
    pub(super) fn in_element(&self, request: &Bytes, index: usize, error: Error) -> Error {
        let arguments = self.arguments(request);
        let elements = arguments
            .shape
            .requests
            .filter(|number| arguments.view.has(*number));
        let place = format!(
            "{}[{index}]",
            arguments.name(elements.or(arguments.shape.ids))
        );
        let names_fields = |detail: &Detail| matches!(detail, Detail::BadRequest(_));
        if error.details().iter().any(names_fields) {
            return error.under_field(&place);
        }
        let message = format!("{place}: {}", error.message());
        error.with_message(message)
    }

    fn answer_all(
        &self,
        rows: Vec<Option<Record>>,
        answer: impl Fn(Option<Record>) -> Result<Bytes>,
    ) -> Result<Bytes> {
        let mut out = Writer::new();
        let field = self.standard.response_field.unwrap_or(1);
        for row in rows {
            out.bytes(field, &answer(row)?);
        }
        Ok(out.finish().into())
    }
}
