//! `Content-Type`, `Content-Encoding` and `Accept`.

use http::{HeaderMap, HeaderValue, header};

/// The media type of the request body, as far as binding cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentType<'h> {
    /// None was sent.
    Absent,
    /// JSON in UTF-8: `application/json` or a `+json` type.
    Json,
    /// Something else, as it was sent.
    Other(&'h str),
}

/// The media type of the request body.
pub(crate) fn content_type(headers: &HeaderMap) -> ContentType<'_> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return ContentType::Absent;
    };
    if value.as_bytes() == b"application/json" {
        return ContentType::Json;
    }
    let Ok(text) = value.to_str() else {
        return ContentType::Other("a value that is no media type");
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let utf8 = parameters
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .all(|(name, value)| {
            let value = value.trim().trim_matches('"');
            !name.trim().eq_ignore_ascii_case("charset") || value.eq_ignore_ascii_case("utf-8")
        });
    if utf8 && is_json(essence.trim()) {
        ContentType::Json
    } else {
        ContentType::Other(text)
    }
}

/// Whether the request body is NDJSON.
pub(crate) fn is_lines(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or_default().trim();
    ["application/x-ndjson", "application/jsonl"]
        .iter()
        .any(|name| essence.eq_ignore_ascii_case(name))
}

/// What of `Accept` concerns an answer in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accept {
    /// Whether JSON is taken: there is no `Accept`, or a range in it covers `application/json` with a quality above 0.
    pub(crate) json: bool,
    /// Whether errors are wanted as `application/problem+json`: it is named, and no lower than plain JSON.
    pub(crate) problem: bool,
}

impl Accept {
    /// What a request without `Accept` says.
    pub(crate) const ANY: Self = Self {
        json: true,
        problem: false,
    };
}

/// Reads `Accept`.
pub(crate) fn accept(headers: &HeaderMap) -> Accept {
    let mut values = headers.get_all(header::ACCEPT).iter();
    let only = values.next().filter(|_| values.next().is_none());
    if let Some(b"*/*" | b"application/json") = only.map(HeaderValue::as_bytes) {
        return Accept::ANY;
    }
    // Of the ranges that cover JSON the most specific one decides (RFC 9110 §12.5.1).
    let (mut json, mut plain, mut problem) = (None, None, None);
    let mut empty = true;
    for (essence, quality) in ranges(headers) {
        empty = false;
        let specificity = match essence {
            "*/*" => 0,
            _ if essence.eq_ignore_ascii_case("application/*") => 1,
            _ if is_json(essence) => 2,
            _ => continue,
        };
        json = json.max(Some((specificity, quality > 0.0)));
        if essence.eq_ignore_ascii_case("application/json") {
            plain = Some(quality);
        } else if essence.eq_ignore_ascii_case("application/problem+json") {
            problem = Some(quality);
        }
    }
    if empty {
        return Accept::ANY;
    }
    Accept {
        json: json.is_some_and(|(_, wanted)| wanted),
        problem: problem.is_some_and(|quality| quality > 0.0 && quality >= plain.unwrap_or(0.0)),
    }
}

/// The media ranges of `Accept` with their quality, as they stand. A value that is no text takes everything.
pub(crate) fn ranges(headers: &HeaderMap) -> impl Iterator<Item = (&str, f32)> {
    let values = headers.get_all(header::ACCEPT).iter();
    values
        .flat_map(|value| value.to_str().unwrap_or("*/*").split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .map(|range| {
            let (essence, parameters) = range.split_once(';').unwrap_or((range, ""));
            (essence.trim(), quality(parameters))
        })
}

/// Whether a media type without parameters is JSON.
pub(crate) fn is_json(essence: &str) -> bool {
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let suffix = subtype
        .rsplit_once('+')
        .map_or(subtype, |(_, suffix)| suffix);
    kind.eq_ignore_ascii_case("application") && suffix.eq_ignore_ascii_case("json")
}

/// The `q` of a media range or a coding; 1 where it says none.
pub(crate) fn quality(parameters: &str) -> f32 {
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    value.map_or(1.0, |value| value.parse().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, HeaderValue::from_str(value).unwrap())]
            .into_iter()
            .collect()
    }

    #[test]
    fn case_39_content_types() {
        assert_eq!(content_type(&HeaderMap::new()), ContentType::Absent);
        for json in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/merge-patch+json",
        ] {
            assert_eq!(
                content_type(&one(header::CONTENT_TYPE, json)),
                ContentType::Json,
                "{json}"
            );
        }
        for other in [
            "text/json",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "json",
            "",
        ] {
            let headers = one(header::CONTENT_TYPE, other);
            assert_eq!(content_type(&headers), ContentType::Other(other), "{other}");
        }
    }

    #[test]
    fn case_45_accept() {
        assert_eq!(accept(&HeaderMap::new()), Accept::ANY);
        let accepts_json = |value| accept(&one(header::ACCEPT, value)).json;
        for yes in [
            "*/*",
            "application/*",
            "text/html, */*;q=0.1",
            "application/problem+json",
            "",
            "text/*, application/json",
        ] {
            assert!(accepts_json(yes), "{yes}");
        }
        for no in [
            "text/html",
            "application/json;q=0",
            "*/*, application/json; q=0.0",
            "application/xml",
        ] {
            assert!(!accepts_json(no), "{no}");
        }
    }

    #[test]
    fn problems_are_for_those_who_name_them() {
        let wants = |value| accept(&one(header::ACCEPT, value)).problem;
        assert!(wants("application/problem+json"));
        assert!(wants("application/json, application/problem+json"));
        assert!(wants(
            "application/json;q=0.5, application/problem+json;q=0.6"
        ));
        assert!(!wants("application/json, application/problem+json;q=0.6"));
        assert!(!wants("application/problem+json;q=0, */*"));
        assert!(!wants("*/*"));
        assert!(!wants("application/json"));
    }
}
