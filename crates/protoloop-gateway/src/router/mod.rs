//! From method and path to a binding.
//!
//! Templates are compiled to a trie; the cost of a look-up depends on the path, not on the number of routes. Rules:
//!
//! - Per segment a literal wins over `*`, and `*` over `**`. The search goes back when a choice leads nowhere, or only
//!   to routes of other HTTP methods.
//! - A verb is what stands behind a colon of the last segment, if a template with that verb matches; the longest verb
//!   is tried first, no verb last. An escaped colon is never one.
//! - `*` matches one non-empty segment, `**` zero or more, empty ones included.
//! - Literals compare after decoding.

mod path;
mod trie;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, collections::HashSet, ops::Range, sync::Arc};

use protoloop_schema::{
    Diagnostic, Diagnostics, HttpMethod, HttpRule, Location, MethodId, PathTemplate, Schema,
    Segment, Severity,
};

use self::{
    path::SplitPath,
    trie::{Node, Query},
};
use crate::percent::{self, PathProfile};

pub use self::path::{MAX_PATH_BYTES, MAX_SEGMENTS, PathError};

/// Finds the binding of a request.
#[derive(Debug, Default)]
pub struct Router {
    routes: Vec<Route>,
    root: Node,
    verbs: HashSet<Arc<str>>,
    longest_verb: usize,
}

/// One binding of one method.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method it calls.
    pub method: MethodId,
    /// Position of the rule in [`Method::http`](protoloop_schema::Method::http).
    pub rule: usize,
    /// The HTTP method.
    pub http_method: HttpMethod,
    /// The path.
    pub template: PathTemplate,
}

/// What a request's method and path lead to.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "the large variant is the hot one; it lives on the stack of one look-up"
)]
pub enum Outcome<'p> {
    /// One binding.
    Found(Match<'p>),
    /// Bindings exist for this path, but for other methods.
    MethodNotAllowed {
        /// The methods there are, `HEAD` and `OPTIONS` included, for the `Allow` header.
        allow: Vec<String>,
    },
    /// No binding.
    NotFound,
    /// Not a path that can be routed.
    Invalid(PathError),
}

/// A binding that matches a path.
#[derive(Debug)]
pub struct Match<'p> {
    /// Position of the route in [`Router::routes`].
    pub route: usize,
    path: SplitPath<'p>,
}

impl Router {
    /// Compiles all bindings of a schema.
    ///
    /// # Errors
    /// Every pair of bindings that match the same requests, naming both methods; every template that cannot be compiled.
    pub fn new(schema: &Schema) -> Result<Self, Diagnostics> {
        let mut router = Self::default();
        let mut problems = Vec::new();
        for method in schema.methods() {
            for (index, rule) in method.http.iter().enumerate() {
                let name = &method.info.path[1..];
                if let Err(problem) = router.check(rule, name).and_then(|()| {
                    router.add(method.id, index, rule).map_err(|other| {
                        let other = schema.method(router.routes[other].method);
                        duplicate(rule, name, &other.info.path[1..])
                    })
                }) {
                    problems.push(problem);
                }
            }
        }
        if problems.is_empty() {
            Ok(router)
        } else {
            Err(Diagnostics(problems))
        }
    }

    /// Adds a binding that stands in no schema, as its only rule.
    ///
    /// # Errors
    /// What is wrong with the template, or the place is taken.
    #[doc(hidden)]
    pub fn push(&mut self, rule: &HttpRule) -> Result<(), Diagnostic> {
        let name = rule.method.as_str();
        self.check(rule, name)?;
        self.add(MethodId(0), 0, rule)
            .map_err(|_| duplicate(rule, name, "another"))
    }

