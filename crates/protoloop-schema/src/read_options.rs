//! How a descriptor set is read.

#[cfg(feature = "service-config")]
mod yaml;

use std::collections::HashSet;

use crate::{Location, options::google_api};

/// How a descriptor set is read. By default all services are, and routes come from annotations alone.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// Full names of the services to read; `None` for all of the set, those of imported files included.
    pub services: Option<HashSet<String>>,
    /// Routes that are not written as annotations.
    pub http: HttpConfig,
    /// Whether every method without a rule gets `POST /package.Service/Method` with the message as the body.
    pub unbound: bool,
    /// Whether a set with models that are exposed for writing gets `protoloop.v1.BatchService`, as a server serves it.
    pub batch: bool,
    /// Whether the schema is of a server that calls are passed on to. It keeps to its rules itself, so those that this
    /// version would have to enforce are let through; and its files may be of the editions 2023 and 2024.
    pub upstream: bool,
}

impl ReadOptions {
    pub(crate) fn reads(&self, service: &str) -> bool {
        let services = self.services.as_ref();
        services.is_none_or(|services| services.contains(service))
    }
}

/// The `http` section of a `google.api.Service` configuration: routes by selector, instead of annotations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpConfig {
    pub(crate) rules: Vec<ConfigRule>,
}

impl HttpConfig {
    /// Adds the rules of `other`, which count as written behind these.
    #[must_use]
    pub fn extend(mut self, other: Self) -> Self {
        self.rules.extend(other.rules);
        self
    }

    /// The rule of a method, by its full name with a dot: the last one counts.
    pub(crate) fn rule_for(&self, method: &str) -> Option<&ConfigRule> {
        self.rules.iter().rev().find(|rule| rule.selects(method))
    }
}

/// One rule and where its parts are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConfigRule {
    pub(crate) rule: google_api::HttpRule,
    /// By path in `google.api.HttpRule`, as descriptors spell paths; the empty path is the selector.
    pub(crate) places: Vec<(Vec<i32>, Location)>,
}

impl ConfigRule {
    pub(crate) fn selects(&self, method: &str) -> bool {
        match self.rule.selector.strip_suffix('*') {
            Some("") => true,
            Some(prefix) => method.starts_with(prefix),
            None => method == self.rule.selector,
        }
    }

    /// The place of a part, or of the nearest one around it.
    pub(crate) fn location(&self, part: &[i32]) -> Location {
        let around = self
            .places
            .iter()
            .filter(|(path, _)| part.starts_with(path));
        let nearest = around.max_by_key(|(path, _)| path.len());
        nearest
            .map(|(_, location)| location.clone())
            .unwrap_or_default()
    }
}
