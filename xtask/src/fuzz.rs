//! `cargo xtask fuzz`: runs the fuzzer on one target or on all, one after the other.

use std::{fs, path::Path, process::Command};

use crate::{Fallible, console, process, tools};

/// Where the programs of the fuzzer are declared.
const PROGRAMS: &str = "fuzz/fuzz_targets";

/// Inputs that are committed, a folder for each target.
const CORPUS: &str = "fuzz/corpus";

/// What the fuzzer finds in addition, below the repository's root and not committed.
const FOUND: &str = ".cache/fuzz";

/// Runs `[--minutes N] [TARGET…]`; without a target all of them, without a number one minute each.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Fallible<()> {
    let (minutes, chosen) = match *arguments {
        ["--minutes", minutes, ref rest @ ..] => (minutes.parse::<u32>()?, rest),
        ref rest => (1, rest),
    };
    let all = targets(root)?;
    if let Some(unknown) = chosen.iter().find(|name| !all.iter().any(|it| it == *name)) {
        return Err(format!("there is no target {unknown}; there are {}", all.join(", ")).into());
    }
    let fuzzer = tools::cargo_fuzz(root)?;
    for target in &all {
        if chosen.is_empty() || chosen.contains(&target.as_str()) {
            fuzz(root, &fuzzer, target, minutes)?;
        }
    }
    Ok(())
}

fn targets(root: &Path) -> Fallible<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(PROGRAMS))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn fuzz(root: &Path, fuzzer: &Path, target: &str, minutes: u32) -> Fallible<()> {
    console::note(format_args!("{target}: {minutes} min"));
    let found = root.join(FOUND).join(target);
    fs::create_dir_all(&found)?;
    // The fuzzer writes into the first folder and reads all of them.
    let status = Command::new(fuzzer)
        .args(["fuzz", "run", target])
        .arg(found)
        .arg(root.join(CORPUS).join(target))
        .args(["--", "-timeout=10", "-print_final_stats=1"])
        .arg(format!("-max_total_time={}", minutes * 60))
        // cargo-fuzz passes compiler flags that the stable compiler keeps to itself otherwise.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", process::target(root)?.join("fuzz"))
        .current_dir(root.join("fuzz"))
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{target}: {status}; the input is in fuzz/artifacts/{target}").into())
}
