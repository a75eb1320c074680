//! What the tests on a real Kubernetes need: the cluster itself, Helm, and a gRPC client that asks for the schema.

use std::{path::Path, process::Command};

use super::{Found, cache, system};
use crate::process::output;

const HELM: &str = "helm.sh/helm/v4/cmd/helm@v4.3.1";
const GRPCURL: &str = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4";

/// The folder with the programs of `tests/cluster`, or why no cluster can run here.
pub(crate) fn cluster(root: &Path) -> Found {
    protoloop_cluster::build(&cache(root, "cluster")?, &|package| {
        system::install(package)
    })
}

/// The `helm` command.
pub(crate) fn helm(root: &Path) -> Found {
    go_install(root, HELM, "helm")
}

/// The `grpcurl` command.
pub(super) fn grpcurl(root: &Path) -> Found {
    go_install(root, GRPCURL, "grpcurl")
}

/// The program of a Go module, built unless this version of it is there.
fn go_install(root: &Path, package: &str, program: &str) -> Found {
    let version = package.rsplit_once('@').map_or("", |(_, version)| version);
    let folder = cache(root, &format!("{program}-{version}"))?;
    let installed = folder.join(program);
    if !installed.is_file() {
        let go = system::need("go", "golang-go")?;
        let mut install = Command::new(go);
        install.args(["install", package]).env("GOBIN", &folder);
        output(install.env("CGO_ENABLED", "0"))?;
    }
    Ok(installed)
}
