//! `protoloop gateway`.

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use protoloop::{
    GatewayError, Reloader, RetryPolicy, Schema, Selector, ServerConfig, UpstreamConfig,
    UpstreamTls, observe::Observer, shutdown,
};

use super::telemetry::Watching;
use crate::{
    args::Gateway,
    output::{self, Failure, counted},
    routes,
};

pub(crate) fn run(arguments: Gateway) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    arguments.surface.start_logs()?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(async {
        let watching = Watching::start(&arguments.surface).await?;
        let served = serve(arguments, started, &watching).await;
        watching.finish().await;
        served
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Gateway, started: Instant, watching: &Watching) -> Result<(), Failure> {
    let signal = shutdown::signal().map_err(|error| Failure::at("waiting for signals", error))?;
    let mut signal = std::pin::pin!(watching.noticing(signal));
    let gateway = gateway(&arguments, watching.observer())?;
    // An upstream may be waited for, and whoever waits may be asked to stop.
    let server = tokio::select! {
        server = gateway.build() => server.map_err(failure)?,
        () = &mut signal => return Ok(()),
    };
    output::diagnostics(server.schema().warnings());
    let (listener, address) = arguments.surface.bind().await?;
    arguments.surface.announce(server.schema(), address);
    watching.announce();
    ready(&arguments, server.schema(), started);
    tokio::select! {
        result = reload_on_hangup(server.reloader()) => result,
        () = server.serve(listener, signal) => Ok(()),
    }
}

fn ready(arguments: &Gateway, schema: &Schema, started: Instant) {
    output::line(format_args!(
        "ready in {} ms: {}, {}, {}; upstream {}",
        started.elapsed().as_millis(),
        counted(schema.services().len(), "service"),
        counted(schema.methods().len(), "method"),
        counted(routes::count(schema), "route"),
        arguments.upstreams.join(" "),
    ));
}

fn gateway(
    arguments: &Gateway,
    observer: Option<Arc<dyn Observer>>,
) -> Result<protoloop::Gateway, Failure> {
    let retry = retry(arguments)?;
    // The services behind hold to `field_behavior` in their own way.
    let config = ServerConfig {
        field_behavior: false,
        observer,
        ..arguments.surface.config()
    };
    let mut gateway = protoloop::Gateway::without_default()
        .unbound(arguments.unbound)
        .refresh_interval(Duration::from_secs(arguments.refresh))
        .config(config);
    for written in &arguments.upstreams {
        let at = |error: &dyn std::fmt::Display| {
            Failure::at(format_args!("--upstream {written}"), error)
        };
        let (selector, url) = match written.split_once('=') {
            Some((selector, url)) => (selector.parse().map_err(|error| at(&error))?, url),
            None => (Selector::all(), &**written),
        };
        let mut config = UpstreamConfig::new(url);
        if url.starts_with("https://") {
            config.tls = tls(arguments);
        }
        config.retry = retry.clone();
        gateway = gateway.upstream_for(selector, config);
    }
    if let Some(file) = &arguments.descriptors {
        gateway = gateway.descriptors(file);
    }
    if let Some(file) = &arguments.config {
        gateway = gateway.rules(file);
    }
    Ok(gateway)
}

fn retry(arguments: &Gateway) -> Result<RetryPolicy, Failure> {
    let methods = arguments.retries.iter().map(|written| {
        let selector = written.parse::<Selector>();
        selector.map_err(|error| Failure::at(format_args!("--retry {written}"), error))
    });
    Ok(RetryPolicy {
        methods: methods.collect::<Result<_, _>>()?,
        ..RetryPolicy::default()
    })
}

fn tls(arguments: &Gateway) -> UpstreamTls {
    let certificate = arguments.upstream_cert.clone();
    UpstreamTls {
        ca: arguments.upstream_ca.clone(),
        identity: certificate.zip(arguments.upstream_key.clone()),
        server_name: arguments.upstream_server_name.clone(),
    }
}

fn failure(error: GatewayError) -> Failure {
    match error {
        GatewayError::Schema(diagnostics) => Failure::Schema(diagnostics),
        other => Failure::Other(other.to_string()),
    }
}

/// Has the schema read again at every SIGHUP; ends only when the signal cannot be waited for.
#[cfg(unix)]
async fn reload_on_hangup(reloader: Reloader) -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangup =
        signal(SignalKind::hangup()).map_err(|error| Failure::at("waiting for SIGHUP", error))?;
    while hangup.recv().await.is_some() {
        reloader.reload();
    }
    std::future::pending().await
}

#[cfg(not(unix))]
async fn reload_on_hangup(_: Reloader) -> Result<(), Failure> {
    std::future::pending().await
}
