//! Purge (AIP-165) and BulkUpdate: what is done with every row that a filter selects.

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{CallContext, Error, Result};
use protoloop_wire::Writer;

use super::{
    arguments::Arguments, operation::Operation, read::showing_deleted, update::BulkChange,
};
use crate::{
    Cursor, Filter, Key, Query, Record, Repository as _, TransactionOptions, Write, WriteError,
};

/// Most ids in the sample of a purge that is only tried.
const SAMPLE: u32 = 100;

/// Rows that are changed in one go.
const PAGE: u32 = 1_000;

impl Operation {
    pub(super) async fn purge(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let filter = self.filter_of_all(&arguments)?;
        let mut out = Writer::new();
        let number = self.standard.response_field.unwrap_or(1);
        if arguments.flag(arguments.shape.force) {
            let done = self.repository().purge(cx, filter).await?;
            self.put_count(&mut out, number, done);
            return Ok(out.finish().into());
        }
        let filter = self.purged(filter);
        // Of a model that is deleted softly only marked rows go, so they must be seen.
        let cx = &*showing_deleted(cx, true);
        let count = self.repository().count(cx, filter.as_ref()).await?;
        self.put_count(&mut out, number, count);
        if let Some(number) = self.standard.purge_sample {
            for key in self.keys(cx, &mut self.by_key(filter, SAMPLE)).await? {
                out.string(number, &key.to_string());
            }
        }
        Ok(out.finish().into())
    }

    pub(super) async fn bulk_update(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        let filter = self.filter_of_all(&arguments)?;
        let validate_only = arguments.flag(arguments.shape.validate_only);
        let change = self.bulk_change(cx, &arguments)?;
        let transaction = self
            .repository()
            .begin(cx, &TransactionOptions::new())
            .await?;
        let cx = &transaction.cx().clone();
        let done = match change.changes() {
            Some(changes) => {
                self.repository()
                    .update_all(cx, filter.as_ref(), &changes)
                    .await?
            }
            None => self.each(cx, filter, change).await?,
        };
        match validate_only {
            true => transaction.rollback().await?,
            false => transaction.commit().await?,
        }
        let mut out = Writer::new();
        self.put_count(&mut out, self.standard.response_field.unwrap_or(1), done);
        Ok(out.finish().into())
    }

    /// A count in the integer field of an answer; zero is left out.
    fn put_count(&self, out: &mut Writer, number: u32, count: u64) {
        if count > 0 {
            out.uint64(number, count);
        }
    }

    /// The filter of a method that acts on all rows of one: it must be said, `*` for every row.
    fn filter_of_all(&self, arguments: &Arguments<'_>) -> Result<Option<Filter>> {
        let number = arguments.shape.filter;
        match arguments.text(number).trim() {
            "" => Err(arguments.invalid(number, "is required; `*` selects every row")),
            "*" => Ok(None),
            text => Filter::parse(self.model(), text)
                .map(Some)
                .map_err(|error| error.at_field(arguments.name(number))),
        }
    }

    /// Those rows of a filter that a purge removes.
    fn purged(&self, filter: Option<Filter>) -> Option<Filter> {
        let deleted = self.model().guard().deleted.clone();
        let marked = deleted.map(|path| Filter::Has { path });
        match (marked, filter) {
            (Some(marked), Some(filter)) => Some(Filter::And(vec![marked, filter])),
            (marked, filter) => marked.or(filter),
        }
    }

    /// The keys of a filter's rows, a page of them, in order.
    fn by_key(&self, filter: Option<Filter>, limit: u32) -> Query {
        let mut query = Query::new(self.model().key_order().clone());
        query.filter = filter;
        query.limit = Some(limit);
        query.fields = Some(self.model().entity().key.clone());
        query
    }

    /// The keys of a page; the query goes on behind it.
    async fn keys(&self, cx: &CallContext, query: &mut Query) -> Result<Vec<Key>> {
        let rows: Vec<Record> = self.repository().find(cx, query).await?;
        if let Some(last) = rows.last() {
            query.after = Some(Cursor::of_row(self.model(), &query.order, last.as_ref()));
        }
        rows.iter()
            .map(|row| self.model().key_of(row.as_ref()))
            .collect()
    }

    /// Changes each row of a filter, and answers how many there were. The keys are read first: a change may move rows into
    /// the filter or out of it.
    async fn each(
        &self,
        cx: &CallContext,
        filter: Option<Filter>,
        change: BulkChange,
    ) -> Result<u64> {
        let change = Arc::new(change);
        let mut query = self.by_key(filter, PAGE);
        let mut all = Vec::new();
        loop {
            let keys = self.keys(cx, &mut query).await?;
            let more = keys.len() == PAGE as usize;
            all.extend(keys);
            if !more {
                break;
            }
        }
        for keys in all.chunks(PAGE as usize) {
            let writes = keys.iter().map(|key| change_of(key, &change)).collect();
            let outcome = self.repository().write(cx, writes).await;
            outcome.map_err(|failure| of_row(keys, failure))?;
        }
        Ok(all.len() as u64)
    }
}

fn change_of(key: &Key, change: &Arc<BulkChange>) -> Write<Record> {
    let change = Arc::clone(change);
    let asked = key.clone();
    Write::Modify {
        key: key.clone(),
        edit: Box::new(move |row| match row {
            Some(row) => change.merged(row),
            None => Err(change.model().not_found(&asked)),
        }),
    }
}

/// The error with the row it is about, where its text does not name it.
fn of_row(keys: &[Key], WriteError { index, error }: WriteError) -> Error {
    let Some(key) = index.and_then(|index| keys.get(index)) else {
        return error;
    };
    let message = format!("row `{key}`: {}", error.message());
    error.with_message(message)
}
