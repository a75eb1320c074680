//! What `cargo metadata` tells, without what only tests use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::Fallible;

/// The packages that a build takes in.
#[derive(Debug)]
pub(super) struct Graph {
    /// By cargo's id.
    packages: BTreeMap<String, Package>,
}

/// A package and what depends on it.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression; empty if the manifest has none.
    pub(super) license: String,
    /// Names of the packages that depend on it directly.
    pub(super) parents: BTreeSet<String>,
}

impl Graph {
    /// Reads the output of `cargo metadata`.
    pub(super) fn parse(metadata: &str) -> Fallible<Self> {
        let metadata: Value = serde_json::from_str(metadata)?;
        let edges = edges(&metadata);
        let members = texts(&metadata["workspace_members"]);
        let used = reachable(members, &edges);
        let mut packages: BTreeMap<_, _> = array(&metadata["packages"])
            .filter(|package| used.contains(text(&package["id"])))
            .map(|package| (text(&package["id"]).to_owned(), Package::parse(package)))
            .collect();
        for (from, to) in edges
            .iter()
            .flat_map(|(from, all)| all.iter().map(move |to| (from, to)))
        {
            let Some(parent) = packages.get(*from).map(|package| package.name.clone()) else {
                continue;
            };
            if let Some(package) = packages.get_mut(*to) {
                package.parents.insert(parent);
            }
        }
        Ok(Self { packages })
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }

    /// Every version of a package that is taken in.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Package> {
        self.packages().filter(move |package| package.name == name)
    }
}

impl Package {
    fn parse(package: &Value) -> Self {
        Self {
            name: text(&package["name"]).to_owned(),
            version: text(&package["version"]).to_owned(),
            license: text(&package["license"]).to_owned(),
            parents: BTreeSet::new(),
        }
    }
}

/// What each package depends on for more than its tests.
fn edges(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let is_used =
        |dependency: &&Value| array(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev");
    array(&metadata["resolve"]["nodes"])
        .map(|node| {
            let dependencies = array(&node["deps"]).filter(is_used);
            (
                text(&node["id"]),
                dependencies
                    .map(|dependency| text(&dependency["pkg"]))
                    .collect(),
            )
        })
        .collect()
}

fn reachable<'a>(from: Vec<&'a str>, edges: &BTreeMap<&'a str, Vec<&'a str>>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = from;
    while let Some(package) = open.pop() {
        if seen.insert(package) {
            open.extend(edges.get(package).into_iter().flatten());
        }
    }
    seen
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    array(value).map(text).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `app -> server -> tonic 1`, `app -dev-> tonic 2`.
    pub(crate) const METADATA: &str = r#"{
        "packages": [
            {"id": "a", "name": "app", "version": "0.1.0", "license": "MIT"},
            {"id": "s", "name": "server", "version": "0.1.0", "license": "MIT OR Apache-2.0"},
            {"id": "t1", "name": "tonic", "version": "1.0.0", "license": "MIT"},
            {"id": "t2", "name": "tonic", "version": "2.0.0", "license": "GPL-3.0"}
        ],
        "workspace_members": ["a"],
        "resolve": {"nodes": [
            {"id": "a", "deps": [
                {"pkg": "s", "dep_kinds": [{"kind": null}]},
                {"pkg": "t2", "dep_kinds": [{"kind": "dev"}]}
            ]},
            {"id": "s", "deps": [{"pkg": "t1", "dep_kinds": [{"kind": "dev"}, {"kind": null}]}]},
            {"id": "t1", "deps": []},
            {"id": "t2", "deps": []}
        ]}
    }"#;

    #[test]
    fn what_only_tests_use_is_left_out() {
        let graph = Graph::parse(METADATA).expect("it is well-formed");
        let tonics: Vec<_> = graph.named("tonic").collect();
        assert_eq!(tonics.len(), 1);
        assert_eq!(tonics[0].version, "1.0.0");
        assert_eq!(tonics[0].parents, BTreeSet::from(["server".to_owned()]));
    }
}
