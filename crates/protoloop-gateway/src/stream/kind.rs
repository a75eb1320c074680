//! Which form a stream has.

use http::{HeaderMap, HeaderValue};

use crate::negotiate::ranges;

/// How the messages of a stream stand in an HTTP body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamKind {
    /// One JSON array.
    Array,
    /// A line of JSON for each.
    Lines,
    /// Server-sent events.
    Events,
}

impl StreamKind {
    /// All, the one that is taken where the caller has no preference first.
    const ALL: [Self; 3] = [Self::Array, Self::Lines, Self::Events];

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Array => &["application/json"],
            Self::Lines => &["application/x-ndjson", "application/jsonl"],
            Self::Events => &["text/event-stream"],
        }
    }

    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Array => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Events => "text/event-stream",
        })
    }

    /// The form that `Accept` likes best; `None` when it takes none.
    pub(crate) fn preferred(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for kind in Self::ALL {
            let quality = kind.quality(headers);
            if quality > best.map_or(0.0, |(_, best)| best) {
                best = Some((kind, quality));
            }
        }
        best.map(|(kind, _)| kind)
    }

    /// The quality of the most specific range that covers the form.
    fn quality(self, headers: &HeaderMap) -> f32 {
        let mut found: Option<(u8, f32)> = None;
        let mut any = false;
        for (essence, quality) in ranges(headers) {
            any = true;
            let (family, _) = self.names()[0].split_once('/').unwrap_or_default();
            let named = |name: &&str| essence.eq_ignore_ascii_case(name);
            let specificity = if self.names().iter().any(named) {
                2
            } else if essence
                .strip_suffix("/*")
                .is_some_and(|prefix| prefix.eq_ignore_ascii_case(family))
            {
                1
            } else if essence == "*/*" {
                0
            } else {
                continue;
            };
            if found.is_none_or(|(before, _)| specificity > before) {
                found = Some((specificity, quality));
            }
        }
        match (any, found) {
            (false, _) => 1.0,
            (true, Some((_, quality))) => quality,
            (true, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn the_caller_chooses() {
        let cases = [
            ("", Some(StreamKind::Array)),
            ("*/*", Some(StreamKind::Array)),
            ("application/json", Some(StreamKind::Array)),
            ("application/*", Some(StreamKind::Array)),
            ("text/event-stream", Some(StreamKind::Events)),
            ("text/*", Some(StreamKind::Events)),
            ("Application/X-NDJSON", Some(StreamKind::Lines)),
            (
                "application/jsonl;q=0.5, text/event-stream;q=0.4",
                Some(StreamKind::Lines),
            ),
            (
                "application/json;q=0.1, application/x-ndjson",
                Some(StreamKind::Lines),
            ),
            ("*/*, application/json;q=0", Some(StreamKind::Lines)),
            ("text/html", None),
            ("text/event-stream;q=0", None),
        ];
        for (accept, expected) in cases {
            let value = HeaderValue::from_static(accept);
            let headers = [(header::ACCEPT, value)].into_iter().collect();
            assert_eq!(StreamKind::preferred(&headers), expected, "{accept}");
        }
        assert_eq!(
            StreamKind::preferred(&HeaderMap::new()),
            Some(StreamKind::Array)
        );
    }
}
