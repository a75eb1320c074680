//! What `cargo tree` tells, without what only tests use.
//!
//! `cargo metadata` would be easier to read but names optional packages that no build takes in.

use std::collections::{BTreeMap, BTreeSet};

/// The packages that a build takes in, by name and version.
#[derive(Debug)]
pub(super) struct Graph(BTreeMap<(String, String), Package>);

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
    /// What makes `cargo tree` write what [`Graph::parse`] reads.
    pub(super) const TREE: [&str; 8] = [
        "tree",
        "--workspace",
        "--edges",
        "no-dev",
        "--prefix",
        "depth",
        "--format",
        "{p}\t{l}",
    ];

    /// Reads lines of depth, name, version, notes, a tab and the licence: `2tonic v0.14.9 (…)<tab>MIT`.
    pub(super) fn parse(tree: &str) -> Result<Self, String> {
        let mut packages: BTreeMap<_, Package> = BTreeMap::new();
        let mut ancestors: Vec<String> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let (depth, found) =
                Package::parse(line).ok_or_else(|| format!("cargo tree wrote {line:?}"))?;
            ancestors.truncate(depth);
            let parent = ancestors.last().cloned();
            ancestors.push(found.name.clone());
            let key = (found.name.clone(), found.version.clone());
            packages.entry(key).or_insert(found).parents.extend(parent);
        }
        Ok(Self(packages))
    }

    pub(super) fn packages(&self) -> impl Iterator<Item = &Package> {
        self.0.values()
    }

    /// Every version of a package that is taken in.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Package> {
        self.packages().filter(move |package| package.name == name)
    }
}

impl Package {
    fn parse(line: &str) -> Option<(usize, Self)> {
        let (package, license) = line.split_once('\t')?;
        let start = package.find(|c: char| !c.is_ascii_digit())?;
        let (depth, package) = package.split_at(start);
        let mut words = package.split(' ');
        let found = Self {
            name: words.next()?.to_owned(),
            version: words.next()?.trim_start_matches('v').to_owned(),
            license: license.trim_end_matches(" (*)").to_owned(),
            parents: BTreeSet::new(),
        };
        Some((depth.parse().ok()?, found))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const TREE: &str = "\
0app v0.1.0 (/src/app)\tMIT
1server v0.1.0 (/src/server)\tMIT OR Apache-2.0
2tonic v1.0.0\tMIT
2derive v1.0.0 (proc-macro)\tMIT
1tonic v1.0.0\tMIT (*)

0server v0.1.0 (/src/server)\tMIT OR Apache-2.0 (*)
";

    #[test]
    fn parents_are_the_lines_above() {
        let graph = Graph::parse(TREE).expect("it is well-formed");
        let tonics: Vec<_> = graph.named("tonic").collect();
        assert_eq!(tonics.len(), 1);
        assert_eq!((&*tonics[0].version, &*tonics[0].license), ("1.0.0", "MIT"));
        assert_eq!(
            tonics[0].parents,
            ["app", "server"].map(str::to_owned).into()
        );
        assert_eq!(
            graph
                .named("server")
                .next()
                .map(|server| server.parents.len()),
            Some(1)
        );
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Graph::parse("error: no such command").is_err());
    }
}
