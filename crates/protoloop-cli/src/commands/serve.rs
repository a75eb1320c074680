//! `protoloop serve`.

use std::{process::ExitCode, time::Instant};

use protoloop::{Application, Schema, shutdown};

use crate::{
    args::Serve,
    datasource,
    output::{self, Failure, counted},
    routes,
};

pub(crate) fn run(arguments: Serve) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    arguments.surface.start_logs()?;
    let compiled = super::compile(&arguments.sources)?;
    output::diagnostics(&compiled.warnings);
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(serve(arguments, compiled.schema, started))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Serve, schema: Schema, started: Instant) -> Result<(), Failure> {
    let connector = datasource::open(&arguments.db).await?;
    let application = Application::from_schema(schema)
        .datasource("default", connector)
        .config(arguments.surface.config());
    let server = application
        .build()
        .await
        .map_err(|error| Failure::Other(error.to_string()))?;
    let signal = shutdown::signal().map_err(|error| Failure::at("waiting for signals", error))?;
    let (listener, address) = arguments.surface.bind().await?;
    let schema = server.schema();
    arguments.surface.announce(schema, address);
    output::line(format_args!(
        "ready in {} ms: {}, {}, {}; data in {}",
        started.elapsed().as_millis(),
        counted(schema.entities().len(), "model"),
        counted(schema.services().len(), "service"),
        counted(routes::count(schema), "route"),
        arguments.db,
    ));
    server.serve(listener, signal).await;
    Ok(())
}
