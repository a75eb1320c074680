//! `protoloop discover`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Output;

/// Write .proto files for the tables and views of a database
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop discover --db sqlite:shop.db -o proto/
  protoloop discover --db sqlite:shop.db -o proto/ --package shop.v1 --key film_list=fid --read-only
  protoloop discover --db postgres://me:secret@db/shop --schema sales -o proto/

Run again, it keeps every field number: protoloop.discover.lock beside the files knows them. Keep it with them.")]
pub(crate) struct Discover {
    /// The database: sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE, or mysql: likewise
    #[arg(long, value_name = "URL", env = "PROTOLOOP_DB", hide_env_values = true)]
    pub(crate) db: String,
    /// The schema of a PostgreSQL database, instead of the one that its user meets first
    #[arg(long, value_name = "NAME")]
    pub(crate) schema: Option<String>,
    /// Folder to write to
    #[arg(short, long, value_name = "DIR", default_value = "proto")]
    pub(crate) output: PathBuf,
    /// Package of the models
    #[arg(long, value_name = "PACKAGE", default_value = "db.v1", value_parser = package)]
    pub(crate) package: String,
    /// How messages and fields are called
    #[arg(long, value_enum, value_name = "HOW", default_value = "style")]
    pub(crate) naming: DiscoverNaming,
    /// What names of tables begin with and names of messages do not
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(crate) strip_prefix: String,
    /// Declare only methods that read
    #[arg(long)]
    pub(crate) read_only: bool,
    /// The columns that tell the rows of a view, or of a table without a primary key, apart; may be repeated
    #[arg(long = "key", value_name = "TABLE=COLUMN[,COLUMN]", value_parser = key)]
    pub(crate) keys: Vec<(String, Vec<String>)>,
    /// A table or view to leave out; may be repeated
    #[arg(long, value_name = "TABLE")]
    pub(crate) exclude: Vec<String>,
    /// How the report is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) report: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DiscoverNaming {
    /// Messages in the singular and UpperCamelCase, fields in snake_case
    Style,
    /// The same, with tables as they are in number
    Plural,
    /// As in the database, as far as protobuf allows
    Keep,
}

fn key(text: &str) -> Result<(String, Vec<String>), String> {
    let wrong = || "write TABLE=COLUMN, or TABLE=COLUMN,COLUMN".to_owned();
    let (table, columns) = text.split_once('=').ok_or_else(wrong)?;
    let columns: Vec<_> = columns.split(',').map(ToOwned::to_owned).collect();
    if table.is_empty() || columns.iter().any(String::is_empty) {
        return Err(wrong());
    }
    Ok((table.to_owned(), columns))
}

fn package(text: &str) -> Result<String, String> {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if text.split('.').all(part) {
        Ok(text.to_owned())
    } else {
        Err("write a package of protobuf, such as shop.v1".to_owned())
    }
}
