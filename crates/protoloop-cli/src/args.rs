//! What the command line says, before anything is resolved.

use std::{net::SocketAddr, path::PathBuf};

mod check;
#[cfg(feature = "kubernetes")]
mod deploy;
mod discover;
mod lifecycle;
mod migrate;

use clap::{Args, Parser, Subcommand, ValueEnum};
use protoloop::Cors;

pub(crate) use check::Check;
#[cfg(feature = "kubernetes")]
pub(crate) use deploy::Deploy;
pub(crate) use discover::{Discover, DiscoverNaming};
pub(crate) use lifecycle::Lifecycle;
pub(crate) use migrate::{
    Migrate, MigrateApply, MigrateDatabase, MigrateNew, MigratePlan, MigrateVerify, OnStart,
    Output, UpTo,
};

/// The database of `serve`, unless another is given.
pub(crate) const DEFAULT_DB: &str = "sqlite:protoloop.db";

/// Services from .proto files: gRPC, REST and gRPC-Web over a real database.
#[derive(Debug, Parser)]
#[command(
    name = "protoloop",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(Serve),
    Gateway(Gateway),
    Check(Check),
    #[cfg(feature = "kubernetes")]
    Deploy(Box<Deploy>),
    Discover(Discover),
    #[command(subcommand)]
    Migrate(Migrate),
    New(New),
    #[command(subcommand)]
    Generate(Generate),
    Completions(Completions),
}

// No doc comment: clap would take it for the text about each command that holds it. What to compile.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// .proto files, folders of them, or binary descriptor sets
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Folder that imports are looked up in, beside the given ones; may be repeated
    #[arg(short = 'I', long = "include", value_name = "DIR")]
    pub(crate) includes: Vec<PathBuf>,
}

/// Run the services of .proto files, without compiling anything
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop serve                                   every .proto below this folder, data in protoloop.db
  protoloop serve todo.proto --db memory: --routes  one file, nothing kept, its routes shown
  protoloop serve api.binpb --listen 0.0.0.0:80     a descriptor set (as `buf build -o` writes), on every address
  protoloop serve --db sqlite:shop.db               the tables of a database, where there are no .proto files")]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Where the data lives: sqlite:FILE, postgres://USER:PASSWORD@HOST/DATABASE, mysql: or mariadb: likewise, or memory: for tests
    #[arg(
        long,
        value_name = "URL",
        default_value = DEFAULT_DB,
        env = "PROTOLOOP_DB",
        hide_env_values = true
    )]
    pub(crate) db: String,
    /// What is done when the database does not fit the models: bring it up to date, make the tables of an empty one,
    /// refuse to start, or wait until someone else has done it. Unless given, `apply` for SQLite and `create` for servers;
    /// `apply` when given without a word
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "apply",
        env = "PROTOLOOP_MIGRATE"
    )]
    pub(crate) migrate: Option<OnStart>,
    /// Folder of versioned migrations; they are applied before the models are looked at
    #[arg(
        long,
        value_name = "DIR",
        default_value = "migrations",
        env = "PROTOLOOP_MIGRATIONS"
    )]
    pub(crate) migrations: PathBuf,
    /// Without .proto files, the tables of the database are served, for reading; this lets callers write them too
    #[arg(long, env = "PROTOLOOP_WRITE")]
    pub(crate) write: bool,
    #[command(flatten)]
    pub(crate) proxy: Proxy,
    #[command(flatten)]
    pub(crate) surface: Surface,
}

// No doc comment: clap would take it for the text about each command that holds it. Who calls, as a proxy says.
#[derive(Debug, Args)]
pub(crate) struct Proxy {
    /// Header in which a trusted proxy says who calls; it must set or remove it on every request, and be the only one
    /// that reaches the port. Unless given, no header says it
    #[arg(long, value_name = "NAME", env = "PROTOLOOP_SUBJECT_HEADER")]
    pub(crate) subject_header: Option<String>,
    /// Header in which a trusted proxy says which tenant's rows the caller works with, on the same terms
    #[arg(long, value_name = "NAME", env = "PROTOLOOP_TENANT_HEADER")]
    pub(crate) tenant_header: Option<String>,
}

