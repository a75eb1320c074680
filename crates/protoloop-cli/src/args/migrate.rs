//! `protoloop migrate …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Sources;

/// Bring a database to the schema that the models of .proto files need
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    Plan(MigratePlan),
    Apply(MigrateApply),
    Status(MigrateDatabase),
    Verify(MigrateVerify),
    New(MigrateNew),
}

// No doc comment: clap would take it for the text about each command that holds it. Which database, and which models.
#[derive(Debug, Args)]
pub(crate) struct MigrateDatabase {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// The database: sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE, mysql: or mariadb: likewise
    #[arg(
        long,
        value_name = "URL",
        default_value = "sqlite:protoloop.db",
        env = "PROTOLOOP_DB",
        hide_env_values = true
    )]
    pub(crate) db: String,
    /// Folder of versioned migrations: NUMBER_NAME.sql
    #[arg(
        long,
        value_name = "DIR",
        default_value = "migrations",
        env = "PROTOLOOP_MIGRATIONS"
    )]
    pub(crate) migrations: PathBuf,
    /// A model that has another name than before, where that cannot be seen: full names; may be repeated
    #[arg(long = "rename", value_name = "OLD=NEW", value_parser = rename)]
    pub(crate) renames: Vec<(String, String)>,
    /// Make the table of key-value stores too, for code that opens some; where it stands it is kept up to date anyway
    #[arg(long, env = "PROTOLOOP_KEY_VALUES")]
    pub(crate) key_values: bool,
    /// How the outcome is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Output,
}

/// Show what would be done, and do nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop migrate plan proto/ --db sqlite:shop.db
  protoloop migrate plan proto/ --db sqlite:shop.db --allow-destructive --output json")]
pub(crate) struct MigratePlan {
    #[command(flatten)]
    pub(crate) database: MigrateDatabase,
    /// Plan steps that can lose data: columns and tables that are dropped, values that have to fit a narrower type
    #[arg(long)]
    pub(crate) allow_destructive: bool,
}

/// Apply the migrations of the folder or, where there are none, what the models need
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop migrate apply proto/ --db sqlite:shop.db
  protoloop migrate apply proto/ --phase expand     before new code is rolled out
  protoloop migrate apply proto/ --phase contract   and behind it

Replicas may all run it at once: one applies, the others find it done. One that was killed is gone on from.")]
pub(crate) struct MigrateApply {
    #[command(flatten)]
    pub(crate) database: MigrateDatabase,
    /// Take steps that can lose data; migrations of the folder are taken whatever they do
    #[arg(long)]
    pub(crate) allow_destructive: bool,
    /// Which steps to take
    #[arg(long, value_enum, value_name = "PHASE", default_value = "all")]
    pub(crate) phase: UpTo,
    /// Do nothing where a step is needed that code of before does not live with: then there is no moment at which both work
    #[arg(long)]
    pub(crate) no_downtime: bool,
    /// File to write what was done and what was left to, a line each; at most 4 kB, as Kubernetes keeps of a container
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Seconds to wait for another process that is at it
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    pub(crate) lock_wait: u64,
}

/// Compare files, models and database; exit code 2 when they do not agree
#[derive(Debug, Args)]
pub(crate) struct MigrateVerify {
    #[command(flatten)]
    pub(crate) database: MigrateDatabase,
}

/// Write what the models need as the next versioned file, for reading, adding to and applying elsewhere
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop migrate new add_notes proto/ --db sqlite:shop.db    migrations/0002_add_notes.sql

Where steps come that code of before does not live with, they stand in a second file.")]
pub(crate) struct MigrateNew {
    /// What it is called, in letters, digits, _ and -
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) database: MigrateDatabase,
    /// Write steps that can lose data too
    #[arg(long)]
    pub(crate) allow_destructive: bool,
    /// Write what can be written, also when statements by hand are needed besides, or when nothing is to be done
    #[arg(long)]
    pub(crate) by_hand: bool,
}

/// What `apply` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UpTo {
    /// Everything
    All,
    /// Only what code of before does not mind
    Expand,
    /// Only what is left when everything has expanded; refused before that
    Contract,
}

/// What `serve` does about a database that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnStart {
    /// Bring it up to date, as far as no data is lost
    Apply,
    /// Make the tables of an empty database, and refuse to start on one that does not fit
    Create,
    /// Refuse to start
    Check,
    /// Wait until someone else has
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// One JSON object, for machines
    Json,
}

fn rename(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((old, new)) if !old.is_empty() && !new.is_empty() => {
            Ok((old.to_owned(), new.to_owned()))
        }
        _ => Err("write OLD=NEW, such as shop.v1.Book=shop.v1.Volume".to_owned()),
    }
}
