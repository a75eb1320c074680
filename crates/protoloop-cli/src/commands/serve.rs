//! `protoloop serve`.

use std::{process::ExitCode, sync::Arc, time::Instant};

use protoloop::{Application, ReadOptions, Schema, ServerConfig, TrustedProxy, shutdown};

use super::migrate::bring_up;
use crate::{
    args::{OnStart, Proxy, Serve},
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
    // Again with the service that writes to all models at once.
    let options = ReadOptions {
        batch: true,
        ..ReadOptions::default()
    };
    let schema = Schema::read(compiled.schema.descriptor_set(), &options)?;
    runtime.block_on(serve(arguments, schema, started))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Serve, schema: Schema, started: Instant) -> Result<(), Failure> {
    let schema = Arc::new(schema);
    let database = datasource::open(&arguments.db).await?;
    let how = arguments.migrate.unwrap_or(match database.migrates_itself {
        true => OnStart::Apply,
        false => OnStart::Check,
    });
    if let Some(target) = &database.target {
        bring_up(target, &schema, &arguments.migrations, how).await?;
    }
    let application = Application::from_schema(schema)
        .datasource("default", database.connector)
        .config(ServerConfig {
            trusted_proxy: arguments.proxy.trusted()?,
            ..arguments.surface.config()
        });
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
        datasource::shown(&arguments.db),
    ));
    server.serve(listener, signal).await;
    Ok(())
}

impl Proxy {
    /// The headers that say who calls.
    fn trusted(&self) -> Result<TrustedProxy, Failure> {
        let header = |flag: &str, name: &Option<String>| match name.as_deref() {
            None | Some("") => Ok(None),
            Some(name) => name
                .parse()
                .map(Some)
                .map_err(|error| Failure::at(format_args!("{flag} {name}"), error)),
        };
        Ok(TrustedProxy {
            subject: header("--subject-header", &self.subject_header)?,
            tenant: header("--tenant-header", &self.tenant_header)?,
        })
    }
}
