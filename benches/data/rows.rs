//! How often memory is allocated for a row.

use std::{fmt::Write as _, path::Path};

use allocation_counter::measure;
use protoloop::{CallContext, Key, Query};
use tokio::runtime::Builder;

use crate::ours;

/// Allocations for each row of a list, beyond those of the list, and of a read by key. Of SQLite those on the thread of the
/// caller count: rows are made on one of the driver's.
pub(crate) fn allocations(folder: &Path) -> String {
    let file = folder.join("ours.db");
    let mut urls = vec![("sqlite", format!("sqlite:{}", file.display()))];
    let server = protoloop_testing::databases::postgres();
    urls.extend(server.map(|server| ("postgres", server.database())));
    let mut text = String::from("allocations\n");
    for (name, url) in urls {
        let [row, list, key] = counted(&url, name == "postgres");
        let _ = writeln!(
            text,
            "{name:<10} {row:.2} per row of a list, {list} for a list of one, {key} for a read by key"
        );
    }
    text
}

fn counted(url: &str, empty: bool) -> [f64; 3] {
    // All on this thread, where they are counted.
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    if empty {
        runtime.block_on(ours::fill(url));
    }
    let connector = runtime.block_on(ours::connect(url));
    let items = runtime.block_on(ours::repository(&*connector, "data.v1.Item"));
    let cx = CallContext::new();
    let list = |limit: u32| {
        let mut query = Query::new(items.model().key_order().clone());
        query.limit = Some(limit);
        let read = || {
            let rows = runtime.block_on(items.find(&cx, &query)).expect("reads");
            assert_eq!(rows.len(), limit as usize);
        };
        // Statements are prepared.
        read();
        measure(read).count_total
    };
    let (one, many) = (list(1), list(1_001));
    let key = Key::from("i00000007");
    let read = || {
        let row = runtime.block_on(items.find_by_key(&cx, &key));
        assert!(row.expect("reads").is_some());
    };
    read();
    let by_key = measure(read).count_total;
    [(many - one) as f64 / 1_000.0, one as f64, by_key as f64]
}
