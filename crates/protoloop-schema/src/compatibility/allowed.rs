//! What may be broken.

use std::{fmt, str::FromStr};

use super::{Breaking, Rule};

/// A breaking change that somebody has agreed to: `field-removed`, or for one element `field-removed=shop.v1.Book.title`. An
/// element with dots and a star at its end stands for everything below: `shop.v1.*`. `*` allows every rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// `None` for every rule.
    rule: Option<Rule>,
    element: Option<String>,
}

impl Allowed {
    /// Whether it allows this one.
    #[must_use]
    pub fn allows(&self, breaking: &Breaking) -> bool {
        let rule = self.rule.is_none_or(|rule| rule == breaking.rule);
        let element = self.element.as_deref();
        let element = element.is_none_or(|allowed| match allowed.strip_suffix('*') {
            Some(start) => breaking.element.starts_with(start),
            None => breaking.element == allowed,
        });
        rule && element
    }
}

impl FromStr for Allowed {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let (rule, element) = match text.split_once('=') {
            Some((rule, element)) => (rule, Some(element.to_owned())),
            None => (text, None),
        };
        let rule = match rule {
            "*" => None,
            rule => Some(rule.parse()?),
        };
        Ok(Self { rule, element })
    }
}

/// A rule that there is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    text: String,
}

impl UnknownRule {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no rule {:?}", self.text)?;
        let known = Rule::ALL.iter().map(|rule| rule.name());
        let near: Vec<_> = known.filter(|name| near(name, &self.text)).collect();
        match near.is_empty() {
            true => f.write_str("; write one such as field-removed"),
            false => write!(f, "; there is {}", near.join(", ")),
        }
    }
}

impl std::error::Error for UnknownRule {}

/// Whether two names begin or end with the same word.
fn near(name: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase().replace('_', "-");
    let (mut name, mut text) = (name.split('-'), text.split('-'));
    let first = name.next() == text.next();
    first
        || name
            .next_back()
            .is_some_and(|last| text.next_back() == Some(last))
}
