//! Pages of a table of a million rows.

use std::{
    fmt::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use protoloop::{CallContext, Query, Record, Repository};
use protoloop_repository::Cursor;

use crate::ours;

/// Rows of a page.
const SIZE: u32 = 100;
/// The page that is compared with the first.
const PAGE: u32 = 10_000;
/// Rows of a page on the way there: tokens are not bound to a size.
const STRIDE: u32 = 1_000;
/// Readings of each page.
const READINGS: usize = 301;

/// How long page 10,000 takes, and page 1.
pub(crate) fn table(folder: &Path) -> String {
    let mut urls = vec![(
        "sqlite",
        format!("sqlite:{}", folder.join("large.db").display()),
    )];
    let server = protoloop_testing::databases::postgres();
    urls.extend(server.map(|server| ("postgres", server.database())));
    let mut text = String::from("pages of 100 of 1,000,000 rows\n");
    let runtime = crate::runtime(&mut tokio::runtime::Builder::new_multi_thread());
    for (name, url) in urls {
        let [first, last] = runtime.block_on(measured(&url));
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        let verdict = if ratio <= 1.5 { "" } else { "MISSED" };
        let _ = writeln!(
            text,
            "{name:<10} page 1 {first:>10.1?}  page {PAGE} {last:>10.1?}  {ratio:.2} (at most 1.50) {verdict}"
        );
    }
    text
}

async fn measured(url: &str) -> [Duration; 2] {
    ours::fill_large(url).await;
    let connector = ours::connect(url).await;
    let rows = ours::repository(&*connector, "data.v1.Row").await;
    let mut query = Query::new(rows.model().key_order().clone());
    query.limit = Some(STRIDE);
    let mut place = None;
    let mut left = SIZE * (PAGE - 1);
    while left > 0 {
        query.limit = Some(STRIDE.min(left));
        query.after = place.take();
        let page = rows.find(&CallContext::new(), &query).await;
        let page = page.expect("a page");
        left -= u32::try_from(page.len()).unwrap_or(left);
        place = page.last().map(|row| behind(&*rows, row));
    }
    query.limit = Some(SIZE);
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..READINGS {
        for (at, after) in [None, place.clone()].into_iter().enumerate() {
            query.after = after;
            let begun = Instant::now();
            let page = rows.find(&CallContext::new(), &query).await;
            taken[at].push(begun.elapsed());
            assert_eq!(page.expect("a page").len(), SIZE as usize);
        }
    }
    taken.map(|mut taken| {
        taken.sort_unstable();
        taken[READINGS / 2]
    })
}

/// What the token of the next page holds.
fn behind(rows: &dyn Repository<Record>, row: &Record) -> Cursor {
    Cursor::of_row(rows.model(), rows.model().key_order(), row.as_ref())
}
