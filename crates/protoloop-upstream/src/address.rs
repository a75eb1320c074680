//! Where an upstream is: the URLs that a person writes.

use std::{fmt, str::FromStr};

use http::uri::Authority;

/// One or more places of the same service: `http://10.0.0.1:50051`, `https://books.example`, or several of them behind
/// one scheme, `http://a:50051,b:50051`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) tls: bool,
    pub(crate) places: Vec<Place>,
}

/// A host and a port; the host may be a name of several machines.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// Without brackets where it is an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut scheme = None;
        let mut places = Vec::new();
        for part in text.split(',') {
            let rest = match part.split_once("://") {
                Some((found, rest)) => {
                    if scheme.is_some_and(|known| known != found) {
                        return Err("all addresses of one upstream have the same scheme".to_owned());
                    }
                    scheme = Some(found);
                    rest
                }
                None if scheme.is_some() => part,
                None => return Err(format!("{part:?} has no scheme; write http:// or https://")),
            };
            places.push(place(rest, scheme == Some("https"))?);
        }
        let tls = match scheme {
            Some("http") => false,
            Some("https") => true,
            _ => {
                return Err(format!(
                    "the scheme of {text:?} must be http or https (gRPC over HTTP/2)"
                ));
            }
        };
        Ok(Self { tls, places })
    }
}

fn place(text: &str, tls: bool) -> Result<Place, String> {
    let authority = text.strip_suffix('/').unwrap_or(text);
    if authority.contains('/') {
        return Err(format!(
            "{text:?} has a path; gRPC methods have paths of their own, so write the host and port only"
        ));
    }
    let parsed: Authority = authority
        .parse()
        .map_err(|_| format!("{text:?} is no host with a port, such as books.example:50051"))?;
    if authority.contains('@') || parsed.host().is_empty() {
        return Err(format!(
            "{text:?} is no host with a port, such as books.example:50051"
        ));
    }
    let host = parsed.host().trim_start_matches('[').trim_end_matches(']');
    let explicit = authority[parsed.host().len()..].strip_prefix(':');
    let port = match (explicit, parsed.port_u16()) {
        (None, _) => Some(if tls { 443 } else { 80 }),
        (Some(_), port) => port.filter(|port| *port > 0),
    };
    Ok(Place {
        host: host.to_owned(),
        port: port
            .ok_or_else(|| format!("{text:?} has no port from 1 to 65535 behind its colon"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> (bool, Vec<String>) {
        let address: Address = text.parse().expect(text);
        (
            address.tls,
            address.places.iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn one_and_several_places_are_read() {
        assert_eq!(places("http://a:1"), (false, vec!["a:1".into()]));
        assert_eq!(
            places("https://books.example/"),
            (true, vec!["books.example:443".into()])
        );
        assert_eq!(places("http://[::1]:7"), (false, vec!["[::1]:7".into()]));
        assert_eq!(
            places("http://a:1,b:2,http://c"),
            (false, vec!["a:1".into(), "b:2".into(), "c:80".into()])
        );
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for text in [
            "",
            "a:1",
            "ftp://a",
            "http://",
            "http://a:1,https://b:2",
            "http://a/v1",
            "http://a:99999",
            "http://a:0",
            "http://a:",
            "http://u@a:1",
            "http://a b:1",
            "http://a:1,",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
