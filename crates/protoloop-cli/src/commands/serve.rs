//! `protoloop serve`.

mod waiting;

use std::{path::Path, process::ExitCode, sync::Arc, time::Instant};

use protoloop::{
    Application, ApplicationError, Connector, ReadOptions, Schema, ServerConfig, TrustedProxy,
    shutdown,
};

use self::waiting::WaitingRoom;
use super::{
    discover,
    migrate::{LOOK, bring_up},
    telemetry::Watching,
};
use crate::{
    args::{DEFAULT_DB, OnStart, Proxy, Serve},
    datasource,
    output::{self, Failure, counted},
    routes,
};

pub(crate) fn run(arguments: Serve) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    arguments.surface.start_logs()?;
    let schema = declared(&arguments)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(async {
        let watching = Watching::start(&arguments.surface).await?;
        let served = serve(arguments, schema, started, &watching).await;
        watching.finish().await;
        served
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What the .proto files declare. `None` where no path was given and there are no files: then the tables of the database
/// are the models.
fn declared(arguments: &Serve) -> Result<Option<Schema>, Failure> {
    let named = arguments.sources.paths != [Path::new(".")] || arguments.db == DEFAULT_DB;
    match super::compile(&arguments.sources) {
        Ok(compiled) => {
            output::diagnostics(&compiled.warnings);
            Ok(Some(with_batch(&compiled.schema)?))
        }
        Err(Failure::Schema(problems)) if !named && protoloop_build::is_nothing(&problems) => {
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// The same schema with the service that writes to all models at once.
fn with_batch(schema: &Schema) -> Result<Schema, Failure> {
    let options = ReadOptions {
        batch: true,
        ..ReadOptions::default()
    };
    Ok(Schema::read(schema.descriptor_set(), &options)?)
}

/// The models, the connector that stores them, and what is done about the table of answers to calls with a `request_id`.
async fn stored(
    arguments: &Serve,
    declared: Option<Arc<Schema>>,
) -> Result<(Arc<Schema>, Arc<dyn Connector>, protoloop::OnStart), Failure> {
    let Some(schema) = declared else {
        let database = datasource::open(&arguments.db, datasource::Schema::Left).await?;
        let target = database.target.ok_or_else(|| {
            Failure::at(
                format_args!("--db {}", arguments.db),
                "there are no .proto files, and this has no tables to serve instead",
            )
        })?;
        let mut schema = discover::schema(&*target, arguments.write).await?;
        if arguments.write {
            schema = with_batch(&schema)?;
        }
        // The tables of others stay theirs.
        return Ok((
            Arc::new(schema),
            database.connector,
            protoloop::OnStart::Check,
        ));
    };
    let database = match arguments.migrate {
        Some(OnStart::Wait) => waiting::datasource(&arguments.db).await?,
        _ => datasource::open(&arguments.db, datasource::Schema::Migrated).await?,
    };
    let how = arguments.migrate.unwrap_or(match database.migrates_itself {
        true => OnStart::Apply,
        false => OnStart::Create,
    });
    if let Some(target) = &database.target {
        bring_up(target, &schema, &arguments.migrations, how).await?;
    }
    let own = match how {
        OnStart::Apply | OnStart::Create => protoloop::OnStart::Create,
        OnStart::Check | OnStart::Wait => protoloop::OnStart::Check,
    };
    Ok((schema, database.connector, own))
}

async fn serve(
    arguments: Serve,
    declared: Option<Schema>,
    started: Instant,
    watching: &Watching,
) -> Result<(), Failure> {
    let signal = shutdown::signal().map_err(|error| Failure::at("waiting for signals", error))?;
    let mut signal = std::pin::pin!(watching.noticing(signal));
    let config = ServerConfig {
        trusted_proxy: arguments.proxy.trusted()?,
        observer: watching.observer(),
        ..arguments.surface.config()
    };
    let declared = declared.map(Arc::new);
    let room = match (&declared, arguments.migrate) {
        (Some(schema), Some(OnStart::Wait)) => {
            Some(WaitingRoom::open(&arguments.surface, schema, &config).await?)
        }
        _ => None,
    };
    let (schema, connector, own) = tokio::select! {
        stored = stored(&arguments, declared) => stored?,
        () = signal.as_mut() => return Ok(()),
    };
    let application = Application::from_schema(schema)
        .datasource("default", connector)
        // What was to be done has been done.
        .migrate(protoloop::OnStart::Check)
        .make_request_ids(own)
        .config(config);
    let server = application.build().await.map_err(failed)?;
    let (listener, address) = match room {
        Some(room) => room.close().await,
        None => arguments.surface.bind().await?,
    };
    let schema = server.schema();
    arguments.surface.announce(schema, address);
    watching.announce();
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

#[allow(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn failed(error: ApplicationError) -> Failure {
    Failure::Other(error.to_string())
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
