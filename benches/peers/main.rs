//! Gateways in front of the same gRPC service: `protoloop gateway` against what one would otherwise put there.
//!
//! `cargo xtask peers` installs the others and runs this. Each gateway is a process of its own on the first CPU, the
//! upstream and the clients are this process on the second. Rounds go around the contestants, so that a busy machine
//! slows all of them alike. What counts is a gateway's own CPU time per request, which tells how many requests one
//! core can take even where the clients cannot make that many.

#[path = "../server/by_hand.rs"]
#[allow(dead_code, reason = "shared with the race of servers")]
mod by_hand;
mod gateway;
mod load;
mod report;

use std::{env, path::Path, process::Command, time::Duration};

use gateway::{Gateway, Kind};
use load::{Load, Tally};
use protoloop_benches::Awake;
use report::{Line, Pace};

/// Clients' connections, with one request in flight on each.
const CONNECTIONS: usize = 32;
/// How often each gateway has its turn.
const ROUNDS: usize = 7;
/// How long a turn lasts.
const TURN: Duration = Duration::from_millis(1_000);
/// The share of the highest rate at which latency is looked at.
const SHARE: f64 = 0.8;

/// Into how many parts a turn is split for latencies. Several times in a second the machine stands still for a millisecond or
/// some, also for a thread that does nothing but to read the clock; in most parts it does not.
const MOMENTS: u32 = 25;

/// Set in the process that is bound to the clients' CPU.
const BOUND: &str = "PROTOLOOP_PEERS_BOUND";

fn main() {
    if env::var_os(BOUND).is_none() {
        bind_to_second_cpu();
        return;
    }
    let _awake = Awake::keep();
    let runtime = tokio::runtime::Builder::new_current_thread()
        // Sockets are looked at after so many polls; who waits for a moment has some always.
        .event_interval(CONNECTIONS as u32)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(race());
}

/// Starts this program again where the gateways are not.
fn bind_to_second_cpu() {
    let this = env::current_exe().expect("a program's own path");
    let status = Command::new("taskset")
        .args(["-c", "1"])
        .arg(this)
        .env(BOUND, "1")
        .status()
        .expect("taskset starts it");
    assert!(status.success(), "{status}");
}

async fn race() {
    let upstream = by_hand::start_tonic().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let descriptors =
        env::var_os("PROTOLOOP_PEER_DESCRIPTORS").expect("`cargo xtask peers` sets it");
    let mut gateways = Vec::new();
    for kind in Kind::ALL {
        match Gateway::start(kind, upstream, Path::new(&descriptors), folder.path()).await {
            Ok(gateway) => gateways.push(gateway),
            Err(reason) => report::note(&format!("{}: left out, {reason}", kind.name())),
        }
    }
    assert!(
        gateways
            .first()
            .is_some_and(|first| first.kind == Kind::Protoloop),
        "without the first there is nothing to compare"
    );
    for method in ["GET", "POST"] {
        let lines = run(method, &gateways).await;
        report::table(&format!("REST {method}, {CONNECTIONS} at once"), &lines);
    }
    let paces = latencies(&gateways).await;
    report::latency(SHARE, &paces);
}

/// Each gateway at a share of the highest rate that it reached just before, in turns.
async fn latencies(gateways: &[Gateway]) -> Vec<Pace> {
    let mut loads = Vec::new();
    for gateway in gateways {
        loads.push(Load::connect(gateway.address, CONNECTIONS).await);
    }
    let mut turns: Vec<Vec<Tally>> = gateways.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (load, turns) in loads.iter_mut().zip(&mut turns) {
            let highest = load.closed("GET", TURN / 2).await.per_second();
            for _ in 0..MOMENTS {
                turns.push(load.paced(highest * SHARE, TURN / MOMENTS).await);
            }
        }
    }
    let paces = gateways.iter().zip(turns);
    paces
        .map(|(gateway, turns)| Pace::of(gateway.kind, &turns))
        .collect()
}

/// One method through every gateway, in turns.
async fn run(method: &str, gateways: &[Gateway]) -> Vec<Line> {
    let mut loads = Vec::new();
    for gateway in gateways {
        let mut load = Load::connect(gateway.address, CONNECTIONS).await;
        load.closed(method, TURN / 2).await;
        loads.push(load);
    }
    let mut turns: Vec<Vec<(Tally, Duration)>> = gateways.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for ((gateway, load), turns) in gateways.iter().zip(&mut loads).zip(&mut turns) {
            let before = gateway.cpu_time();
            let tally = load.closed(method, TURN).await;
            turns.push((tally, gateway.cpu_time() - before));
        }
    }
    let lines = gateways.iter().zip(turns);
    lines
        .map(|(gateway, turns)| Line::of(gateway.kind, &turns))
        .collect()
}
