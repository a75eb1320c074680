//! What the benchmarks share: races between implementations, in one process and interleaved, so that a busy machine
//! slows all of them alike.

mod awake;
mod race;

pub use awake::Awake;
pub use race::{Contestant, Race, print};

/// The encoded descriptor set of `proto/bench/v1/messages.proto`, imports included.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The prost types of `bench.v1`, with pbjson's serde.
#[allow(
    missing_docs,
    clippy::all,
    clippy::redundant_closure_for_method_calls,
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    clippy::use_self,
    clippy::unwrap_used,
    unreachable_pub,
    rust_2018_idioms,
    reason = "generated code"
)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/bench.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/bench.v1.serde.rs"));
}
