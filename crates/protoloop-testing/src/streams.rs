//! The memory that a stream of rows takes.

use std::fs;

use futures_util::TryStreamExt as _;
use protoloop_core::CallContext;
use protoloop_repository::{Connector, Model, Query};

use crate::tables;

const PROTO: &str = r#"
syntax = "proto3";
package streams.v1;
import "protoloop/v1/annotations.proto";
message Note {
  option (protoloop.v1.model) = {};
  int64 id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string text = 2;
}
"#;

/// Rows of a kilobyte each.
pub const ROWS: usize = 100_000;
/// How much the process may grow, a sixth of what the rows take at once; other tests of the process count as well.
const MOST: usize = 16 << 20;

/// A statement that fills the table `notes`, with `numbers` as a query of the column `n`: 1, 2, 3 … [`ROWS`].
#[must_use]
pub fn filling(numbers: &str, text: &str) -> String {
    format!("INSERT INTO notes SELECT n, {text} FROM ({numbers}) AS numbers")
}

/// Reads a large table row by row; prints and answers by how many bytes the process grew at most.
///
/// # Panics
/// When rows are missing or out of order, or the process grew as if it had held them all.
#[allow(
    clippy::print_stdout,
    reason = "the figure is what one runs the test for"
)]
pub async fn take_little<C: Connector>(connector: &C, filling: &str) -> usize {
    let models = Model::all(&tables(PROTO)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let notes = connector.repository(&models[0]).expect("prepared");
    let cx = CallContext::new();
    notes.execute(&cx, filling, &[]).await.expect("filled");
    let query = Query::new(notes.model().key_order().clone());
    let begin = resident();
    let (mut count, mut bytes, mut most) = (0, 0, 0);
    let mut stream = notes.stream(&cx, &query);
    while let Some(row) = stream.try_next().await.expect("a row") {
        count += 1;
        assert_eq!(notes.model().view(row.as_ref()).i64(1), count);
        bytes += row.as_ref().len();
        if count % 500 == 0 {
            most = most.max(resident().saturating_sub(begin));
        }
    }
    assert_eq!(count, ROWS as i64);
    assert!(bytes > 1_000 * ROWS);
    let name = connector.name();
    println!(
        "{name}: {ROWS} rows of {bytes} bytes, {} kB more memory at most",
        most >> 10
    );
    assert!(most < MOST, "{name}: {most} bytes more");
    most
}

/// Bytes of this process in memory that are its own.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.map_or(0, |kilobytes: usize| kilobytes << 10)
}
