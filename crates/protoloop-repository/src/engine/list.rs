//! List (AIP-132, AIP-158).

use bytes::Bytes;
use protoloop_core::{CallContext, Result};
use protoloop_wire::{Writer, mask::Mask};

use super::{arguments::Arguments, operation::Operation};
use crate::{Cursor, OrderBy, Query, Record};

impl Operation {
    pub(super) async fn list(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        arguments.refuse_include()?;
        let mask = self.subject.read_mask(&arguments)?;
        let size = self.page_size(&arguments)?;
        let query = self.query(request, mask.as_ref(), size)?;
        let total = match self.standard.total_size {
            Some(number) => {
                let count = self.repository().count(cx, query.filter.as_ref()).await?;
                Some((number, count))
            }
            None => None,
        };
        let rows = self.repository().find(cx, &query).await?;
        Ok(self.page(
            request,
            &query.order,
            rows,
            size as usize,
            mask.as_ref(),
            total,
        ))
    }

    fn query(&self, request: &Bytes, mask: Option<&Mask>, size: u32) -> Result<Query> {
        let arguments = self.arguments(request);
        let shape = arguments.shape;
        let order = OrderBy::parse(self.model(), arguments.text(shape.order_by))
            .map_err(|error| error.at_field(arguments.name(shape.order_by)))?;
        let token = arguments.text(shape.page_token);
        let after = match token {
            "" => None,
            token => {
                let bound = self.bound(&arguments);
                Some(self.subject.page_tokens.open(&bound, &order, token)?)
            }
        };
        let skip = arguments.integer(shape.skip);
        Ok(Query {
            filter: self.filter(request)?,
            // One row more than the page tells whether there is a next one.
            limit: Some(size.saturating_add(1)),
            skip: u64::try_from(skip)
                .map_err(|_| arguments.invalid(shape.skip, "must not be negative"))?,
            after,
            fields: mask.map(|mask| columns(mask, &order)),
            order,
        })
    }

    /// The arguments that a page token is bound to: those which choose and order the rows.
    fn bound<'a>(&'a self, arguments: &Arguments<'a>) -> [&'a str; 3] {
        let shape = arguments.shape;
        [
            &self.path,
            arguments.text(shape.filter),
            arguments.text(shape.order_by),
        ]
    }

    fn page_size(&self, arguments: &Arguments<'_>) -> Result<u32> {
        let entity = self.model().entity();
        let number = arguments.shape.page_size;
        let asked = match arguments.integer(number) {
            0 => entity.default_page_size,
            size if size < 0 => return Err(arguments.invalid(number, "must not be negative")),
            size => u32::try_from(size).unwrap_or(u32::MAX),
        };
        Ok(asked.min(entity.max_page_size).max(1))
    }

    fn page(
        &self,
        request: &Bytes,
        order: &OrderBy,
        mut rows: Vec<Record>,
        size: usize,
        mask: Option<&Mask>,
        total: Option<(u32, u64)>,
    ) -> Bytes {
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|row| Cursor::of_row(self.model(), order, row.as_ref()));
        let bytes: usize = rows.iter().map(|row| row.0.len() + 6).sum();
        let mut out = Writer::with_capacity(bytes + 128);
        let field = self.standard.response_field.unwrap_or(1);
        for row in rows {
            out.bytes(field, &self.subject.answer(row, mask));
        }
        if let (Some(number), Some(cursor)) = (self.standard.next_page_token, next) {
            let bound = self.bound(&self.arguments(request));
            out.string(number, &self.subject.page_tokens.seal(&bound, &cursor));
        }
        if let Some((number, total)) = total.filter(|total| total.1 > 0) {
            out.uint64(number, total);
        }
        out.finish().into()
    }
}

/// The columns that a projected page reads: those of the mask, and those of the order for the next page token.
fn columns(mask: &Mask, order: &OrderBy) -> Vec<u32> {
    let ordered = order.terms().iter().map(|term| term.path.column());
    let mut columns: Vec<u32> = mask.fields().map(|field| field.0).chain(ordered).collect();
    columns.sort_unstable();
    columns.dedup();
    columns
}
