//! Entity tags.

use std::{
    fmt,
    hash::{DefaultHasher, Hasher as _},
};

use http::HeaderValue;

use crate::compression::Encoding;

/// An entity tag: `"a1"`, or weak `W/"a1"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    weak: bool,
    /// Without its quotes, and without the coding.
    opaque: String,
    /// The coding of the answer it belongs to, `"a1+gzip"`.
    encoding: Option<Encoding>,
}

/// What `If-Match` or `If-None-Match` holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tags {
    /// `*`: whatever there is.
    Any,
    /// One of these; at least one.
    Listed(Vec<Tag>),
}

impl Tag {
    /// The tag that an etag field holds; quotes may be left out there. `None` when it is empty or can be no entity tag.
    pub(crate) fn of_field(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Some((tag, "")) = Self::parse_first(text) {
            return Some(tag);
        }
        let (weak, opaque) = match text.strip_prefix("W/") {
            Some(opaque) => (true, opaque),
            None => (false, text),
        };
        opaque.bytes().all(is_etag_char).then(|| Self {
            weak,
            opaque: opaque.to_owned(),
            encoding: None,
        })
    }

    /// The strong tag of an answer's bytes: 128 bits of a hash that is the same in every process of one build.
    pub(crate) fn of_content(content: &[u8]) -> Self {
        let hash = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u8(seed);
            hasher.write(content);
            hasher.finish()
        };
        Self {
            weak: false,
            encoding: None,
            opaque: format!("{:016x}{:016x}", hash(0), hash(1)),
        }
    }

    /// The same for a header.
    pub(crate) fn of_header(value: &HeaderValue) -> Option<Self> {
        value.to_str().ok().and_then(Self::of_field)
    }

    /// The coding it was split from.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// The tag of the same answer in a coding.
    pub(crate) fn encoded(self, encoding: Encoding) -> Self {
        Self {
            encoding: Some(encoding),
            ..self
        }
    }

    /// The tag that a caller sends back, with the coding of the answer it comes from split off.
    pub(super) fn split(mut self) -> Self {
        let coding = self.opaque.rsplit_once('+').and_then(|(opaque, name)| {
            let encoding = Encoding::ALL.into_iter().find(|one| one.name() == name)?;
            Some((opaque.len(), encoding))
        });
        if let Some((length, encoding)) = coding {
            self.opaque.truncate(length);
            self.encoding = Some(encoding);
        }
        self
    }

    /// The tag of the answer whatever its coding.
    pub(super) fn plain(&self) -> Self {
        Self {
            encoding: None,
            ..self.clone()
        }
    }

    /// As a header. Every character of a tag may stand there.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }

    /// RFC 9110's strong comparison.
    pub(super) fn is_strongly(&self, other: &Self) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// RFC 9110's weak comparison.
    pub(super) fn is_weakly(&self, other: &Self) -> bool {
        self.opaque == other.opaque
    }

    /// The tag that a text begins with, and what stands behind it.
    fn parse_first(text: &str) -> Option<(Self, &str)> {
        let (weak, rest) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (opaque, rest) = rest.strip_prefix('"')?.split_once('"')?;
        opaque.bytes().all(is_etag_char).then(|| {
            let opaque = opaque.to_owned();
            let encoding = None;
            let tag = Self {
                weak,
                opaque,
                encoding,
            };
            (tag, rest)
        })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.weak { "W/" } else { "" };
        write!(f, "{prefix}\"{}", self.opaque)?;
        if let Some(encoding) = self.encoding {
            write!(f, "+{}", encoding.name())?;
        }
        f.write_str("\"")
    }
}

impl Tags {
    /// `*`, or tags joined by commas.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        if rest == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        loop {
            let (tag, behind) = Tag::parse_first(rest)?;
            tags.push(tag);
            rest = behind.trim_start();
            if rest.is_empty() {
                return Some(Self::Listed(tags));
            }
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }

    /// The same with the codings split off.
    pub(super) fn split(self) -> Self {
        match self {
            Self::Any => Self::Any,
            Self::Listed(tags) => Self::Listed(tags.into_iter().map(Tag::split).collect()),
        }
    }

    /// Whether one of them means the tag; `*` means any answer, with a tag or without.
    pub(super) fn has(&self, tag: Option<&Tag>, same: fn(&Tag, &Tag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(_) => self.find(tag, same).is_some(),
        }
    }

    /// The first that means the tag.
    pub(super) fn find(&self, tag: Option<&Tag>, same: fn(&Tag, &Tag) -> bool) -> Option<&Tag> {
        match self {
            Self::Any => None,
            Self::Listed(tags) => tag.and_then(|tag| tags.iter().find(|one| same(one, tag))),
        }
    }
}

/// RFC 9110's `etagc`, but for bytes outside ASCII.
fn is_etag_char(byte: u8) -> bool {
    byte == b'!' || (b'#'..=b'~').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags() {
        let shown = |text| match Tags::parse(text) {
            None => "none".to_owned(),
            Some(Tags::Any) => "any".to_owned(),
            Some(Tags::Listed(tags)) => {
                let tags: Vec<String> = tags.iter().map(Tag::to_string).collect();
                tags.join(" ")
            }
        };
        for (text, expected) in [
            ("*", "any"),
            ("\"a\"", "\"a\""),
            ("\"a\" , W/\"b,c\",\"\"", "\"a\" W/\"b,c\" \"\""),
            ("", "none"),
            ("a", "none"),
            ("\"a", "none"),
            ("\"a\" \"b\"", "none"),
            ("\"a\",", "none"),
            ("w/\"a\"", "none"),
            ("\"a b\"", "none"),
            ("*, \"a\"", "none"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn a_coding_is_part_of_the_tag_that_is_sent() {
        let tag = Tag::of_field("a+b").unwrap();
        assert_eq!(tag.clone().split().to_string(), "\"a+b\"");
        let sent = tag.clone().encoded(Encoding::Brotli);
        assert_eq!(sent.to_string(), "\"a+b+br\"");
        let back = Tag::of_field(&sent.to_string()).unwrap().split();
        assert!(back.is_strongly(&tag));
        assert_eq!(back.plain(), tag);
    }

    #[test]
    fn fields_hold_tags_with_quotes_or_without() {
        for (text, expected) in [
            ("\"a\"", Some("\"a\"")),
            ("a", Some("\"a\"")),
            ("W/\"a\"", Some("W/\"a\"")),
            ("W/a", Some("W/\"a\"")),
            ("", None),
            ("a b", None),
            ("\"a", None),
            ("é", None),
        ] {
            let tag = Tag::of_field(text).map(|tag| tag.to_string());
            assert_eq!(tag.as_deref(), expected, "{text}");
        }
    }
}
