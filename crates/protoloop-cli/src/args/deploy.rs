//! `protoloop deploy`.

use std::path::PathBuf;

use clap::Args;

use super::Sources;

/// Show the Kubernetes objects of this project's service, or apply them
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  protoloop deploy                                     the objects as YAML, from microservice.yaml or from the .proto files here
  protoloop deploy --db-secret shop-database/url --diff  what applying them would change in the cluster of KUBECONFIG
  protoloop deploy --apply --wait                      apply them, and wait until every pod is ready
  protoloop deploy --resource | kubectl apply -f -     the Microservice itself, where the operator runs
  protoloop deploy --values > schema.yaml              for Helm: helm upgrade --install shop helm/protoloop -f schema.yaml -f shop.yaml")]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// The Microservice to deploy; microservice.yaml where there is one, else what the flags say of the .proto files
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The service's name; that of this folder unless given
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    pub(crate) name: Option<String>,
    /// The namespace; that of the kubeconfig unless given
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// The key of a Secret that holds the database's URL
    #[arg(long, value_name = "SECRET/KEY", conflicts_with = "file")]
    pub(crate) db_secret: Option<String>,
    /// The database's URL, where it holds no password
    #[arg(long, value_name = "URL", conflicts_with_all = ["db_secret", "file"])]
    pub(crate) db: Option<String>,
    /// The image that serves the schema
    #[arg(
        long,
        value_name = "IMAGE",
        default_value = concat!("protoloop:", env!("CARGO_PKG_VERSION")),
        env = "PROTOLOOP_IMAGE"
    )]
    pub(crate) image: String,
    /// The Microservice itself instead of what it becomes: for clusters where the operator runs
    #[arg(long)]
    pub(crate) resource: bool,
    /// Values of the Helm chart instead: the files, and the services and paths that its routes have to let in, for Helm cannot
    /// read a schema
    #[arg(long, conflicts_with_all = ["apply", "diff", "dry_run", "prune", "resource"])]
    pub(crate) values: bool,
    /// Apply the objects
    #[arg(long, conflicts_with_all = ["diff", "dry_run"])]
    pub(crate) apply: bool,
    /// Ask the API server what applying would do, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The same, with every value that would be another one; exit code 2 when there is any
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) diff: bool,
    /// Take fields over that others have set
    #[arg(long)]
    pub(crate) force: bool,
    /// Delete what earlier deployments of this service made and this one does not: behind new pods that are ready, because old
    /// ones need it; without --apply, tell what that would be
    #[arg(long, conflicts_with = "resource")]
    pub(crate) prune: bool,
    /// Wait until every pod is ready, telling how far they are
    #[arg(long, requires = "apply")]
    pub(crate) wait: bool,
    /// Seconds to wait at most
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "300",
        requires = "apply"
    )]
    pub(crate) timeout: u64,
}