/// Put REST, gRPC-Web, Connect and gRPC in front of gRPC services that run elsewhere
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop gateway --upstream http://localhost:50051 --routes       the schema by server reflection
  protoloop gateway --upstream https://books.example --descriptors api.binpb --config rules.yaml
  protoloop gateway --upstream http://a:50051,b:50051 --upstream 'shop.v1.*=http://shop:50051' --unbound")]
pub(crate) struct Gateway {
    /// Where services are: http://HOST:PORT or https://HOST:PORT, several of the same by commas; SELECTOR=URL for those
    /// of `pkg.Service` or `pkg.*` only; may be repeated
    #[arg(
        long = "upstream",
        value_name = "[SELECTOR=]URL",
        required = true,
        value_delimiter = ' ',
        env = "PROTOLOOP_UPSTREAM"
    )]
    pub(crate) upstreams: Vec<String>,
    /// Descriptor set with the schema, imports included; read again when it changes
    #[arg(long, value_name = "FILE", env = "PROTOLOOP_DESCRIPTORS")]
    pub(crate) descriptors: Option<PathBuf>,
    /// Ask the upstreams for their schema; so unless --descriptors is given
    #[arg(long, conflicts_with = "descriptors")]
    pub(crate) reflection: bool,
    /// Routes as a google.api.Service configuration in YAML, instead of annotations; read again when it changes
    #[arg(long, value_name = "FILE", env = "PROTOLOOP_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Give every method without a route POST /package.Service/Method
    #[arg(long, env = "PROTOLOOP_UNBOUND")]
    pub(crate) unbound: bool,
    /// Seconds between two looks at the schema; SIGHUP asks for one at once
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "30",
        value_parser = clap::value_parser!(u64).range(1..),
        env = "PROTOLOOP_REFRESH"
    )]
    pub(crate) refresh: u64,
    /// Further methods that may be tried again when an upstream is unavailable, beside those that change nothing:
    /// `pkg.Service.Method` or `pkg.*`; may be repeated
    #[arg(
        long = "retry",
        value_name = "SELECTOR",
        value_delimiter = ' ',
        env = "PROTOLOOP_RETRY"
    )]
    pub(crate) retries: Vec<String>,
    /// PEM file with the authorities to trust at https upstreams, instead of the system's
    #[arg(long, value_name = "FILE", env = "PROTOLOOP_UPSTREAM_CA")]
    pub(crate) upstream_ca: Option<PathBuf>,
    /// PEM file with the certificate chain to show to https upstreams
    #[arg(
        long,
        value_name = "FILE",
        requires = "upstream_key",
        env = "PROTOLOOP_UPSTREAM_CERT"
    )]
    pub(crate) upstream_cert: Option<PathBuf>,
    /// PEM file with its private key
    #[arg(
        long,
        value_name = "FILE",
        requires = "upstream_cert",
        env = "PROTOLOOP_UPSTREAM_KEY"
    )]
    pub(crate) upstream_key: Option<PathBuf>,
    /// Name that the certificates of https upstreams must have, instead of the host's
    #[arg(long, value_name = "NAME", env = "PROTOLOOP_UPSTREAM_SERVER_NAME")]
    pub(crate) upstream_server_name: Option<String>,
    #[command(flatten)]
    pub(crate) surface: Surface,
}

