//! Percent-decoding, once and strictly.

use std::{borrow::Cow, fmt};

/// A text whose escapes do not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EscapeError {
    /// Byte offset in the text that was decoded.
    pub offset: usize,
    /// What is wrong there.
    pub kind: EscapeErrorKind,
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscapeErrorKind {
    /// `%` without two hexadecimal digits behind it.
    Malformed,
    /// The decoded bytes are not UTF-8.
    NotUtf8,
}

impl fmt::Display for EscapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            EscapeErrorKind::Malformed => write!(
                f,
                "malformed percent-escape at byte {}; write % as %25",
                self.offset
            ),
            EscapeErrorKind::NotUtf8 => {
                write!(
                    f,
                    "escapes from byte {} do not decode to UTF-8",
                    self.offset
                )
            }
        }
    }
}

impl std::error::Error for EscapeError {}

/// How escapes in a path are read. The names are those of the gateways whose rules they are.
///
/// | profile | single-segment variable | multi-segment variable |
/// |---|---|---|
/// | `Google` | every escape is decoded | every escape but `%2F` |
/// | `GrpcGateway` | the whole path is decoded before it is routed: `%2F` separates segments, `%3A` may begin a verb | the same |
/// | `Envoy` | every escape is decoded | every escape but those of RFC 6570's reserved characters |
///
/// What a profile keeps stays as it was sent, hex case included. `+` is a plus sign in all of them, and a broken escape
/// or one that is not UTF-8 is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathProfile {
    /// What `google/api/http.proto` says the server side does.
    #[default]
    Google,
    /// What grpc-gateway does unless told otherwise.
    GrpcGateway,
    /// What Envoy's transcoder does unless told otherwise.
    Envoy,
}

impl PathProfile {
    fn keeps(self, byte: u8) -> bool {
        match self {
            Self::Google => byte == b'/',
            Self::GrpcGateway => false,
            Self::Envoy => b":/?#[]@!$&'()*+,;=".contains(&byte),
        }
    }

    /// Whether escapes are decoded before the path is split into segments.
    #[must_use]
    pub fn decodes_first(self) -> bool {
        self == Self::GrpcGateway
    }
}

/// Decodes every escape of a path segment; `+` stays `+`.
pub(crate) fn decode_segment(text: &str) -> Result<Cow<'_, str>, EscapeError> {
    decode(text, |_| false, false)
}

/// Decodes the value of a multi-segment variable; what the profile keeps stays as it was sent, hex case included.
pub(crate) fn decode_multi(text: &str, profile: PathProfile) -> Result<Cow<'_, str>, EscapeError> {
    decode(text, |byte| profile.keeps(byte), false)
}

/// Decodes a key or a value of a query string; `+` is a space.
pub(crate) fn decode_query(text: &str) -> Result<Cow<'_, str>, EscapeError> {
    decode(text, |_| false, true)
}

/// Decodes a value of a query string that need not be text; `+` is a space.
pub(crate) fn decode_query_bytes(text: &str) -> Result<Vec<u8>, EscapeError> {
    decode_bytes(text.as_bytes(), |_| false, true)
}

fn decode(
    text: &str,
    keep: impl Fn(u8) -> bool,
    plus_is_space: bool,
) -> Result<Cow<'_, str>, EscapeError> {
    let special = |byte: &u8| *byte == b'%' || (plus_is_space && *byte == b'+');
    let Some(first) = text.as_bytes().iter().position(special) else {
        return Ok(Cow::Borrowed(text));
    };
    let decoded = decode_bytes(text.as_bytes(), keep, plus_is_space)?;
    String::from_utf8(decoded)
        .map(Cow::Owned)
        .map_err(|_| EscapeError {
            offset: first,
            kind: EscapeErrorKind::NotUtf8,
        })
}

fn decode_bytes(
    bytes: &[u8],
    keep: impl Fn(u8) -> bool,
    plus_is_space: bool,
) -> Result<Vec<u8>, EscapeError> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%' {
            let value = hex_pair(bytes, at).ok_or(EscapeError {
                offset: at,
                kind: EscapeErrorKind::Malformed,
            })?;
            if keep(value) {
                decoded.extend_from_slice(&bytes[at..at + 3]);
            } else {
                decoded.push(value);
            }
            at += 3;
        } else {
            decoded.push(if plus_is_space && byte == b'+' {
                b' '
            } else {
                byte
            });
            at += 1;
        }
    }
    Ok(decoded)
}

fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let high = digit(*bytes.get(at + 1)?)?;
    let low = digit(*bytes.get(at + 2)?)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_once() {
        assert_eq!(decode_segment("100%2525").unwrap(), "100%25");
        assert_eq!(decode_segment("a%2Fb+c").unwrap(), "a/b+c");
        assert_eq!(decode_query("a%2Bb+c").unwrap(), "a+b c");
        assert!(matches!(
            decode_segment("plain"),
            Ok(Cow::Borrowed("plain"))
        ));
    }

    #[test]
    fn case_12_keeps_what_the_profile_keeps() {
        let text = "a%2fb%3A%20c%41";
        let decoded = |profile| decode_multi(text, profile).unwrap().into_owned();
        assert_eq!(decoded(PathProfile::Envoy), "a%2fb%3A cA");
        assert_eq!(decoded(PathProfile::Google), "a%2fb: cA");
        assert_eq!(decoded(PathProfile::GrpcGateway), "a/b: cA");
    }

    #[test]
    fn refuses_what_does_not_decode() {
        for text in ["%", "%z", "%zz", "a%2", "%+1"] {
            let error = decode_segment(text).unwrap_err();
            assert_eq!(error.kind, EscapeErrorKind::Malformed, "{text}");
        }
        assert_eq!(
            decode_segment("ok%ff").unwrap_err(),
            EscapeError {
                offset: 2,
                kind: EscapeErrorKind::NotUtf8
            }
        );
    }
}
