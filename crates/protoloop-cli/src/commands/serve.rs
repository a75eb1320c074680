//! `protoloop serve`.

use std::{net::SocketAddr, process::ExitCode, time::Instant};

use protoloop::{Application, Schema, ServerConfig, TlsFiles, shutdown, telemetry};
use tokio::net::TcpListener;

use crate::{
    args::{LogFormat, Serve},
    datasource,
    output::{self, BOLD, Failure, RESET, counted},
    routes,
};

pub(crate) fn run(arguments: Serve) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    start_logs(&arguments)?;
    let compiled = super::compile(&arguments.sources)?;
    output::diagnostics(&compiled.warnings);
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(serve(arguments, compiled.schema, started))?;
    Ok(ExitCode::SUCCESS)
}

fn start_logs(arguments: &Serve) -> Result<(), Failure> {
    let format = match arguments.log_format {
        Some(LogFormat::Text) => telemetry::LogFormat::Text,
        Some(LogFormat::Json) => telemetry::LogFormat::Json,
        None => telemetry::LogFormat::Auto,
    };
    telemetry::init(format, &arguments.log).map_err(|error| Failure::at("--log", error))
}

async fn serve(arguments: Serve, schema: Schema, started: Instant) -> Result<(), Failure> {
    let connector = datasource::open(&arguments.db).await?;
    let application = Application::from_schema(schema)
        .datasource("default", connector)
        .config(config(&arguments));
    let server = application
        .build()
        .await
        .map_err(|error| Failure::Other(error.to_string()))?;
    let signal = shutdown::signal().map_err(|error| Failure::at("waiting for signals", error))?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| Failure::at(format_args!("--listen {}", arguments.listen), error))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::at(arguments.listen, error))?;
    announce(&arguments, server.schema(), address, started);
    server.serve(listener, signal).await;
    Ok(())
}

fn config(arguments: &Serve) -> ServerConfig {
    let mut config = ServerConfig::default();
    if let (Some(certificate), Some(private_key)) = (&arguments.tls_cert, &arguments.tls_key) {
        config.tls = Some(TlsFiles {
            certificate: certificate.clone(),
            private_key: private_key.clone(),
            client_ca: None,
        });
    }
    config
}

/// Says what is served and where, each surface with a URL to click or to paste.
fn announce(arguments: &Serve, schema: &Schema, address: SocketAddr, started: Instant) {
    let scheme = if arguments.tls_cert.is_some() {
        "https"
    } else {
        "http"
    };
    let root = format!("{scheme}://{address}");
    if arguments.routes {
        routes::show(schema);
    }
    let first_get = routes::first_collection(schema).unwrap_or_else(|| "/".to_owned());
    output::line(format_args!("  {BOLD}REST{RESET}      {root}{first_get}"));
    output::line(format_args!(
        "  {BOLD}gRPC{RESET}      {address}  (with reflection)"
    ));
    output::line(format_args!("  {BOLD}gRPC-Web{RESET}  {root}"));
    output::line(format_args!("  {BOLD}health{RESET}    {root}/readyz"));
    output::line(format_args!(
        "ready in {} ms: {}, {}, {}; data in {}",
        started.elapsed().as_millis(),
        counted(schema.entities().len(), "model"),
        counted(schema.services().len(), "service"),
        counted(routes::count(schema), "route"),
        arguments.db,
    ));
}
