//! The query string, pair by pair.

use std::borrow::Cow;

use protoloop_core::{Error, Result};

use crate::{RestOptions, percent};

/// Parameters of Google's APIs that are about the call and not about the request message.
const SYSTEM: [&str; 22] = [
    "$.xgafv",
    "$alt",
    "$ct",
    "$fields",
    "$httpHeaders",
    "$httpMethod",
    "$outputDefaults",
    "$prettyPrint",
    "$req",
    "$unique",
    "$userProject",
    "access_token",
    "alt",
    "callback",
    "fields",
    "key",
    "oauth_token",
    "prettyPrint",
    "quotaUser",
    "uploadType",
    "upload_protocol",
    "userIp",
];

/// What the system parameters of a request ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct System {
    /// `$prettyPrint`: indent the answer.
    pub(crate) pretty: Option<bool>,
    /// `$alt`: the form of the answer.
    pub(crate) alt: Alt,
    /// `$fields`: which fields of the answer.
    pub(crate) fields: Option<String>,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Alt {
    /// What the binding gives.
    #[default]
    Unsaid,
    /// JSON, of a `google.api.HttpBody` too.
    Json,
    /// Protobuf's own encoding.
    Proto,
    /// The content of a `google.api.HttpBody`.
    Media,
}

/// Keys and values in order, decoded. Empty pairs are left out; a key without `=` has an empty value.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>)>> {
    named_pairs(query, "query parameter")
}

/// The same of a text whose keys errors call so.
pub(super) fn named_pairs<'q>(
    text: &'q str,
    called: &'static str,
) -> impl Iterator<Item = Result<(Cow<'q, str>, Cow<'q, str>)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(move |pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = percent::decode_query(key)
                .map_err(|error| Error::invalid_argument(format!("{called} {key}: {error}")))?;
            let value = percent::decode_query(value)
                .map_err(|error| Error::invalid_argument(format!("{called} {key}: {error}")))?;
            Ok((key, value))
        })
}

/// The values of `$httpMethod`.
///
/// # Errors
/// INVALID_ARGUMENT for an escape that does not decode.
pub(crate) fn http_methods(query: &str) -> Result<Vec<Cow<'_, str>>> {
    let mut methods = Vec::new();
    for pair in pairs(query) {
        let (key, value) = pair?;
        if key == "$httpMethod" {
            methods.push(value);
        }
    }
    Ok(methods)
}

/// Whether a query may hold `alt` or `$alt`.
pub(crate) fn may_hold_alt(query: &str) -> bool {
    query.contains("alt=")
}

/// Whether the key is a system parameter, for keys that name no field.
pub(super) fn is_system(key: &str) -> bool {
    SYSTEM.contains(&key)
}

impl System {
    /// Takes a system parameter up. Those that ask for nothing this gateway does are let be.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a value that cannot be honoured.
    pub(super) fn take(&mut self, key: &str, value: &str, options: &RestOptions) -> Result<()> {
        match (key.trim_start_matches('$'), value) {
            ("prettyPrint", "true" | "1" | "") => self.pretty = Some(true),
            ("prettyPrint", "false" | "0") => self.pretty = Some(false),
            ("prettyPrint", _) => return Err(refused(key, "expected true or false")),
            ("alt", "json") => self.alt = Alt::Json,
            ("alt", "proto") => self.alt = Alt::Proto,
            ("alt", "media") => self.alt = Alt::Media,
            ("alt", _) => return Err(refused(key, "expected json, proto or media")),
            ("fields", _) if self.fields.is_some() => {
                return Err(refused(key, "is given more than once"));
            }
            ("fields", paths) => self.fields = Some(paths.to_owned()),
            // Where it counts, the method was chosen by it already.
            ("httpMethod", _) if !options.method_override => {
                return Err(refused(key, "send the request with that method instead"));
            }
            _ => {}
        }
        Ok(())
    }
}

fn refused(key: &str, why: &str) -> Error {
    Error::invalid_argument(format!("query parameter {key}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(query: &str) -> Vec<(String, String)> {
        pairs(query)
            .map(|pair| pair.map(|(key, value)| (key.into_owned(), value.into_owned())))
            .collect::<Result<_>>()
            .unwrap()
    }

    #[test]
    fn case_48_keys_and_values_are_decoded_once() {
        let expected = [("a b", "100%"), ("c", ""), ("d", "e=f"), ("g", "h i")];
        let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(all("&a%20b=100%25&&c&d=e=f&g=h+i&"), expected);
        assert_eq!(all(""), []);
        for bad in ["a=%", "%zz=1", "a=%ff"] {
            assert!(pairs(bad).next().unwrap().is_err(), "{bad}");
        }
    }

    #[test]
    fn case_37_system_parameters() {
        let mut system = System::default();
        let options = RestOptions::default();
        let mut take = |key, value| {
            system.take(key, value, &options)?;
            Ok::<_, Error>(system.clone())
        };
        assert_eq!(take("$prettyPrint", "true").unwrap().pretty, Some(true));
        assert_eq!(take("prettyPrint", "false").unwrap().pretty, Some(false));
        assert!(take("prettyPrint", "maybe").is_err());
        assert!(take("$alt", "xml").is_err());
        assert_eq!(take("$alt", "proto").unwrap().alt, Alt::Proto);
        assert_eq!(take("fields", "a").unwrap().fields.as_deref(), Some("a"));
        assert!(take("$fields", "b").is_err());
        assert!(take("alt", "json").is_ok());
        assert!(take("$.xgafv", "2").is_ok());
        assert!(is_system("$fields") && is_system("quotaUser") && !is_system("$field"));
    }
}
