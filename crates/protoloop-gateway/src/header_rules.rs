//! Which headers become metadata, and which metadata becomes headers, beyond what HTTP itself demands.

use http::HeaderMap;

/// Rules for headers, both ways. They come on top of the fixed ones: what frames a message, what is hop-by-hop, and
/// `grpc-*` never passes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderRules {
    /// Request headers to metadata.
    pub request: HeaderRule,
    /// Reply metadata and trailers to response headers.
    pub reply: HeaderRule,
}

/// Which names pass in one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderRule {
    /// All of them.
    #[default]
    All,
    /// All but these.
    Except(HeaderNames),
    /// Only these. What is left out is left out for authentication and tracing as well: name `authorization` and
    /// `traceparent` where they are needed.
    Only(HeaderNames),
}

/// Names of headers; a `*` at the end of one stands for any end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderNames(Vec<Box<str>>);

impl HeaderNames {
    fn has(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => **pattern == *name,
            })
    }
}

impl<S: AsRef<str>> FromIterator<S> for HeaderNames {
    /// Case does not count.
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let lower = |name: S| name.as_ref().to_ascii_lowercase().into_boxed_str();
        Self(names.into_iter().map(lower).collect())
    }
}

impl HeaderRule {
    /// All but these names.
    pub fn except<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Except(names.into_iter().collect())
    }

    /// Only these names.
    pub fn only<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Only(names.into_iter().collect())
    }

    /// Whether a name passes; `name` is in lower case.
    #[must_use]
    pub fn passes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Except(names) => !names.has(name),
            Self::Only(names) => names.has(name),
        }
    }

    /// Removes what does not pass.
    pub fn apply(&self, headers: &mut HeaderMap) {
        if *self == Self::All {
            return;
        }
        let dropped: Vec<_> = headers
            .keys()
            .filter(|name| !self.passes(name.as_str()))
            .cloned()
            .collect();
        for name in dropped {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_46_names_that_pass() {
        let rule = HeaderRule::except(["Cookie", "x-internal-*"]);
        assert!(rule.passes("authorization") && rule.passes("x-internal"));
        assert!(!rule.passes("cookie") && !rule.passes("x-internal-user"));
        let rule = HeaderRule::only(["Authorization"]);
        assert!(rule.passes("authorization") && !rule.passes("authorization2"));
        assert!(HeaderRule::All.passes("anything"));
    }
}
