//! What a service answers, as far as routes have to know.

use std::collections::BTreeSet;

use protoloop_schema::{PathTemplate, Schema, Segment};

/// As many matches as one route object may have.
const MAX_MATCHES: usize = 64;

/// What a service answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// Full names of gRPC services, sorted.
    pub services: Vec<String>,
    /// Paths of REST, sorted; none lies below another.
    pub paths: Vec<PathMatch>,
}

/// A path of REST.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathMatch {
    /// This one.
    Exact(String),
    /// This one and all below it.
    Prefix(String),
}

impl Surface {
    /// What the services of a schema answer.
    ///
    /// Gateways know exact paths and prefixes; a template becomes the longest prefix that all its paths have. What lies beside
    /// in that prefix is answered by the service with NOT_FOUND.
    #[must_use]
    pub fn of(schema: &Schema) -> Self {
        let services = schema
            .services()
            .iter()
            .map(|service| service.full_name.to_string());
        let services: BTreeSet<String> = services.collect();
        let rules = schema.methods().iter().flat_map(|method| &method.http);
        let mut paths: BTreeSet<PathMatch> = rules.map(|rule| path(&rule.template)).collect();
        let mut segments = 4;
        reduce(&mut paths);
        while paths.len() > MAX_MATCHES && segments > 0 {
            segments -= 1;
            paths = paths.iter().map(|path| shortened(path, segments)).collect();
            reduce(&mut paths);
        }
        Self {
            services: services.into_iter().collect(),
            paths: paths.into_iter().collect(),
        }
    }
}

fn path(template: &PathTemplate) -> PathMatch {
    let mut literals = Vec::new();
    for segment in &template.segments {
        match segment {
            Segment::Literal(text) => literals.push(&**text),
            Segment::Single | Segment::Multi => break,
        }
    }
    let whole = literals.len() == template.segments.len();
    let verb = template.verb.as_deref().filter(|_| whole);
    let text = format!("/{}", literals.join("/"));
    match (whole, verb) {
        (true, None) => PathMatch::Exact(text),
        (true, Some(verb)) => PathMatch::Exact(format!("{text}:{verb}")),
        (false, _) => PathMatch::Prefix(text),
    }
}

/// Takes out what a prefix covers.
fn reduce(paths: &mut BTreeSet<PathMatch>) {
    let prefixes: Vec<String> = paths
        .iter()
        .filter_map(|path| match path {
            PathMatch::Prefix(prefix) => Some(prefix.clone()),
            PathMatch::Exact(_) => None,
        })
        .collect();
    paths.retain(|path| {
        !prefixes.iter().any(|prefix| match path {
            PathMatch::Exact(text) => is_below(text, prefix),
            PathMatch::Prefix(text) => text != prefix && is_below(text, prefix),
        })
    });
}

/// Prefixes are compared by segments: `/v1/books` does not cover `/v1/bookshelves`.
fn is_below(path: &str, prefix: &str) -> bool {
    prefix == "/"
        || path
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn shortened(path: &PathMatch, segments: usize) -> PathMatch {
    let (PathMatch::Exact(text) | PathMatch::Prefix(text)) = path;
    let parts: Vec<_> = text.split('/').skip(1).collect();
    if parts.len() <= segments {
        return path.clone();
    }
    PathMatch::Prefix(format!("/{}", parts[..segments].join("/")))
}

#[cfg(test)]
mod tests;
