//! Which upstream answers which service.

use std::{cmp::Reverse, fmt, str::FromStr, sync::Arc};

use crate::Upstream;

/// What a rule is about: one name (`books.v1.Library` or `books.v1.Library.GetBook`), everything below one
/// (`books.v1.*`), or everything (`*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selector {
    name: String,
    below: bool,
}

impl Selector {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self {
            name: String::new(),
            below: true,
        }
    }

    /// Whether it is about this full name, of a service or a method; with a dot before the method.
    #[must_use]
    pub fn matches(&self, full_name: &str) -> bool {
        if !self.below {
            // What names a service is about its methods too.
            return full_name == self.name || is_below(full_name, &self.name);
        }
        self.name.is_empty() || is_below(full_name, &self.name)
    }

    /// How narrow it is: an exact name before a longer prefix before a shorter one.
    fn rank(&self) -> (bool, usize) {
        (!self.below, self.name.len())
    }
}

fn is_below(full_name: &str, prefix: &str) -> bool {
    let rest = full_name.strip_prefix(prefix);
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Text that is no selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError(String);

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no selector; write a full name such as books.v1.Library, or books.v1.* for all below one",
            self.0
        )
    }
}

impl std::error::Error for SelectorError {}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text == "*" {
            return Ok(Self::all());
        }
        let (name, below) = match text.strip_suffix(".*") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let identifier = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !name.split('.').all(identifier) {
            return Err(SelectorError(text.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            below,
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.is_empty(), self.below) {
            (true, _) => f.write_str("*"),
            (false, true) => write!(f, "{}.*", self.name),
            (false, false) => f.write_str(&self.name),
        }
    }
}

/// The upstreams of a gateway.
#[derive(Clone, Debug, Default)]
pub struct Upstreams {
    /// The narrowest selector first.
    entries: Vec<(Selector, Arc<Upstream>)>,
}

impl Upstreams {
    /// Adds an upstream for what `selector` is about. Of two selectors for one service the narrower one wins, of two
    /// equal ones the later.
    #[must_use]
    pub fn with(mut self, selector: Selector, upstream: Arc<Upstream>) -> Self {
        self.entries.insert(0, (selector, upstream));
        self.entries
            .sort_by_key(|(selector, _)| Reverse(selector.rank()));
        self
    }

    /// The upstream of a service, by its full name.
    #[must_use]
    pub fn of_service(&self, full_name: &str) -> Option<&Arc<Upstream>> {
        let mut entries = self.entries.iter();
        let found = entries.find(|(selector, _)| selector.matches(full_name));
        found.map(|(_, upstream)| upstream)
    }

    /// Every upstream with what it is for, the narrowest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Selector, &Arc<Upstream>)> {
        self.entries
            .iter()
            .map(|(selector, upstream)| (selector, upstream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(text: &str) -> Selector {
        text.parse().expect(text)
    }

    #[test]
    fn names_and_wildcards_match() {
        for (text, name, expect) in [
            ("*", "a.v1.A", true),
            ("a.*", "a.v1.A", true),
            ("a.v1.*", "a.v1.A", true),
            ("a.v1.*", "a.v10.A", false),
            ("a.v1.A", "a.v1.A", true),
            ("a.v1.A", "a.v1.A.Get", true),
            ("a.v1.A", "a.v1.AB", false),
            ("a.v1.A.*", "a.v1.A", false),
            ("a.v1.A.Get", "a.v1.A.Get", true),
        ] {
            assert_eq!(selector(text).matches(name), expect, "{text} {name}");
            assert_eq!(selector(text).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", ".", "a.", ".a", "a.*.b", "*.a", "a*", "a b", "a..b", ".*",
        ] {
            assert!(text.parse::<Selector>().is_err(), "{text:?}");
        }
    }
}
