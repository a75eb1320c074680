//! Delete (AIP-135).

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{CallContext, Result};

use super::{arguments::Arguments, operation::Operation};
use crate::{Key, Record, Write, etag_matches};

impl Operation {
    pub(super) async fn delete(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let act = self.removal(&arguments)?.into();
        let rows = self.repository().act(cx, vec![act], validate_only).await?;
        if self.output != self.model().message().id {
            return Ok(Bytes::new());
        }
        // A Delete that is declared to answer the resource.
        Ok(match rows.into_iter().next().flatten() {
            Some(row) => self.subject.answer(row, None),
            None => Bytes::new(),
        })
    }

    /// The write that a Delete asks for.
    pub(super) fn removal(&self, arguments: &Arguments<'_>) -> Result<Write<Record>> {
        let shape = arguments.shape;
        let key = arguments.key(self.model())?;
        let etag = arguments.text(shape.etag).to_owned();
        Ok(self.removal_of(key, etag, arguments.flag(shape.allow_missing)))
    }

    /// The write that removes a row. An empty etag asks nothing.
    pub(super) fn removal_of(&self, key: Key, etag: String, allow_missing: bool) -> Write<Record> {
        let subject = Arc::clone(&self.subject);
        let asked = key.clone();
        let check = move |row: Option<&Record>| match row {
            None if allow_missing => Ok(()),
            None => Err(subject.model.not_found(&asked)),
            Some(row) if !etag.is_empty() && !etag_matches(&etag, &subject.etag(row)) => {
                Err(subject.model.etag_mismatch(&asked))
            }
            Some(_) => Ok(()),
        };
        Write::Delete {
            key,
            check: Box::new(check),
        }
    }
}
