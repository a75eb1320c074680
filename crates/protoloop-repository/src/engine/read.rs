//! Get, BatchGet and Count.

use std::borrow::Cow;

use bytes::Bytes;
use protoloop_core::{BoxFuture, CallContext, Error, Result};
use protoloop_wire::{Writer, mask::Mask};

use super::{arguments::Arguments, batch::MAX_BATCH, include::Branch, operation::Operation};
use crate::{Filter, Key, Record, Repository as _, ShowDeleted};

impl Operation {
    pub(super) async fn get(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let (key, mask) = {
            let arguments = self.arguments(request);
            let scope = self.scope_of_one(&arguments)?;
            let mask = self.read_mask(&arguments, scope.fields)?;
            let key = arguments.key(self.model())?;
            let branches = self.branches(&arguments, scope.include, mask.as_ref())?;
            if !branches.is_empty() {
                return self.get_with(cx, request, key, mask, branches).await;
            }
            (key, mask)
        };
        match self.repository().find_by_key(cx, &key).await? {
            Some(row) if self.hides(request, &row) => Err(self.model().not_found(&key)),
            Some(row) => Ok(self.subject.answer(row, mask.as_ref())),
            None => Err(self.model().not_found(&key)),
        }
    }

    /// Get with related rows; apart, so that the future of one without stays small.
    fn get_with<'a>(
        &'a self,
        cx: &'a CallContext,
        request: &'a Bytes,
        key: Key,
        mask: Option<Mask>,
        branches: Vec<Branch>,
    ) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(async move {
            let row = self.repository().find_by_key(cx, &key).await?;
            let row = row.filter(|row| !self.hides(request, row));
            let row = row.ok_or_else(|| self.model().not_found(&key))?;
            let mut answers = self
                .answers(cx, vec![row], mask.as_ref(), &branches)
                .await?;
            answers
                .pop()
                .ok_or_else(|| Error::internal_error("a row without an answer"))
        })
    }

    pub(super) async fn batch_get(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let mask = self.read_mask(&arguments, None)?;
        let branches = self.branches(&arguments, Vec::new(), mask.as_ref())?;
        let keys = match arguments.shape.requests {
            Some(_) => self.elements(request, |element| element.key(self.model()))?,
            None => self.ids(request)?,
        };
        let rows = self.repository().find_by_ids(cx, &keys).await?;
        let mut found = Vec::with_capacity(rows.len());
        for (index, (row, key)) in rows.into_iter().zip(&keys).enumerate() {
            let Some(row) = row else {
                let error = self.model().not_found(key);
                let ids = arguments.shape.ids.or(arguments.shape.requests);
                let name = arguments.name(ids);
                let message = format!("{name}[{index}]: {}", error.message());
                return Err(error.with_message(message));
            };
            found.push(row);
        }
        let mut out = Writer::new();
        let field = self.standard.response_field.unwrap_or(1);
        if branches.is_empty() {
            for row in found {
                out.bytes(field, &self.subject.answer(row, mask.as_ref()));
            }
        } else {
            let answers = self.answers(cx, found, mask.as_ref(), &branches).await?;
            answers.iter().for_each(|answer| out.bytes(field, answer));
        }
        Ok(out.finish().into())
    }

    /// Whether a Get that can ask for deleted rows has not asked for this one. One that cannot gets them (AIP-164).
    fn hides(&self, request: &Bytes, row: &Record) -> bool {
        let arguments = self.arguments(request);
        let asks = arguments.shape.show_deleted;
        asks.is_some() && !arguments.flag(asks) && self.model().is_deleted(row.as_ref())
    }

    /// The ids of BatchGet and BatchDelete.
    pub(super) fn ids(&self, request: &Bytes) -> Result<Vec<Key>> {
        let arguments = self.arguments(request);
        let Some(number) = arguments.shape.ids else {
            return Ok(Vec::new());
        };
        let name = arguments.name(Some(number));
        let mut keys = Vec::new();
        for (index, value) in arguments.view.repeated(number).enumerate() {
            if index == MAX_BATCH {
                return Err(Error::invalid_field(
                    name,
                    format!("has more than {MAX_BATCH} ids"),
                ));
            }
            let key = self.model().key_from_value(&value).ok_or_else(|| {
                Error::invalid_field(format!("{name}[{index}]"), "is no id of the model")
            })?;
            keys.push(key);
        }
        Ok(keys)
    }

    pub(super) async fn count(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let filter = self.filter(request)?;
        let arguments = self.arguments(request);
        let cx = &*showing_deleted(cx, arguments.flag(arguments.shape.show_deleted));
        let count = self.repository().count(cx, filter.as_ref()).await?;
        let mut out = Writer::new();
        if count > 0 {
            out.uint64(self.standard.response_field.unwrap_or(1), count);
        }
        Ok(out.finish().into())
    }

    /// The filter of Count, with the row that the rows belong to; `None` when it is blank.
    pub(super) fn filter(&self, request: &Bytes) -> Result<Option<Filter>> {
        let arguments = self.arguments(request);
        let number = arguments.shape.filter;
        let text = arguments.text(number);
        let filter = (!text.is_empty())
            .then(|| Filter::parse(self.model(), text))
            .transpose()
            .map_err(|error| error.at_field(arguments.name(number)))?;
        self.belonging(&arguments, filter)
    }

    /// The filter with the row that the rows belong to.
    pub(super) fn belonging(
        &self,
        arguments: &Arguments<'_>,
        filter: Option<Filter>,
    ) -> Result<Option<Filter>> {
        let Some(parent) = self.parent(arguments)? else {
            return Ok(filter);
        };
        let owned = parent.condition(self.model())?;
        Ok(Some(match filter {
            Some(filter) => Filter::And(vec![owned, filter]),
            None => owned,
        }))
    }
}

/// The context in which deleted rows are shown, when they are asked for.
pub(super) fn showing_deleted(cx: &CallContext, asked: bool) -> Cow<'_, CallContext> {
    if !asked {
        return Cow::Borrowed(cx);
    }
    let mut cx = cx.clone();
    cx.extensions_mut().insert(ShowDeleted);
    Cow::Owned(cx)
}
