//! The data layer: zero-code over SQLite and PostgreSQL against what one would write by hand.
//!
//! `cargo bench -p protoloop-benches --bench data`, with the beginning of a title behind `--` to run only some.
//!
//! By hand: tonic and axum over sqlx, one prepared statement per request, pools of the same size, the same file settings on
//! SQLite, the same server, tables and rows. All servers live on one thread; clients on another, each connection asking
//! again as soon as it is answered. They run in turns, the median of which counts. Processors do not sleep meanwhile.

mod by_hand;
mod load;
mod ours;
mod pages;
mod race;
mod rows;

use std::{net::SocketAddr, path::Path, sync::Arc};

use load::{Load, Protocol, Task};
use protoloop_benches::Awake;
use race::{Outcome, race, table};
use tokio::runtime::{Builder, Runtime};

const CONNECTIONS: [usize; 2] = [1, 32];

/// The servers of one database.
struct Servers {
    name: &'static str,
    ours: SocketAddr,
    tonic: SocketAddr,
    axum: SocketAddr,
}

#[allow(clippy::print_stdout, reason = "a benchmark prints its result")]
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted = wanted.into_iter().find(|word| !word.starts_with('-'));
    let wanted = wanted.unwrap_or_default();
    let _awake = Awake::keep();
    let folder = tempfile::tempdir().expect("a folder");
    let servers = runtime(&mut Builder::new_multi_thread());
    let client = runtime(&mut Builder::new_current_thread());
    let mut databases = vec![sqlite(&servers, folder.path())];
    databases.extend(postgres(&servers));
    let ids = ours::ids();
    let mut outcomes = Vec::new();
    for database in &databases {
        for connections in CONNECTIONS {
            for (protocol, task) in tasks(connections) {
                let outcome = run(
                    &client,
                    database,
                    protocol,
                    connections,
                    task,
                    &ids,
                    &wanted,
                );
                outcomes.extend(outcome);
            }
        }
    }
    println!("{}", table(&outcomes));
    if wanted.is_empty() || "rows".starts_with(&wanted) {
        println!("{}", rows::allocations(folder.path()));
    }
    if wanted.is_empty() || "pages".starts_with(&wanted) {
        println!("{}", pages::table(folder.path()));
    }
    // What a server leaves running ends with the process.
    servers.shutdown_background();
}

fn tasks(connections: usize) -> Vec<(Protocol, Task)> {
    let mut tasks = Vec::new();
    for protocol in [Protocol::Grpc, Protocol::Rest] {
        let each = [
            Task::Get,
            Task::List(20),
            Task::List(1_000),
            Task::Create,
            Task::Update,
        ];
        tasks.extend(each.map(|task| (protocol, task)));
        if connections == 1 {
            tasks.push((protocol, Task::Include(100)));
        }
    }
    tasks
}

fn run(
    client: &Runtime,
    database: &Servers,
    protocol: Protocol,
    connections: usize,
    task: Task,
    ids: &Arc<Vec<String>>,
    wanted: &str,
) -> Option<Outcome> {
    let title = format!("{} {protocol:?} {task:?} at {connections}", database.name);
    if !title.starts_with(wanted) {
        return None;
    }
    let by_hand = match protocol {
        Protocol::Grpc => database.tonic,
        Protocol::Rest => database.axum,
    };
    let loads = [database.ours, by_hand]
        .map(|at| client.block_on(Load::connect(at, protocol, connections, task, ids.clone())));
    let target = match (database.name, connections, task) {
        (_, _, Task::Include(_)) => 0.8,
        (_, 1, _) => 0.9,
        ("sqlite", _, Task::Create) => 3.0,
        ("postgres", _, Task::Get) => 1.5,
        _ => 0.95,
    };
    let mut outcome = race(client, title, target, loads);
    outcome.lower_p99 = target > 2.0;
    Some(outcome)
}

/// What is tried behind the URL of ours, such as `?gather=off`.
fn parameters() -> String {
    std::env::var("DATA_PARAMETERS").unwrap_or_default()
}

/// Each has a file of its own, made and filled by the same program.
fn sqlite(servers: &Runtime, folder: &Path) -> Servers {
    let [ours, other] = ["ours.db", "by-hand.db"].map(|name| folder.join(name));
    let url = |file: &Path| format!("sqlite:{}", file.display());
    servers.block_on(async {
        ours::fill(&url(&ours)).await;
        ours::fill(&url(&other)).await;
        let store = by_hand::Store::sqlite(&other).await;
        Servers {
            name: "sqlite",
            ours: ours::start(&format!("{}{}", url(&ours), parameters())).await,
            tonic: by_hand::start_tonic(store.clone()).await,
            axum: by_hand::start_axum(store).await,
        }
    })
}

/// Each has a database of its own; none without a server.
fn postgres(servers: &Runtime) -> Option<Servers> {
    let server = protoloop_testing::databases::postgres()?;
    let (ours, other) = (server.database(), server.database());
    Some(servers.block_on(async {
        ours::fill(&ours).await;
        ours::fill(&other).await;
        let store = by_hand::Store::postgres(&other).await;
        Servers {
            name: "postgres",
            ours: ours::start(&format!("{ours}{}", parameters())).await,
            tonic: by_hand::start_tonic(store.clone()).await,
            axum: by_hand::start_axum(store).await,
        }
    }))
}

/// One thread.
fn runtime(builder: &mut Builder) -> Runtime {
    builder
        .worker_threads(1)
        .thread_name("servers")
        .enable_all();
    builder.build().expect("a runtime")
}
