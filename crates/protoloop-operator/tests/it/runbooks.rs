//! A page per condition, and on them every reason that there is.

use std::{collections::BTreeSet, fs, path::PathBuf};

use protoloop_operator::api::condition;

use crate::support::root;

/// Where reasons are given.
const SOURCES: [&str; 6] = [
    "controller/context.rs",
    "controller/gate.rs",
    "controller/reconcile.rs",
    "controller/rollout.rs",
    "rollout/pods.rs",
    "schema/decision.rs",
];

/// Names in those files that are no reasons of ours: of kinds, of Kubernetes' own conditions, of fields, of what nobody sees.
const OTHERS: [&str; 12] = [
    "ContainerCreating",
    "Context",
    "Deployment",
    "Failed",
    "False",
    "GRPCRoute",
    "HTTPRoute",
    "Microservice",
    "NotLeading",
    "PodInitializing",
    "PodScheduled",
    "Succeeded",
];

fn pages() -> Vec<(String, String)> {
    let folder = PathBuf::from(root("docs/how-to/conditions"));
    let entries = fs::read_dir(folder).expect("it is there");
    let page = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).expect("pages are text");
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    entries
        .map(|entry| page(entry.expect("it can be read")))
        .collect()
}

#[test]
fn every_condition_has_a_page() {
    let wanted = [
        condition::READY,
        condition::ACCEPTED,
        condition::APPLIED,
        condition::AVAILABLE,
        condition::ROUTED,
        condition::SCHEMA_VALID,
        condition::SCHEMA_COMPATIBLE,
        condition::MIGRATED,
    ];
    let titles: BTreeSet<_> = pages()
        .into_iter()
        .filter_map(|(_, text)| text.lines().next().map(str::to_owned))
        .collect();
    let wanted = wanted.map(|kind| format!("# `{kind}` is not True"));
    assert_eq!(titles, wanted.into_iter().collect());
}

#[test]
fn every_reason_is_explained() {
    let pages: String = pages().into_iter().map(|(_, text)| text).collect();
    let mut unexplained = BTreeSet::new();
    for source in SOURCES {
        let text = fs::read_to_string(root(&format!("crates/protoloop-operator/src/{source}")));
        let text = text.expect("it is there");
        for word in text.split('"').filter(|word| is_name(word)) {
            if !OTHERS.contains(&word) && !pages.contains(&format!("`{word}`")) {
                unexplained.insert(word.to_owned());
            }
        }
    }
    assert_eq!(unexplained, BTreeSet::new());
}

/// `LikeThis`.
fn is_name(word: &str) -> bool {
    word.len() > 4
        && word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.chars().all(|next| next.is_ascii_alphanumeric())
}
