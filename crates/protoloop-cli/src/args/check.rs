//! `protoloop check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use protoloop_schema::compatibility::{Allowed, Surface};

use super::{Output, Sources};

/// Compile and lint .proto files; every problem is shown with its place
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop check                              every .proto below this folder
  protoloop check todo.proto                   exit code 1 when there is an error
  protoloop check proto/ --against released/   exit code 2 when a change breaks those who use released/
  protoloop check proto/ --against api.binpb --allow field-removed=shop.v1.Book.pages")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// What is in use at the moment: .proto files, a folder of them, or a binary descriptor set; may be repeated. Changes
    /// that break those who use it are errors
    #[arg(long, value_name = "PATH")]
    pub(crate) against: Vec<PathBuf>,
    /// A breaking change that is agreed to: a rule, `*` for all, with =ELEMENT for one element (`shop.v1.*` for all below);
    /// may be repeated
    #[arg(long, value_name = "RULE[=ELEMENT]", requires = "against")]
    pub(crate) allow: Vec<Allowed>,
    /// What must not be broken
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ',',
        default_value = "wire,json,rest,rows"
    )]
    pub(crate) breaks: Vec<CheckSurface>,
    /// How the outcome is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Output,
}

/// What a change may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckSurface {
    /// Messages as protobuf: gRPC, gRPC-Web, Connect
    Wire,
    /// Messages as JSON: REST and Connect
    Json,
    /// REST routes
    Rest,
    /// Stored rows, and replicas of before
    Rows,
    /// Code that is generated from the schema
    Source,
}

impl From<CheckSurface> for Surface {
    fn from(surface: CheckSurface) -> Self {
        match surface {
            CheckSurface::Wire => Self::Wire,
            CheckSurface::Json => Self::Json,
            CheckSurface::Rest => Self::Rest,
            CheckSurface::Rows => Self::Rows,
            CheckSurface::Source => Self::Source,
        }
    }
}