// No doc comment: clap would take it for the text about each command that holds it. Where a command serves.
#[derive(Debug, Args)]
pub(crate) struct Surface {
    /// Address and port for every protocol; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:8080",
        env = "PROTOLOOP_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Address and port of /metrics, the page for Prometheus; port 0 takes a free one; no page unless given
    #[arg(long, value_name = "ADDR", env = "PROTOLOOP_METRICS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// PEM file with the certificate chain; turns TLS on
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        env = "PROTOLOOP_TLS_CERT"
    )]
    pub(crate) tls_cert: Option<PathBuf>,
    /// PEM file with the private key
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert",
        env = "PROTOLOOP_TLS_KEY"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    /// PEM file with the authorities of clients; each must then show a certificate of one of them
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert",
        env = "PROTOLOOP_TLS_CLIENT_CA"
    )]
    pub(crate) tls_client_ca: Option<PathBuf>,
    /// Web pages of other origins that may call: https://shop.example, several by commas, or * for all; none unless given
    #[arg(
        long,
        value_name = "ORIGIN[,ORIGIN…]|*",
        default_value = "",
        hide_default_value = true,
        env = "PROTOLOOP_CORS"
    )]
    pub(crate) cors: Cors,
    /// How escapes in REST paths are read
    #[arg(
        long,
        value_enum,
        value_name = "PROFILE",
        default_value = "google",
        env = "PROTOLOOP_REST_PATHS"
    )]
    pub(crate) rest_paths: RestPaths,
    /// How REST errors are written, for callers that do not ask for problem+json
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "envelope",
        env = "PROTOLOOP_REST_ERRORS"
    )]
    pub(crate) rest_errors: RestErrors,
    /// Whose forms are taken as request bodies, beside those that no browser sends
    #[arg(
        long,
        value_enum,
        value_name = "FROM",
        default_value = "same-origin",
        env = "PROTOLOOP_REST_FORMS"
    )]
    pub(crate) rest_forms: RestForms,
    /// Let query parameters, form fields and JSON members be that name no field, instead of refusing them
    #[arg(long, env = "PROTOLOOP_IGNORE_UNKNOWN")]
    pub(crate) ignore_unknown: bool,
    /// Compress answers for callers that take it
    #[arg(long, env = "PROTOLOOP_COMPRESS")]
    pub(crate) compress: bool,
    #[command(flatten)]
    pub(crate) lifecycle: Lifecycle,
    /// Show the table of routes
    #[arg(long)]
    pub(crate) routes: bool,
    /// How logs are written; text on a terminal and json elsewhere unless given
    #[arg(long, value_enum, value_name = "FORMAT", env = "PROTOLOOP_LOG_FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Which logs, as `warn` or `info,protoloop_server=debug`
    #[arg(
        long,
        value_name = "FILTER",
        default_value = "info",
        env = "PROTOLOOP_LOG"
    )]
    pub(crate) log: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RestPaths {
    /// As google/api/http.proto says: a `%2F` is kept in variables of several segments, the rest is decoded
    Google,
    /// As grpc-gateway: decoded before routing
    GrpcGateway,
    /// As Envoy: reserved characters are kept in variables of several segments
    Envoy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RestErrors {
    /// {"error": {"code": 404, …}} (AIP-193)
    Envelope,
    /// {"code": 5, …}, a bare google.rpc.Status
    Status,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RestForms {
    /// Those of this server's own pages
    SameOrigin,
    /// Those of every page
    Anywhere,
    /// Nobody's, no browser's and no other's
    Refuse,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One object a line, for machines
    Json,
}

/// Make a project that builds, starts and passes its own test
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop new shop               a Rust project with one custom method
  protoloop new shop --zero-code   .proto files only")]
pub(crate) struct New {
    /// The project's name and folder, in letters, digits, - and _
    pub(crate) name: String,
    /// .proto files only, no Rust
    #[arg(long)]
    pub(crate) zero_code: bool,
    /// Take Protoloop from this checkout instead of the registry
    #[arg(long, value_name = "DIR")]
    pub(crate) protoloop_path: Option<PathBuf>,
}

/// Write what the toolkit derives from .proto files
#[derive(Debug, Subcommand)]
pub(crate) enum Generate {
    Proto(GenerateProto),
    Descriptor(GenerateDescriptor),
}

/// Write the .proto files with their synthesised services, ready for other compilers
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop generate proto todo.proto           to standard output
  protoloop generate proto proto/ -o generated/ every file into a folder, with what they import")]
pub(crate) struct GenerateProto {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Folder to write to; standard output when left out
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// Write the binary descriptor set, imports and synthesised services included
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop generate descriptor -o api.binpb
  protoloop generate descriptor proto/ > api.binpb")]
pub(crate) struct GenerateDescriptor {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// File to write to; standard output when left out
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Write a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  protoloop completions bash > ~/.local/share/bash-completion/completions/protoloop")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
