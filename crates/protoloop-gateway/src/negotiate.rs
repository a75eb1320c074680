//! `Content-Type`, `Content-Encoding` and `Accept`.

use http::{HeaderMap, header};

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

/// Whether `Content-Encoding` says anything but identity.
pub(crate) fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Whether the caller takes JSON: no `Accept`, or a range in it that covers `application/json` with a quality above 0.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers
        .get_all(header::ACCEPT)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("*/*").split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() {
        return true;
    }
    // Of the ranges that cover JSON the most specific one decides (RFC 9110 §12.5.1).
    let best = ranges.filter_map(|range| {
        let (essence, parameters) = range.split_once(';').unwrap_or((range, ""));
        let essence = essence.trim();
        let specificity = match essence {
            "*/*" => 0,
            _ if essence.eq_ignore_ascii_case("application/*") => 1,
            _ if is_json(essence) => 2,
            _ => return None,
        };
        Some((specificity, quality(parameters) > 0.0))
    });
    best.max().is_some_and(|(_, wanted)| wanted)
}

fn is_json(essence: &str) -> bool {
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let suffix = subtype
        .rsplit_once('+')
        .map_or(subtype, |(_, suffix)| suffix);
    kind.eq_ignore_ascii_case("application") && suffix.eq_ignore_ascii_case("json")
}

fn quality(parameters: &str) -> f32 {
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
    });
    value.map_or(1.0, |value| value.parse().unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

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
        assert!(accepts_json(&HeaderMap::new()));
        for yes in [
            "*/*",
            "application/*",
            "text/html, */*;q=0.1",
            "application/problem+json",
            "",
            "text/*, application/json",
        ] {
            assert!(accepts_json(&one(header::ACCEPT, yes)), "{yes}");
        }
        for no in [
            "text/html",
            "application/json;q=0",
            "*/*, application/json; q=0.0",
            "application/xml",
        ] {
            assert!(!accepts_json(&one(header::ACCEPT, no)), "{no}");
        }
    }

    #[test]
    fn case_45_content_encoding() {
        assert!(!is_encoded(&HeaderMap::new()));
        assert!(!is_encoded(&one(header::CONTENT_ENCODING, "Identity")));
        assert!(is_encoded(&one(header::CONTENT_ENCODING, "gzip")));
    }
}
