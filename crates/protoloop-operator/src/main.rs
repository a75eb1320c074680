//! The `protoloop-operator` command.

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::Parser;
use protoloop_operator::{
    client,
    controller::{self, LeaseSettings, Settings},
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Keeps a cluster as its Microservices say.
#[derive(Debug, Parser)]
#[command(name = "protoloop-operator", version)]
struct Arguments {
    /// Namespaces to look at, by commas; all unless given
    #[arg(
        long,
        value_name = "NAMESPACE[,…]",
        value_delimiter = ',',
        env = "WATCH_NAMESPACES"
    )]
    namespaces: Vec<String>,
    /// The image that serves schemas and gateways, unless a Microservice names one
    #[arg(long, value_name = "IMAGE", default_value = concat!("protoloop:", env!("CARGO_PKG_VERSION")), env = "PROTOLOOP_IMAGE")]
    image: String,
    /// Address and port of /metrics, /livez and /readyz
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "0.0.0.0:8081",
        env = "PROTOLOOP_LISTEN"
    )]
    listen: SocketAddr,
    /// Microservices that are looked at side by side
    #[arg(long, value_name = "N", default_value = "8", value_parser = clap::value_parser!(u16).range(1..=256), env = "PROTOLOOP_CONCURRENCY")]
    concurrency: u16,
    /// Microservices whose pods are replaced at once when it is not their own doing: a newer operator, a Secret that many read
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u16).range(1..), env = "PROTOLOOP_MAX_ROLLOUTS")]
    max_rollouts: u16,
    /// There is no other operator: write without a Lease
    #[arg(long, env = "PROTOLOOP_ALONE")]
    alone: bool,
    /// The Lease that says who of several operators writes
    #[arg(
        long,
        value_name = "NAME",
        default_value = "protoloop-operator",
        env = "PROTOLOOP_LEASE"
    )]
    lease: String,
    /// Its namespace
    #[arg(
        long,
        value_name = "NAMESPACE",
        default_value = "default",
        env = "POD_NAMESPACE"
    )]
    lease_namespace: String,
    /// Seconds without a sign of life behind which another operator goes on
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = clap::value_parser!(u64).range(3..=3600), env = "PROTOLOOP_LEASE_SECONDS")]
    lease_seconds: u64,
    /// Who this operator is; no two may be the same
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    identity: Option<String>,
    /// Which logs, as `warn` or `info,protoloop_operator=debug`
    #[arg(
        long,
        value_name = "FILTER",
        default_value = "info",
        env = "PROTOLOOP_LOG"
    )]
    log: String,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_new(&arguments.log).unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    // Two threads are enough for what mostly waits, and keep memory small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the operator ends");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let stop = stop()?;
    let listener = TcpListener::bind(arguments.listen).await?;
    let identity = arguments
        .identity
        .unwrap_or_else(|| format!("operator-{}", std::process::id()));
    // So that an audit log tells operators apart, too.
    let client = client::connect(&format!("{} ({identity})", client::USER_AGENT)).await?;
    let lease = LeaseSettings {
        name: arguments.lease,
        namespace: arguments.lease_namespace,
        identity: identity.clone(),
        duration: Duration::from_secs(arguments.lease_seconds),
    };
    let settings = Settings {
        namespaces: arguments.namespaces,
        runtime_image: arguments.image,
        identity,
        lease: (!arguments.alone).then_some(lease),
        listener: Some(listener),
        concurrency: arguments.concurrency,
        max_rollouts: arguments.max_rollouts,
    };
    tracing::info!(address = %arguments.listen, "protoloop-operator {}", env!("CARGO_PKG_VERSION"));
    controller::run(client, settings, stop).await?;
    Ok(())
}

/// Done when the process is asked to end.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
