//! Whole servers on loopback: Protoloop on the memory connector against what one would write by hand.
//!
//! `cargo bench -p protoloop-benches --bench server`, with the beginning of a title behind `--` to run only some.
//!
//! gRPC: a bare tonic service with prost messages over a `HashMap`. REST: axum with serde_json over a `HashMap`. All
//! servers live on one thread, so that the scheduler cannot favour one of them. The clients of a race are the same program,
//! on a thread of their own: with a second one they would spend their time waking each other, and the servers theirs waiting.
//! It never sleeps, nor do processors.

mod by_hand;
mod load;
mod protoloop_server;

use load::{Load, Protocol, TASKS};
use protoloop_benches::{Awake, Contestant, Race, print};
use tokio::runtime::{Builder, Runtime};

/// As in the binary that is shipped. All contestants have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ratios that the project asks for: the time of the hand-written server over ours.
const AGAINST_TONIC: f64 = 0.9;
const AGAINST_AXUM: f64 = 0.9;

/// Calls in flight at once.
const CONCURRENCY: [usize; 2] = [1, 32];

/// How often they are made in one timed run, one after the other: enough to even out what the scheduler does to a single
/// round trip. The printed time is that of all rounds.
const ROUNDS: usize = 20;

fn main() {
    let _awake = Awake::keep();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted = wanted.into_iter().find(|word| !word.starts_with('-'));
    let wanted = wanted.unwrap_or_default();
    let servers = runtime(&mut Builder::new_multi_thread());
    let client = runtime(&mut Builder::new_current_thread());
    client.spawn(stay_awake());
    let ours_at = servers.block_on(protoloop_server::start());
    let tonic_at = servers.block_on(by_hand::start_tonic());
    let axum_at = servers.block_on(by_hand::start_axum());
    let mut races = Vec::new();
    for calls in CONCURRENCY {
        for (protocol, task) in TASKS {
            let title = format!("{protocol:?} {task:?}, {calls} at once");
            if !title.starts_with(&wanted) {
                continue;
            }
            let other = match protocol {
                Protocol::Grpc => ("tonic", tonic_at, Some(AGAINST_TONIC)),
                Protocol::Rest => ("axum", axum_at, Some(AGAINST_AXUM)),
            };
            let entrants = [("protoloop", ours_at, None), other];
            let entrants = entrants.map(|(name, address, target)| {
                let mut load = client.block_on(Load::connect(protocol, address, calls));
                let client = &client;
                let run = Box::new(move || client.block_on(load.run(task, ROUNDS)));
                Contestant { name, run, target }
            });
            races.push(Race::run(&title, 0, entrants.into()));
        }
    }
    print(&races);
}

/// Keeps the client's thread from sleeping. A server that answers while it sleeps pays for waking it, which a client on another
/// machine does not cost, and the slower one of two pays more often.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// One thread.
fn runtime(builder: &mut Builder) -> Runtime {
    builder
        .worker_threads(1)
        .thread_name("servers")
        .enable_all();
    builder.build().expect("a runtime")
}
