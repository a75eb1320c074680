//! Which form a body is.

use http::{HeaderMap, header};
use protoloop_core::Error;

use super::parameters;
use crate::respond::Refusal;

/// How a form is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `application/x-www-form-urlencoded`.
    UrlEncoded,
    /// `multipart/form-data`, and the boundary between its parts.
    Multipart(String),
}

/// Whether a request's body is what a form sends, which a browser does from any page to any server (HTML, `enctype`).
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    FORMS.iter().any(|name| is(headers, name)) || is(headers, "text/plain")
}

/// Whether a browser may have sent a body without asking first: a form, or something without a type.
pub(crate) fn comes_unasked(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::CONTENT_TYPE) || is_form(headers)
}

const FORMS: [&str; 2] = ["application/x-www-form-urlencoded", "multipart/form-data"];

/// Whether the body has this type, whatever its parameters.
fn is(headers: &HeaderMap, name: &str) -> bool {
    let essence = text(headers).split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(name)
}

fn text(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|value| value.to_str().ok()).unwrap_or("")
}

impl Format {
    /// What `Content-Type` says; `None` when the body is no form.
    ///
    /// # Errors
    /// 415 for another charset than UTF-8, 400 for parts without a boundary.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        let [url_encoded, multipart] = FORMS.map(|name| is(headers, name));
        if !multipart && !url_encoded {
            return Ok(None);
        }
        let text = text(headers);
        let Some((_, parameters)) = parameters::parse(text) else {
            let message = format!("header content-type: {text:?} is not well-formed");
            return Err(Error::invalid_argument(message).into());
        };
        let parameter = |wanted: &str| {
            let mut found = parameters
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.next().map(|(_, value)| value)
        };
        if !multipart {
            return match parameter("charset") {
                Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => Err(
                    Refusal::unsupported(format!("a form is read as UTF-8, not as {charset:?}")),
                ),
                _ => Ok(Some(Self::UrlEncoded)),
            };
        }
        match parameter("boundary") {
            Some(boundary) if is_boundary(boundary) => {
                Ok(Some(Self::Multipart(boundary.to_owned())))
            }
            found => Err(Error::invalid_argument(format!(
                "header content-type: multipart/form-data needs a boundary of 1 to 70 characters (RFC 2046); found {}",
                found.map_or_else(|| "none".to_owned(), |found| format!("{found:?}"))
            ))
            .into()),
        }
    }
}

/// What RFC 2046 §5.1.1 allows.
fn is_boundary(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    (1..=70).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(text: &str) -> Result<Option<Format>, Refusal> {
        let value = HeaderValue::from_str(text).unwrap();
        Format::of(&[(header::CONTENT_TYPE, value)].into_iter().collect())
    }

    #[test]
    fn case_39_forms_are_told_by_their_type() {
        let multipart = |boundary: &str| Some(Format::Multipart(boundary.to_owned()));
        let cases = [
            ("application/json", None),
            ("multipart/mixed; boundary=a", None),
            (
                "Application/X-WWW-Form-Urlencoded",
                Some(Format::UrlEncoded),
            ),
            (
                "application/x-www-form-urlencoded; charset=\"UTF-8\"",
                Some(Format::UrlEncoded),
            ),
            ("multipart/form-data; boundary=a-b", multipart("a-b")),
            (
                "multipart/form-data; Boundary=\"a b:c\"",
                multipart("a b:c"),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text).unwrap(), expected, "{text}");
        }
        let long = format!("multipart/form-data; boundary={}", "a".repeat(71));
        for bad in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"a",
            "multipart/form-data; boundary=\"a*b\"",
            "application/x-www-form-urlencoded; charset=latin1",
            &*long,
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
