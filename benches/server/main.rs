//! Whole servers on loopback: Protoloop on the memory connector against what one would write by hand.
//!
//! `cargo bench -p protoloop-benches --bench server`
//!
//! gRPC: a bare tonic service with prost messages over a `HashMap`. REST: axum with serde_json over a `HashMap`. All
//! servers live on one thread, so that the scheduler cannot favour one of them. The clients of a race are the same program,
//! on a thread of their own: with a second one they would spend their time waking each other, and the servers theirs waiting.
//! It never sleeps.

mod by_hand;
mod load;
mod protoloop_server;

use protoloop_benches::{Contestant, Race, print};
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
    let servers = runtime(&mut Builder::new_multi_thread());
    let client = runtime(&mut Builder::new_current_thread());
    client.spawn(stay_awake());
    let ours_at = servers.block_on(protoloop_server::start());
    let tonic_at = servers.block_on(by_hand::start_tonic());
    let axum_at = servers.block_on(by_hand::start_axum());
    let mut races = Vec::new();
    for calls in CONCURRENCY {
        for what in ["GetTodo", "CreateTodo"] {
            let entrants = [
                ("protoloop", ours_at, None),
                ("tonic", tonic_at, Some(AGAINST_TONIC)),
            ];
            let entrants = entrants.map(|(name, address, target)| {
                let mut load = client.block_on(load::Grpc::connect(address, calls));
                let client = &client;
                let run: Box<dyn FnMut()> = match what {
                    "GetTodo" => Box::new(move || {
                        client.block_on(async {
                            for _ in 0..ROUNDS {
                                load.get().await;
                            }
                        });
                    }),
                    _ => Box::new(move || {
                        client.block_on(async {
                            for _ in 0..ROUNDS {
                                load.create().await;
                            }
                        });
                    }),
                };
                Contestant { name, run, target }
            });
            let title = format!("gRPC {what}, {calls} at once");
            races.push(Race::run(&title, 0, entrants.into()));
        }
        for what in ["GET", "POST"] {
            let entrants = [
                ("protoloop", ours_at, None),
                ("axum", axum_at, Some(AGAINST_AXUM)),
            ];
            let entrants = entrants.map(|(name, address, target)| {
                let mut load = client.block_on(load::Rest::connect(address, calls));
                let client = &client;
                let run: Box<dyn FnMut()> = match what {
                    "GET" => Box::new(move || {
                        client.block_on(async {
                            for _ in 0..ROUNDS {
                                load.get().await;
                            }
                        });
                    }),
                    _ => Box::new(move || {
                        client.block_on(async {
                            for _ in 0..ROUNDS {
                                load.post().await;
                            }
                        });
                    }),
                };
                Contestant { name, run, target }
            });
            let title = format!("REST {what}, {calls} at once");
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
