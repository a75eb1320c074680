//! The programs of the cluster: the control plane is built from Go modules, the rest are Debian's packages.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Failure, image,
    shell::{make_folder, output, which},
};

/// The version of Kubernetes, which `programs/go.mod` pins.
pub const VERSION: &str = "v1.36.3";

/// What is built from `k8s.io/kubernetes/cmd`.
const KUBERNETES: [&str; 6] = [
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
];

/// A program of the system and Debian's package that brings it.
const SYSTEM: [(&str, &str); 12] = [
    ("containerd", "containerd"),
    ("runc", "runc"),
    ("/usr/lib/cni/ptp", "containernetworking-plugins"),
    ("iptables", "iptables"),
    ("conntrack", "conntrack"),
    ("etcd", "etcd-server"),
    ("buildah", "buildah"),
    ("mmdebstrap", "mmdebstrap"),
    ("busybox", "busybox-static"),
    ("ip", "iproute2"),
    ("openssl", "openssl"),
    ("nsenter", "util-linux"),
];

/// Provides everything that a cluster is started from, in a folder below `cache`, and says which folder that is.
///
/// What is there already is kept. The first time takes about five minutes on two cores, nearly all of it for the control
/// plane; `install` is asked for each of Debian's packages that is missing.
///
/// # Errors
/// Why a cluster cannot run here: not Linux, not root, no Go compiler, a package that cannot be had, a build that failed.
pub fn build(
    cache: &Path,
    install: &dyn Fn(&str) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    possible()?;
    for (program, package) in SYSTEM {
        if which(program).is_none() {
            install(package)?;
        }
    }
    let folder = cache.join(VERSION);
    let bin = folder.join("bin");
    make_folder(&bin)?;
    build_control_plane(&bin)?;
    build_dns(&bin)?;
    image::pause(&folder.join("pause.tar"))?;
    Ok(folder)
}

/// Whether this machine and user may make network namespaces and containers.
fn possible() -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err("a cluster of plain processes needs Linux".to_owned());
    }
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err("a cluster needs root: it makes a network namespace and containers".to_owned());
    }
    let trial = format!("protoloop-trial-{}", std::process::id());
    let ip = || Command::new("ip");
    if which("ip").is_some() {
        output(ip().args(["netns", "add", &trial]))
            .map_err(|reason| format!("a cluster needs a network namespace: {reason}"))?;
        output(ip().args(["netns", "delete", &trial]))?;
    }
    Ok(())
}

fn build_control_plane(bin: &Path) -> Result<(), Failure> {
    let missing: Vec<_> = KUBERNETES
        .iter()
        .filter(|program| !bin.join(program).is_file())
        .map(|program| format!("k8s.io/kubernetes/cmd/{program}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut minor = VERSION.trim_start_matches('v').split('.');
    let (major, minor) = (
        minor.next().unwrap_or_default(),
        minor.next().unwrap_or_default(),
    );
    let version = "k8s.io/component-base/version";
    let stamp = format!(
        "-s -w -X {version}.gitVersion={VERSION} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"
    );
    let mut target = bin.as_os_str().to_owned();
    target.push("/");
    output(
        go("programs")?
            .arg(format!("-ldflags={stamp}"))
            .arg("-o")
            .arg(target)
            .args(missing),
    )
    .map(drop)
}

fn build_dns(bin: &Path) -> Result<(), Failure> {
    let program = bin.join("dns");
    if program.is_file() {
        return Ok(());
    }
    output(
        go("programs/dns")?
            .args(["-ldflags=-s -w", "-o"])
            .arg(program)
            .arg("."),
    )
    .map(drop)
}

/// `go build` in a folder of this crate. The versions are those of its go.mod and go.sum, never newer ones.
fn go(folder: &str) -> Result<Command, Failure> {
    let go = which("go")
        .ok_or("Go 1.26 or newer is needed to build the control plane, and is not on the PATH")?;
    let mut command = Command::new(go);
    command
        .args(["build", "-mod=readonly", "-trimpath"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))
        .env("CGO_ENABLED", "0")
        .env_remove("GOFLAGS");
    Ok(command)
}
