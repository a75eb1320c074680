//! Request headers to metadata, reply metadata to response headers, deadlines.
//!
//! Everything passes but for what this page names: hop-by-hop fields, what frames the HTTP message, and names that
//! gRPC keeps to itself.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use protoloop_core::{Error, Result};

/// The header that carries a deadline in seconds, such as `1.5`.
pub const REQUEST_TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout");

/// gRPC's deadline header, such as `1500m`.
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Hop-by-hop fields: RFC 9110 §7.6.1, and the old names for the same.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

/// What describes the HTTP message and not the call.
fn is_framing(name: &str) -> bool {
    matches!(
        name,
        "content-length"
            | "content-type"
            | "content-encoding"
            | "trailer"
            | "expect"
            | "host"
            | "accept-encoding"
            | "range"
    )
}

/// Names that gRPC or this gateway keeps to itself.
fn is_reserved(name: &str) -> bool {
    name.starts_with("grpc-") || name == "x-request-timeout"
}

/// What an answer may not set through metadata, beside the above.
fn is_answers_own(name: &str) -> bool {
    matches!(name, "date" | "server" | "allow")
}

fn is_kept_back(name: &HeaderName) -> bool {
    let name = name.as_str();
    is_hop_by_hop(name) || is_framing(name) || is_reserved(name)
}

/// Request headers as metadata.
///
/// Dropped: hop-by-hop fields and what `Connection` names, what frames the message, `grpc-*` and names with a leading
/// colon. A `-bin` header whose value is not base64 is an error, since its value would not reach a handler intact.
///
/// # Errors
/// INVALID_ARGUMENT naming the `-bin` header.
pub fn to_metadata(mut headers: HeaderMap) -> Result<HeaderMap> {
    keep_metadata(&mut headers)?;
    Ok(headers)
}

/// The same in place.
pub(crate) fn keep_metadata(headers: &mut HeaderMap) -> Result<()> {
    drop_kept_back(headers);
    for (name, value) in &*headers {
        if name.as_str().ends_with("-bin") && !is_base64(value.as_bytes()) {
            return Err(Error::invalid_argument(format!(
                "header {name}: the value of a -bin header is base64"
            )));
        }
    }
    Ok(())
}

/// Drops the headers that are kept back, and those that `Connection` names.
fn drop_kept_back(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        for name in named_by_connection(headers) {
            headers.remove(name);
        }
    }
    // Many a request has no others: then there is nothing to take out one by one.
    if headers.keys().all(is_kept_back) {
        *headers = HeaderMap::new();
        return;
    }
    while let Some(name) = headers.keys().find(|name| is_kept_back(name)).cloned() {
        headers.remove(name);
    }
}

/// Adds reply metadata to response headers. The same names are dropped as on the way in, and what the gateway itself
/// says about its answer.
pub fn from_metadata(metadata: HeaderMap, headers: &mut HeaderMap) {
    let mut last = None;
    for (name, value) in metadata {
        last = name.or(last);
        let Some(name) = &last else { continue };
        if !is_kept_back(name) && !is_answers_own(name.as_str()) {
            headers.append(name.clone(), value);
        }
    }
}

/// The time that the caller gives the call: the smaller of `X-Request-Timeout` (seconds, with fraction) and
/// `Grpc-Timeout` (digits and a unit of `H M S m u n`).
///
/// # Errors
/// INVALID_ARGUMENT naming the header.
pub fn timeout(headers: &HeaderMap) -> Result<Option<Duration>> {
    let seconds = read(headers, &REQUEST_TIMEOUT, "seconds, such as 1.5", |text| {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        let seconds: f64 = text.parse().ok().filter(|_| plain)?;
        Duration::try_from_secs_f64(seconds).ok()
    })?;
    let grpc = read(
        headers,
        &GRPC_TIMEOUT,
        "digits and a unit, such as 1500m",
        grpc_timeout,
    )?;
    Ok(match (seconds, grpc) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    })
}

/// The time that a gRPC caller gives the call, by `grpc-timeout` alone.
///
/// # Errors
/// INVALID_ARGUMENT naming the header.
pub(crate) fn rpc_timeout(headers: &HeaderMap) -> Result<Option<Duration>> {
    read(
        headers,
        &GRPC_TIMEOUT,
        "digits and a unit, such as 1500m",
        grpc_timeout,
    )
}