    /// The routes, in order of declaration.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// The binding for a method token and a path without its query.
    #[must_use]
    pub fn find<'p>(&self, method: &str, path: &'p str) -> Outcome<'p> {
        match SplitPath::new(path) {
            Ok(path) => self.find_split(method, path),
            Err(error) => Outcome::Invalid(error),
        }
    }

    /// The same for a path whose escapes are decoded already: a percent sign in it stands for itself.
    #[must_use]
    pub fn find_decoded<'p>(&self, method: &str, path: &'p str) -> Outcome<'p> {
        match SplitPath::decoded(path) {
            Ok(path) => self.find_split(method, path),
            Err(error) => Outcome::Invalid(error),
        }
    }

    fn find_split<'p>(&self, method: &str, path: SplitPath<'p>) -> Outcome<'p> {
        for verb in self.verbs_of(&path) {
            let path = path.without_verb(verb.len() + 1);
            if let Some(route) = self.root.find(
                Query {
                    path: &path,
                    verb,
                    method,
                },
                0,
            ) {
                return Outcome::Found(Match { route, path });
            }
        }
        let plain = Query {
            path: &path,
            verb: "",
            method,
        };
        if let Some(route) = self.root.find(plain, 0) {
            return Outcome::Found(Match { route, path });
        }
        self.not_found(plain)
    }

    /// The registered verbs that the last segment ends with, the longest first.
    fn verbs_of<'p>(&self, path: &SplitPath<'p>) -> impl Iterator<Item = &'p str> {
        let last = match path.len() {
            0 => "",
            count => path.raw(count - 1),
        };
        // Colons further from the end than the longest verb are not looked at, so a segment of colons costs nothing.
        let window = last.len().saturating_sub(self.longest_verb + 1);
        let colons = memchr::memchr_iter(b':', &last.as_bytes()[window..]);
        colons
            .map(move |at| &last[window + at + 1..])
            .filter(|verb| !verb.is_empty() && self.verbs.contains(*verb))
    }

    fn not_found<'p>(&self, plain: Query<'_>) -> Outcome<'p> {
        let mut methods = Vec::new();
        for verb in self.verbs_of(plain.path) {
            let path = plain.path.without_verb(verb.len() + 1);
            self.root.allowed(
                Query {
                    path: &path,
                    verb,
                    ..plain
                },
                0,
                &mut methods,
            );
        }
        self.root.allowed(plain, 0, &mut methods);
        if methods.is_empty() {
            return Outcome::NotFound;
        }
        let mut allow: Vec<String> = methods
            .iter()
            .map(|method| method.as_str().to_owned())
            .collect();
        if methods.contains(&HttpMethod::Get) {
            allow.push("HEAD".to_owned());
        }
        allow.push("OPTIONS".to_owned());
        allow.sort_unstable();
        allow.dedup();
        Outcome::MethodNotAllowed { allow }
    }

    /// The search needs at most one `**`, and a bounded number of segments.
    fn check(&self, rule: &HttpRule, name: &str) -> Result<(), Diagnostic> {
        let segments = &rule.template.segments;
        let stars = segments
            .iter()
            .filter(|segment| **segment == Segment::Multi)
            .count();
        let message = if stars > 1 {
            format!(
                "{name}: the path {} has more than one **",
                rule.template.text
            )
        } else if segments.len() > MAX_SEGMENTS {
            format!("{name}: the path has more than {MAX_SEGMENTS} segments")
        } else {
            return Ok(());
        };
        Err(error(&rule.location, message, "shorten the path template"))
    }

    fn add(&mut self, method: MethodId, index: usize, rule: &HttpRule) -> Result<(), usize> {
        let template = &rule.template;
        let verb = template.verb.as_deref().unwrap_or_default();
        self.root
            .insert(&template.segments, verb, &rule.method, self.routes.len())?;
        if let Some(verb) = &template.verb {
            self.longest_verb = self.longest_verb.max(verb.len());
            self.verbs.insert(Arc::clone(verb));
        }
        self.routes.push(Route {
            method,
            rule: index,
            http_method: rule.method.clone(),
            template: template.clone(),
        });
        Ok(())
    }
}

impl Match<'_> {
    /// The value of the variable that covers `range` of the template's segments, decoded.
    #[must_use]
    pub fn variable(
        &self,
        template: &PathTemplate,
        range: &Range<usize>,
        profile: PathProfile,
    ) -> Cow<'_, str> {
        let raw = self.path.raw_range(self.path_range(template, range));
        if !self.path.has_escapes() {
            return Cow::Borrowed(raw);
        }
        let single = range.len() == 1 && template.segments[range.start] != Segment::Multi;
        let decoded = if single {
            percent::decode_segment(raw)
        } else {
            percent::decode_multi(raw, profile)
        };
        decoded.expect("the path was checked when it was split")
    }

    /// The path's segments for a range of the template's: what stands behind `**` counts from the end.
    fn path_range(&self, template: &PathTemplate, range: &Range<usize>) -> Range<usize> {
        let stars = template
            .segments
            .iter()
            .position(|segment| *segment == Segment::Multi);
        let place = |index: usize| match stars {
            Some(stars) if index > stars => index + self.path.len() - template.segments.len(),
            _ => index,
        };
        place(range.start)..place(range.end)
    }
}

fn duplicate(rule: &HttpRule, name: &str, other: &str) -> Diagnostic {
    let message = format!(
        "{name}: {} {} matches the same requests as a binding of {other}",
        rule.method.as_str(),
        rule.template.text
    );
    error(
        &rule.location,
        message,
        "give one of them another path or method",
    )
}

fn error(location: &Location, message: String, help: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        location: location.clone(),
        message,
        help: Some(help.to_owned()),
    }
}
