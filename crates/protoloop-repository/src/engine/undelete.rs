//! Undelete (AIP-164).

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{CallContext, Result};

use super::operation::Operation;
use crate::{Record, etag_matches, managed::Act};

impl Operation {
    pub(super) async fn undelete(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let key = arguments.key(self.model())?;
        let etag = arguments.text(arguments.shape.etag).to_owned();
        let (subject, asked) = (Arc::clone(&self.subject), key.clone());
        let check = move |row: Option<&Record>| match row {
            Some(row) if !etag.is_empty() && !etag_matches(&etag, &subject.etag(row)) => {
                Err(subject.model.etag_mismatch(&asked))
            }
            _ => Ok(()),
        };
        let act = Act::Undelete {
            key,
            check: Box::new(check),
        };
        let rows = self.repository().act(cx, vec![act], validate_only).await?;
        self.updated(rows.into_iter().next().flatten())
    }
}