fn read(
    headers: &HeaderMap,
    name: &HeaderName,
    form: &str,
    parse: impl Fn(&str) -> Option<Duration>,
) -> Result<Option<Duration>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    match value.to_str().ok().and_then(parse) {
        Some(duration) => Ok(Some(duration)),
        None => Err(Error::invalid_argument(format!(
            "header {name}: expected {form}"
        ))),
    }
}

fn grpc_timeout(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        'H' => Duration::from_secs(number * 3600),
        'M' => Duration::from_secs(number * 60),
        'S' => Duration::from_secs(number),
        'm' => Duration::from_millis(number),
        'u' => Duration::from_micros(number),
        'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

fn named_by_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect()
}

/// Whether the text is standard base64, padding optional; several values may be joined by commas.
fn is_base64(value: &[u8]) -> bool {
    value.split(|byte| *byte == b',').all(|value| {
        let value = value.trim_ascii();
        let end = value
            .iter()
            .rposition(|byte| *byte != b'=')
            .map_or(0, |at| at + 1);
        let (digits, padding) = value.split_at(end);
        let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
        let complete = padding.is_empty() || value.len() % 4 == 0;
        digits.iter().all(alphabet) && digits.len() % 4 != 1 && padding.len() <= 2 && complete
    })
}

/// A header value of a text; characters that a header cannot hold become `?`.
pub(crate) fn value_of(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| {
        let visible = |c: char| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        };
        let visible: String = text.chars().map(visible).collect();
        HeaderValue::from_str(&visible).expect("visible ASCII is a header value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    fn names(map: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn case_46_metadata_in() {
        let metadata = to_metadata(headers(&[
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("x-custom", "1"),
            ("x-hop", "1"),
            ("traceparent", "00-0-0-01"),
            ("connection", "close, X-Hop"),
            ("te", "trailers"),
            ("content-type", "application/json"),
            ("host", "h"),
            ("grpc-timeout", "1S"),
            ("grpc-status", "0"),
            ("x-request-timeout", "1"),
            ("key-bin", "AAEC"),
        ]))
        .unwrap();
        let kept = [
            "authorization",
            "cookie",
            "key-bin",
            "traceparent",
            "x-custom",
        ];
        assert_eq!(names(&metadata), kept);
        for (bad, good) in [("A", "AA=="), ("A-_A", "AAA="), ("AA=", "AAAA,AA")] {
            assert!(to_metadata(headers(&[("k-bin", bad)])).is_err(), "{bad}");
            assert!(to_metadata(headers(&[("k-bin", good)])).is_ok(), "{good}");
        }
    }

    #[test]
    fn case_46_metadata_out() {
        let mut metadata = headers(&[
            ("etag", "\"1\""),
            ("grpc-status", "0"),
            ("transfer-encoding", "chunked"),
            ("content-type", "text/html"),
            ("set-cookie", "a=1"),
        ]);
        metadata.append(header::SET_COOKIE, HeaderValue::from_static("b=2"));
        let mut answer = HeaderMap::new();
        from_metadata(metadata, &mut answer);
        assert_eq!(names(&answer), ["etag", "set-cookie"]);
        assert_eq!(answer.get_all(header::SET_COOKIE).iter().count(), 2);
    }

    #[test]
    fn deadlines() {
        let of = |pairs| timeout(&headers(pairs)).map_err(|error| error.message().to_owned());
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(
            of(&[("x-request-timeout", "1.5")]),
            Ok(Some(Duration::from_millis(1500)))
        );
        assert_eq!(
            of(&[("grpc-timeout", "20u")]),
            Ok(Some(Duration::from_micros(20)))
        );
        let both = [("grpc-timeout", "2S"), ("x-request-timeout", "1")];
        assert_eq!(of(&both), Ok(Some(Duration::from_secs(1))));
        for bad in ["", "-1", "inf", "1e3", "1s", "99999999999999999999999"] {
            let error = timeout(
                &[(REQUEST_TIMEOUT, bad.parse().unwrap())]
                    .into_iter()
                    .collect(),
            );
            assert!(error.is_err(), "{bad}");
        }
        for bad in ["", "S", "1", "123456789S", "1x", "+1S", "1é"] {
            let value = HeaderValue::from_bytes(bad.as_bytes()).unwrap();
            let error = timeout(&[(GRPC_TIMEOUT, value)].into_iter().collect());
            assert!(error.is_err(), "{bad}");
        }
    }
}
