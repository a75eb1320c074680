//! The compiled templates: a trie over segments.

use std::sync::Arc;

use protoloop_schema::{HttpMethod, Segment};

use super::path::SplitPath;
use crate::Lookup;

/// A route by its position in the router.
pub(super) type RouteIndex = usize;

/// Where templates that begin alike go on.
#[derive(Debug, Default)]
pub(super) struct Node {
    literals: Lookup<Arc<str>, Self>,
    single: Option<Box<Self>>,
    multi: Option<Box<Self>>,
    /// The templates that end here, by verb; the empty text is "no verb".
    ends: Vec<End>,
    /// The longest way from here to an end, in segments. Bounds what `**` leaves to the segments behind it.
    depth: usize,
}

#[derive(Debug)]
struct End {
    verb: Arc<str>,
    methods: Vec<(HttpMethod, RouteIndex)>,
}

/// What is asked of the trie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'q> {
    pub(super) path: &'q SplitPath<'q>,
    pub(super) verb: &'q str,
    pub(super) method: &'q str,
}

impl Node {
    /// Adds a template. Gives the route that already stands at the same place for the same method, if there is one.
    pub(super) fn insert(
        &mut self,
        segments: &[Segment],
        verb: &str,
        method: &HttpMethod,
        route: RouteIndex,
    ) -> Result<(), RouteIndex> {
        self.depth = self.depth.max(segments.len());
        let Some((first, rest)) = segments.split_first() else {
            return self.insert_end(verb, method, route);
        };
        let child = match first {
            Segment::Literal(text) => self.literals.entry(Arc::clone(text)).or_default(),
            Segment::Single => self.single.get_or_insert_default(),
            Segment::Multi => self.multi.get_or_insert_default(),
        };
        child.insert(rest, verb, method, route)
    }

    fn insert_end(
        &mut self,
        verb: &str,
        method: &HttpMethod,
        route: RouteIndex,
    ) -> Result<(), RouteIndex> {
        let position = self.ends.iter().position(|end| &*end.verb == verb);
        let position = position.unwrap_or_else(|| {
            self.ends.push(End {
                verb: verb.into(),
                methods: Vec::new(),
            });
            self.ends.len() - 1
        });
        let methods = &mut self.ends[position].methods;
        if let Some((_, other)) = methods.iter().find(|(present, _)| present == method) {
            return Err(*other);
        }
        methods.push((method.clone(), route));
        Ok(())
    }

    /// The best route: literal before `*` before `**` at every segment, going back where a choice leads nowhere or
    /// only to other methods.
    ///
    /// The recursion is as deep as the longest template, and a node without `**` above it is visited at most once.
    pub(super) fn find(&self, query: Query<'_>, at: usize) -> Option<RouteIndex> {
        if at == query.path.len() {
            let here = self.end(query.verb).and_then(|end| end.route(query.method));
            return here.or_else(|| self.find_multi(query, at));
        }
        query
            .path
            .with_decoded(at, |segment| self.literals.get(segment))
            .and_then(|child| child.find(query, at + 1))
            .or_else(|| {
                let child = self.single.as_deref()?;
                (!query.path.raw(at).is_empty()).then(|| child.find(query, at + 1))?
            })
            .or_else(|| self.find_multi(query, at))
    }

    /// `**` takes as little as the longest tail behind it allows, so that more literals win.
    fn find_multi(&self, query: Query<'_>, at: usize) -> Option<RouteIndex> {
        let child = self.multi.as_deref()?;
        let end = query.path.len();
        (at.max(end.saturating_sub(child.depth))..=end).find_map(|next| child.find(query, next))
    }

    /// Adds to `allowed` the methods of every route that the path matches.
    pub(super) fn allowed(&self, query: Query<'_>, at: usize, allowed: &mut Vec<HttpMethod>) {
        if at == query.path.len() {
            for (method, _) in self.end(query.verb).iter().flat_map(|end| &end.methods) {
                if !allowed.contains(method) {
                    allowed.push(method.clone());
                }
            }
        } else {
            if let Some(child) = query
                .path
                .with_decoded(at, |segment| self.literals.get(segment))
            {
                child.allowed(query, at + 1, allowed);
            }
            if let Some(child) = self.single.as_deref()
                && !query.path.raw(at).is_empty()
            {
                child.allowed(query, at + 1, allowed);
            }
        }
        if let Some(child) = self.multi.as_deref() {
            let end = query.path.len();
            for next in at.max(end.saturating_sub(child.depth))..=end {
                child.allowed(query, next, allowed);
            }
        }
    }

    fn end(&self, verb: &str) -> Option<&End> {
        self.ends.iter().find(|end| &*end.verb == verb)
    }
}

impl End {
    /// The method itself, else GET for HEAD, else the binding of every method.
    fn route(&self, method: &str) -> Option<RouteIndex> {
        let of = |wanted: &str| {
            self.methods
                .iter()
                .find(|(method, _)| method.as_str() == wanted)
                .map(|(_, route)| *route)
        };
        of(method)
            .or_else(|| (method == "HEAD").then(|| of("GET"))?)
            .or_else(|| of("*"))
    }
}
