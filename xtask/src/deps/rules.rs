//! The rules of deny.toml.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::{graph::Graph, license};
use crate::Fallible;

/// What deny.toml forbids.
#[derive(Debug)]
pub(super) struct Rules {
    targets: Vec<String>,
    bans: Vec<Ban>,
    licenses: BTreeSet<String>,
}

/// One entry of `bans.deny`.
#[derive(Debug)]
struct Ban {
    name: String,
    reason: String,
    kind: BanKind,
}

#[derive(Debug)]
enum BanKind {
    /// Not to be there at all.
    Everywhere,
    /// To be depended on by these only.
    BesideWrappers(BTreeSet<String>),
    /// To be there in one version only.
    MultipleVersions,
}

impl Rules {
    /// Reads deny.toml.
    pub(super) fn parse(text: &str) -> Fallible<Self> {
        let document: Table = text.parse()?;
        let bans = list(&document, "bans", "deny")?;
        Ok(Self {
            targets: texts(list(&document, "graph", "targets")?),
            bans: bans.iter().map(Ban::parse).collect::<Fallible<_>>()?,
            licenses: texts(list(&document, "licenses", "allow")?)
                .into_iter()
                .collect(),
        })
    }

    pub(super) fn targets(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(String::as_str)
    }

    /// One line for everything in the graph that the rules forbid.
    pub(super) fn broken_by(&self, graph: &Graph) -> Vec<String> {
        let mut problems: Vec<_> = self
            .bans
            .iter()
            .flat_map(|ban| ban.broken_by(graph))
            .collect();
        for package in graph.packages() {
            if !license::is_allowed(&package.license, &self.licenses) {
                let (name, version) = (&package.name, &package.version);
                problems.push(format!(
                    "{name} {version}: licence {:?} is not allowed",
                    package.license
                ));
            }
        }
        problems
    }
}

impl Ban {
    fn parse(entry: &Value) -> Fallible<Self> {
        let field = |name| entry.get(name).and_then(Value::as_str);
        let kind = match (entry.get("wrappers"), entry.get("deny-multiple-versions")) {
            (Some(wrappers), _) => {
                let wrappers = wrappers.as_array().ok_or("deny.toml: wrappers is a list")?;
                BanKind::BesideWrappers(texts(wrappers).into_iter().collect())
            }
            (None, Some(_)) => BanKind::MultipleVersions,
            (None, None) => BanKind::Everywhere,
        };
        Ok(Self {
            name: field("crate")
                .ok_or("deny.toml: an entry of bans.deny has no `crate`")?
                .to_owned(),
            reason: field("reason").map_or_else(String::new, |reason| format!(": {reason}")),
            kind,
        })
    }

    fn broken_by(&self, graph: &Graph) -> Vec<String> {
        let (name, reason) = (&self.name, &self.reason);
        match &self.kind {
            BanKind::Everywhere => graph
                .named(name)
                .map(|package| {
                    format!(
                        "{name} is banned{reason} (used by {})",
                        joined(&package.parents)
                    )
                })
                .collect(),
            BanKind::BesideWrappers(wrappers) => graph
                .named(name)
                .flat_map(|package| package.parents.difference(wrappers))
                .map(|parent| format!("{parent} must not depend on {name}{reason}"))
                .collect(),
            BanKind::MultipleVersions => {
                let versions: BTreeSet<_> = graph
                    .named(name)
                    .map(|package| package.version.clone())
                    .collect();
                let several = (versions.len() > 1)
                    .then(|| format!("{name} is there as {}", joined(&versions)));
                several.into_iter().collect()
            }
        }
    }
}

fn list<'a>(document: &'a Table, table: &str, name: &str) -> Result<&'a Vec<Value>, String> {
    let value = document.get(table).and_then(|table| table.get(name));
    value
        .and_then(Value::as_array)
        .ok_or_else(|| format!("deny.toml: {table}.{name} is missing"))
}

fn texts(values: &[Value]) -> Vec<String> {
    values
        .iter()
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

fn joined(words: &BTreeSet<String>) -> String {
    words
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::{super::graph::tests::TREE, *};

    fn problems(deny: &str, allow: &str) -> Vec<String> {
        let text = format!("graph.targets = []\nbans.deny = [{deny}]\nlicenses.allow = [{allow}]");
        let rules = Rules::parse(&text).expect("it is well-formed");
        rules.broken_by(&Graph::parse(TREE).expect("it is well-formed"))
    }

    #[test]
    fn a_wrapper_may_depend_on_what_others_may_not() {
        let both = r#"{ crate = "tonic", wrappers = ["app", "server"] }"#;
        assert!(problems(both, r#""MIT""#).is_empty());
        let one = r#"{ crate = "tonic", wrappers = ["app"], reason = "one owner" }"#;
        assert_eq!(
            problems(one, r#""MIT""#),
            ["server must not depend on tonic: one owner"]
        );
    }

    #[test]
    fn a_ban_without_wrappers_is_absolute() {
        let ban = r#"{ crate = "tonic" }"#;
        assert_eq!(
            problems(ban, r#""MIT""#),
            ["tonic is banned (used by app, server)"]
        );
    }

    #[test]
    fn a_second_version_is_named() {
        let text = "0app v1.0.0\tMIT\n1tonic v1.0.0\tMIT\n1tonic v2.0.0\tMIT\n";
        let rules = "graph.targets = []\nlicenses.allow = [\"MIT\"]\n\
                     bans.deny = [{ crate = \"tonic\", deny-multiple-versions = true }]";
        let rules = Rules::parse(rules).expect("it is well-formed");
        let graph = Graph::parse(text).expect("it is well-formed");
        assert_eq!(rules.broken_by(&graph), ["tonic is there as 1.0.0, 2.0.0"]);
    }

    #[test]
    fn licences_are_checked() {
        let found = problems("", r#""Apache-2.0""#);
        let wanted = ["app 0.1.0", "derive 1.0.0", "tonic 1.0.0"];
        assert_eq!(
            found,
            wanted.map(|name| format!(r#"{name}: licence "MIT" is not allowed"#))
        );
    }
}
