//! The query string, pair by pair.

use std::borrow::Cow;

use protoloop_core::{Error, Result};

use crate::percent;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct System {
    /// `$prettyPrint`: indent the answer.
    pub(crate) pretty: Option<bool>,
}

/// Keys and values in order, decoded. Empty pairs are left out; a key without `=` has an empty value.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>)>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = percent::decode_query(key).map_err(|error| {
                Error::invalid_argument(format!("query parameter {key}: {error}"))
            })?;
            let value = percent::decode_query(value).map_err(|error| {
                Error::invalid_argument(format!("query parameter {key}: {error}"))
            })?;
            Ok((key, value))
        })
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
    pub(super) fn take(&mut self, key: &str, value: &str) -> Result<()> {
        match (key.trim_start_matches('$'), value) {
            ("prettyPrint", "true" | "1" | "") => self.pretty = Some(true),
            ("prettyPrint", "false" | "0") => self.pretty = Some(false),
            ("prettyPrint", _) => return Err(refused(key, "expected true or false")),
            ("alt", value) if value != "json" => {
                return Err(refused(key, "answers are JSON only; expected json"));
            }
            ("httpMethod", _) => {
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
        system.take("$prettyPrint", "true").unwrap();
        assert_eq!(system.pretty, Some(true));
        system.take("prettyPrint", "false").unwrap();
        assert_eq!(system.pretty, Some(false));
        assert!(system.take("prettyPrint", "maybe").is_err());
        assert!(system.take("$alt", "proto").is_err());
        assert!(system.take("alt", "json").is_ok());
        assert!(system.take("$.xgafv", "2").is_ok());
        assert!(is_system("$fields") && is_system("quotaUser") && !is_system("$field"));
    }
}
