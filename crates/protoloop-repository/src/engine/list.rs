//! List (AIP-132, AIP-158).

use bytes::Bytes;
use protoloop_core::{CallContext, Result};
use protoloop_wire::{Writer, mask::Mask};

use super::{
    arguments::Arguments, include::columns_of, operation::Operation, read::showing_deleted,
};
use crate::{Cursor, OrderBy, Query, Record, Repository as _};

impl Operation {
    pub(super) async fn list(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let scope = self.scope(&arguments)?;
        let mask = self.read_mask(&arguments, scope.fields)?;
        let branches = self.branches(&arguments, scope.include, mask.as_ref())?;
        let size = self.page_size(&arguments, scope.limit)?;
        let cx = &*showing_deleted(cx, arguments.flag(arguments.shape.show_deleted));
        self.check_parent(cx, request).await?;
        let tenant = self.bound_place(cx, request)?;
        let order = self.order(&arguments, scope.order, scope.nearest)?;
        let query = Query {
            filter: self.belonging(&arguments, scope.filter)?,
            // One row more than the page tells whether there is a next one.
            limit: Some(size.saturating_add(1)),
            skip: self.skip(&arguments, scope.skip)?,
            after: self.after(&arguments, &tenant, &order)?,
            fields: columns_of(mask.as_ref(), &order, &branches),
            order,
        };
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
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(self.place(cx, &query.order, last).await?),
            None => None,
        };
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

    /// Where the next page begins.
    async fn place(&self, cx: &CallContext, order: &OrderBy, row: &Record) -> Result<Cursor> {
        match order.is_related() {
            false => Ok(Cursor::of_row(self.model(), order, row.as_ref())),
            true => self.repository().place(cx, order, row).await,
        }
    }

    /// Where the page begins.
    fn after(
        &self,
        arguments: &Arguments<'_>,
        tenant: &str,
        order: &OrderBy,
    ) -> Result<Option<Cursor>> {
        match arguments.text(arguments.shape.page_token) {
            "" => Ok(None),
            token => {
                let bound = self.bound(arguments, tenant);
                let opened = self.subject.page_tokens.open(&bound, order, token);
                opened.map(Some)
            }
        }
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
}
