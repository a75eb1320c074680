//! List (AIP-132, AIP-158).

use bytes::Bytes;
use protoloop_core::{CallContext, Result};
use protoloop_wire::{Writer, mask::Mask};

use super::{
    arguments::Arguments,
    include::{Branch, columns_of},
    operation::Operation,
    read::showing_deleted,
};
use crate::{Cursor, OrderBy, Query, Record, Repository as _};

impl Operation {
    pub(super) async fn list(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let mask = self.subject.read_mask(&arguments)?;
        let branches = self.branches(&arguments, mask.as_ref())?;
        let size = self.page_size(&arguments)?;
        let cx = &*showing_deleted(cx, arguments.flag(arguments.shape.show_deleted));
        self.check_parent(cx, request).await?;
        let tenant = self.bound_place(cx, request)?;
        let query = self.query(request, &tenant, mask.as_ref(), &branches, size)?;
        let total = match self.standard.total_size {
            Some(number) => {
                let count = self.repository().count(cx, query.filter.as_ref()).await?;
                Some((number, count))
            }
            None => None,
        };
        let mut rows = self.repository().find(cx, &query).await?;
        let more = rows.len() > size as usize;
        rows.truncate(size as usize);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| Cursor::of_row(self.model(), &query.order, row.as_ref()));
        let field = self.standard.response_field.unwrap_or(1);
        let mut out = if branches.is_empty() {
            self.page(rows, field, mask.as_ref())
        } else {
            let answers = self.answers(cx, rows, mask.as_ref(), &branches).await?;
            let bytes: usize = answers.iter().map(|answer| answer.len() + 6).sum();
            let mut out = Writer::with_capacity(bytes + 128);
            answers.iter().for_each(|answer| out.bytes(field, answer));
            out
        };
        if let (Some(number), Some(cursor)) = (self.standard.next_page_token, next) {
            let bound = self.bound(&self.arguments(request), &tenant);
            out.string(number, &self.subject.page_tokens.seal(&bound, &cursor));
        }
        if let Some((number, total)) = total.filter(|total| total.1 > 0) {
            out.uint64(number, total);
        }
        Ok(out.finish().into())
    }

    /// The rows of a page that includes nothing.
    fn page(&self, rows: Vec<Record>, field: u32, mask: Option<&Mask>) -> Writer {
        let bytes: usize = rows.iter().map(|row| row.0.len() + 6).sum();
        let mut out = Writer::with_capacity(bytes + 128);
        for row in rows {
            out.bytes(field, &self.subject.answer(row, mask));
        }
        out
    }

    fn query(
        &self,
        request: &Bytes,
        tenant: &str,
        mask: Option<&Mask>,
        branches: &[Branch],
        size: u32,
    ) -> Result<Query> {
        let arguments = self.arguments(request);
        let shape = arguments.shape;
        let order = OrderBy::parse(self.model(), arguments.text(shape.order_by))
            .map_err(|error| error.at_field(arguments.name(shape.order_by)))?;
        let token = arguments.text(shape.page_token);
        let after = match token {
            "" => None,
            token => {
                let bound = self.bound(&arguments, tenant);
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
            fields: columns_of(mask, &order, branches),
            order,
        })
    }

    /// What a page token is bound to: that which chooses and orders the rows.
    fn bound<'a>(&'a self, arguments: &Arguments<'a>, tenant: &'a str) -> [&'a str; 5] {
        let shape = arguments.shape;
        [
            &self.path,
            arguments.text(shape.filter),
            arguments.text(shape.order_by),
            tenant,
            match arguments.flag(shape.show_deleted) {
                true => "deleted",
                false => "",
            },
        ]
    }

    /// The tenant and the row that the rows belong to, as page tokens are bound to them; empty where there is none.
    fn bound_place(&self, cx: &CallContext, request: &Bytes) -> Result<String> {
        let tenant = self.model().tenant(cx)?;
        let tenant = tenant.map_or_else(String::new, |tenant| format!("{tenant:?}"));
        Ok(match self.parent(&self.arguments(request))? {
            Some(parent) => format!("{tenant} {:?}", parent.key),
            None => tenant,
        })
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
}
