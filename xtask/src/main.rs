//! Chores of this repository: `cargo xtask <task>`.

mod cluster;
mod codegen;
mod console;
mod deps;
mod fuzz;
mod kubernetes;
mod measure;
mod peers;
mod process;
mod test;
mod tidy;
mod tools;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What a task answers; the text of an error is shown as it is.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: cargo xtask <task>

  test [--forbid-skip] [-- ARGUMENT…]  run all tests, installing what they drive; arguments go to `cargo test`
  codegen [--check]                    rebuild, or compare, what is generated and committed
  kubernetes [--check]                 the same for what charts and k8s/ share with the operator
  tidy                                 check sizes, leftovers, crate files and links
  deps                                 check the dependency graph against deny.toml
  cluster build|up|down|…              a real Kubernetes of one node, see tests/cluster/README.md
  buf [ARGUMENT…]                      run buf, installing it if need be; `cargo xtask buf lint proto`
  fuzz [--minutes N] [TARGET…]         run the fuzzer on all targets or on these, one minute each or N
  measure                              build the release binary; time to the first answer, memory when idle
  peers                                race our gateway against Envoy, structured-proxy and grpc-gateway";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&root(), &arguments) {
        Ok(code) => code,
        Err(error) => {
            console::note(error);
            ExitCode::FAILURE
        }
    }
}

fn run(root: &Path, arguments: &[&str]) -> Fallible<ExitCode> {
    match *arguments {
        ["test", ref rest @ ..] => return test::run(root, rest),
        ["cluster", ref rest @ ..] => return cluster::run(root, rest),
        ["codegen"] => codegen::run(root, codegen::Mode::Write)?,
        ["codegen", "--check"] => codegen::run(root, codegen::Mode::Check)?,
        ["kubernetes", ref rest @ ..] => kubernetes::run(root, rest)?,
        ["tidy"] => tidy::run(root)?,
        ["deps"] => deps::run(root)?,
        ["buf", ref rest @ ..] => buf(root, rest)?,
        ["fuzz", ref rest @ ..] => fuzz::run(root, rest)?,
        ["measure"] => measure::run(root)?,
        ["peers"] => peers::run(root)?,
        ["help" | "--help" | "-h"] => console::say(USAGE),
        _ => return Err(USAGE.into()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs buf in the repository's root.
fn buf(root: &Path, arguments: &[&str]) -> Fallible<()> {
    let buf = tools::buf(root)?;
    let status = std::process::Command::new(buf)
        .args(arguments)
        .current_dir(root)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("buf {}: {status}", arguments.join(" ")).into())
    }
}

/// The root of the repository: where cargo found this program now, not where it was built.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    package.parent().expect("xtask lies in the root").to_owned()
}
