//! `protoloop migrate`.

mod apply;
mod new;
mod progress;
mod show;
mod start;

use std::{path::Path, process::ExitCode, sync::Arc};

use protoloop::Schema;
use protoloop_migrate::{Desired, Folder, Migrator, Options, Target};

use crate::{
    args::{Migrate, MigrateDatabase, MigratePlan, MigrateVerify},
    datasource,
    output::Failure,
};

pub(crate) use start::{LOOK, bring_up};

/// Exit code of `verify` when files, models and database do not agree.
const DRIFT: u8 = 2;

/// Runs a command below `migrate`.
pub(crate) fn run(command: &Migrate) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(async {
        match command {
            Migrate::Plan(arguments) => plan(arguments).await,
            Migrate::Apply(arguments) => apply::run(arguments).await,
            Migrate::Status(arguments) => status(arguments).await,
            Migrate::Verify(arguments) => verify(arguments).await,
            Migrate::New(arguments) => new::run(arguments).await,
        }
    })
}

/// A database and the schema that it should have.
struct Opened {
    target: Arc<dyn Target>,
    desired: Desired,
    folder: Folder,
}

impl Opened {
    async fn new(arguments: &MigrateDatabase) -> Result<Self, Failure> {
        let compiled = super::compile(&arguments.sources)?;
        check_renames(&compiled.schema, &arguments.renames)?;
        let database = datasource::open(&arguments.db, datasource::Schema::Migrated).await?;
        let target = database.target.ok_or_else(|| {
            Failure::at(
                format_args!("--db {}", arguments.db),
                "has no schema to migrate",
            )
        })?;
        let opened = Self::of(target, compiled.schema, &arguments.migrations)?;
        Ok(match arguments.key_values {
            true => Self {
                desired: opened.desired.with_key_values(),
                ..opened
            },
            false => opened,
        })
    }

    fn of(
        target: Arc<dyn Target>,
        schema: impl Into<Arc<Schema>>,
        migrations: &Path,
    ) -> Result<Self, Failure> {
        let dialect = target.dialect();
        Ok(Self {
            desired: Desired::of_schema(&schema.into(), "default", dialect).map_err(told)?,
            folder: Folder::read(migrations, dialect.name()).map_err(told)?,
            target,
        })
    }

    fn migrator(&self, options: Options) -> Migrator<'_> {
        Migrator::new(&*self.target, &self.desired, options)
    }
}

/// A new name that no model has would make a new table and leave the rows in the old one.
fn check_renames(schema: &Schema, renames: &[(String, String)]) -> Result<(), Failure> {
    for (old, new) in renames {
        let message = schema.message_by_name(new);
        if message.is_none_or(|message| message.entity.is_none()) {
            return Err(Failure::at(
                format_args!("--rename {old}={new}"),
                format_args!("no model is called {new}; write full names, such as shop.v1.Book"),
            ));
        }
    }
    Ok(())
}

fn options(arguments: &MigrateDatabase, allow_destructive: bool) -> Options {
    Options {
        allow_destructive,
        renames: arguments.renames.clone(),
        ..Options::default()
    }
}

async fn plan(arguments: &MigratePlan) -> Result<ExitCode, Failure> {
    let opened = Opened::new(&arguments.database).await?;
    let options = options(&arguments.database, arguments.allow_destructive);
    let plan = opened.migrator(options).plan().await.map_err(told)?;
    show::plan(
        &plan,
        opened.target.dialect().name(),
        arguments.database.output,
    );
    Ok(ExitCode::SUCCESS)
}

async fn status(arguments: &MigrateDatabase) -> Result<ExitCode, Failure> {
    let opened = Opened::new(arguments).await?;
    let migrator = opened.migrator(options(arguments, false));
    let status = migrator.status(&opened.folder).await.map_err(told)?;
    show::status(&status, arguments.output);
    Ok(ExitCode::SUCCESS)
}

async fn verify(arguments: &MigrateVerify) -> Result<ExitCode, Failure> {
    let opened = Opened::new(&arguments.database).await?;
    let migrator = opened.migrator(options(&arguments.database, false));
    let status = migrator.status(&opened.folder).await.map_err(told)?;
    let drift = status.drift();
    show::drift(&drift, &status.obstacles(), arguments.database.output);
    Ok(if drift.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(DRIFT)
    })
}

/// What a person is told about an error of the library.
#[allow(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn told(error: protoloop::Error) -> Failure {
    Failure::Other(error.message().to_owned())
}
