//! `cargo xtask deps`: the dependency graph as a test.
//!
//! The rules are those of deny.toml, so that this check and cargo-deny cannot disagree; only what is used there is
//! understood here.

mod graph;
mod license;
mod rules;

use std::{fs, path::Path};

use self::{graph::Graph, rules::Rules};
use crate::{Fallible, console, process};

/// Reads the rules, asks cargo for the graph and reports every edge that should not be.
pub(crate) fn run(root: &Path) -> Fallible<()> {
    let rules = Rules::parse(&fs::read_to_string(root.join("deny.toml"))?)?;
    let mut problems = Vec::new();
    for target in rules.targets() {
        let graph = Graph::parse(&tree(root, target)?)?;
        problems.extend(rules.broken_by(&graph));
    }
    problems.sort();
    problems.dedup();
    for problem in &problems {
        console::say(problem);
    }
    if problems.is_empty() {
        console::say("deps: the graph is as deny.toml says");
        return Ok(());
    }
    Err(format!("deps: {} problems", problems.len()).into())
}

fn tree(root: &Path, target: &str) -> Result<String, String> {
    let mut cargo = process::cargo(root);
    cargo
        .args(Graph::TREE)
        .args(["--locked", "--target", target]);
    process::output(&mut cargo)
}
