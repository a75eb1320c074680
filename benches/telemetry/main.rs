//! What it costs to be watched: the same server without telemetry, with metrics, and with metrics and traces that go to a collector.
//!
//! `[OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.05] cargo bench -p protoloop-benches --bench telemetry`
//!
//! Every call is traced unless the environment says otherwise. OpenTelemetry reads the collector's address from there too, so this
//! program starts itself again with one.

#[allow(
    dead_code,
    reason = "of the servers by hand only the messages are needed"
)]
#[path = "../server/by_hand.rs"]
mod by_hand;
mod collector;
#[path = "../server/load.rs"]
mod load;

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Command, ExitCode},
};

use load::{Load, Protocol, Task};
use protoloop::{Application, MemoryConnector, ServerConfig, otel};
use protoloop_benches::{Awake, Contestant, Race, print};
use tokio::runtime::{Builder, Runtime};

/// As in the binary that is shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Calls in flight at once.
const CONCURRENCY: [usize; 2] = [1, 32];
/// How often they are made in one timed run.
const ROUNDS: usize = 20;

/// What is asked for.
#[derive(Clone, Copy)]
enum Watch {
    Nothing,
    Metrics,
    Everything,
}

const ALL: [(&str, Watch); 3] = [
    ("without", Watch::Nothing),
    ("metrics", Watch::Metrics),
    ("metrics and traces", Watch::Everything),
];

fn main() -> ExitCode {
    let Ok(endpoint) = std::env::var(ENDPOINT) else {
        return again();
    };
    let address: SocketAddr = endpoint
        .trim_start_matches("http://")
        .parse()
        .expect("we wrote it");
    let _awake = Awake::keep();
    let collecting = runtime("collector");
    let collected = collecting.block_on(collector::start(address));
    let client = runtime("client");
    let servers = ALL.map(|(name, watch)| Server::start(name, watch));
    let mut races = Vec::new();
    for calls in CONCURRENCY {
        for (protocol, task) in load::TASKS {
            races.push(race(&servers, &client, calls, protocol, task));
        }
    }
    print(&races);
    assert!(collected.bytes() > 0, "the collector has heard nothing");
    ExitCode::SUCCESS
}

/// Runs this program with the address of a collector to be.
fn again() -> ExitCode {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let endpoint = format!("http://{}", free.expect("a free port"));
    let itself = std::env::current_exe().expect("a process has a file");
    let status = Command::new(itself).env(ENDPOINT, endpoint).status();
    match status.expect("it ran before").success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// One thread, which works while its runtime is kept.
fn runtime(name: &str) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    let builder = builder.worker_threads(1).thread_name(name).enable_all();
    builder.build().expect("a runtime")
}

/// The todo of the example on a thread of its own, with what watches it.
struct Server {
    name: &'static str,
    address: SocketAddr,
    _telemetry: Option<otel::Telemetry>,
    _runtime: Runtime,
}

impl Server {
    fn start(name: &'static str, watch: Watch) -> Self {
        let runtime = runtime(name);
        let (address, telemetry) = runtime.block_on(async {
            let telemetry = telemetry(watch);
            let observer = telemetry.as_ref().map(otel::Telemetry::observer);
            (serve(observer).await, telemetry)
        });
        Self {
            name,
            address,
            _telemetry: telemetry,
            _runtime: runtime,
        }
    }
}

fn telemetry(watch: Watch) -> Option<otel::Telemetry> {
    let collects = match watch {
        Watch::Nothing => return None,
        Watch::Metrics => false,
        Watch::Everything => true,
    };
    let settings = otel::Settings::from_environment(true, |name| {
        std::env::var(name).ok().filter(|_| collects)
    });
    let settings = settings.expect("the environment is ours");
    Some(otel::Telemetry::start(&settings).expect("there is a collector"))
}

async fn serve(observer: Option<std::sync::Arc<dyn protoloop::observe::Observer>>) -> SocketAddr {
    let proto = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/todo/todo.proto");
    let compiled = protoloop_build::compile(&[proto], &[]).expect("the example compiles");
    let server = Application::from_schema(compiled.schema)
        .config(ServerConfig {
            observer,
            ..ServerConfig::default()
        })
        .datasource("default", MemoryConnector::new())
        .build()
        .await
        .expect("the example is complete");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    tokio::spawn(server.serve(listener, std::future::pending()));
    address
}

fn race(
    servers: &[Server],
    client: &Runtime,
    calls: usize,
    protocol: Protocol,
    task: Task,
) -> Race {
    let entrant = |server: &Server| {
        let mut load = client.block_on(Load::connect(protocol, server.address, calls));
        Contestant {
            name: server.name,
            run: Box::new(move || client.block_on(load.run(task, ROUNDS))),
            target: None,
        }
    };
    let title = format!("{protocol:?} {task:?}, {calls} at once");
    Race::run(&title, 0, servers.iter().map(entrant).collect())
}
