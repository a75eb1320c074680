//! Many rows, a page at a time.

use futures_util::stream::{self, TryStreamExt as _};
use protoloop_core::CallContext;

use super::RowStream;
use crate::{Entity, Query, Repository};

/// Rows in memory at once.
const PAGE: u32 = 500;

/// The rows of a query, read a page at a time behind the last row of the page before: what a repository streams that has
/// no cursor of its own. Rows that change meanwhile are seen as they are when their page is read.
pub fn pages<'a, E: Entity, R: Repository<E> + ?Sized>(
    repository: &'a R,
    cx: &'a CallContext,
    query: &'a Query,
) -> RowStream<'a, E> {
    pages_of(repository, cx, query.clone())
}

/// The same for a query that nobody else holds.
pub(crate) fn pages_of<'a, E: Entity, R: Repository<E> + ?Sized>(
    repository: &'a R,
    cx: &'a CallContext,
    query: Query,
) -> RowStream<'a, E> {
    let left = query.limit.unwrap_or(u32::MAX);
    let unlimited = query.limit.is_none();
    let state = Some((query, left));
    let pages = stream::try_unfold(state, move |state| async move {
        let Some((mut query, left)) = state else {
            return Ok(None);
        };
        let size = if unlimited { PAGE } else { left.min(PAGE) };
        if size == 0 {
            return Ok(None);
        }
        query.limit = Some(size);
        let rows = repository.find(cx, &query).await?;
        let next = match rows.last() {
            Some(last) if rows.len() == size as usize => {
                query.after = Some(repository.place(cx, &query.order, last).await?);
                query.skip = 0;
                let left = if unlimited { left } else { left - size };
                Some((query, left))
            }
            _ => None,
        };
        let rows = stream::iter(rows.into_iter().map(Ok));
        Ok::<_, protoloop_core::Error>(Some((rows, next)))
    });
    Box::pin(pages.try_flatten())
}
