//! The opening handshake.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use hyper::{ext::Protocol, upgrade::OnUpgrade};
use protoloop_core::{Code, Error};
use protoloop_gateway::FrameFormat;
use sha1::{Digest as _, Sha1};
use tonic::body::Body;

/// What RFC 6455 §1.3 has behind the key.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether a request asks for a WebSocket, rightly or not. A request that asks for no upgrade at all has no extensions, so
/// this costs it one comparison.
pub(crate) fn asks<B>(request: &Request<B>) -> bool {
    if request.extensions().get::<OnUpgrade>().is_none() {
        return false;
    }
    if request.version() == Version::HTTP_2 {
        let protocol = request.extensions().get::<Protocol>();
        return protocol.is_some_and(|protocol| protocol.as_str() == "websocket");
    }
    names(request.headers(), &header::UPGRADE, "websocket")
}

/// What an upgrade request says about the socket.
#[derive(Debug)]
pub(crate) struct Handshake {
    /// The proof that the request was understood; HTTP/2 has none.
    accept: Option<HeaderValue>,
    /// The subprotocol.
    pub(crate) format: Option<FrameFormat>,
}

/// Why the socket is not opened.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Error,
    /// Where it is not that of the error.
    pub(crate) status: Option<StatusCode>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            status: None,
        }
    }
}

impl Handshake {
    /// # Errors
    /// INVALID_ARGUMENT naming the header; for another version under 426.
    pub(crate) fn read(
        method: &Method,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Self, Refused> {
        let wrong = |message: &'static str| Err(Error::invalid_argument(message).into());
        if headers.get(header::SEC_WEBSOCKET_VERSION) != Some(&VERSION) {
            let message = "Sec-WebSocket-Version: only 13 is spoken here";
            return Err(Refused {
                error: Error::new(Code::InvalidArgument, message),
                status: Some(StatusCode::UPGRADE_REQUIRED),
            });
        }
        let format = subprotocol(headers)?;
        if version == Version::HTTP_2 {
            return Ok(Self {
                accept: None,
                format,
            });
        }
        if *method != Method::GET {
            return wrong("Upgrade: a WebSocket is opened by a GET");
        }
        if !names(headers, &header::CONNECTION, "upgrade") {
            return wrong("Connection: a WebSocket is opened with `Connection: upgrade`");
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY);
        let Some(key) = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16))
        else {
            return wrong("Sec-WebSocket-Key: expected 16 bytes in base64");
        };
        let proof = Sha1::new().chain_update(key).chain_update(GUID).finalize();
        let accept = HeaderValue::try_from(STANDARD.encode(proof));
        Ok(Self {
            accept: Some(accept.expect("base64 is a header value")),
            format,
        })
    }

    /// The answer that opens the socket.
    pub(crate) fn answer(self, headers: HeaderMap) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = headers;
        let out = response.headers_mut();
        if let Some(format) = self.format {
            let name = HeaderValue::from_static(format.name());
            out.insert(header::SEC_WEBSOCKET_PROTOCOL, name);
        }
        if let Some(accept) = self.accept {
            out.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            out.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            out.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        response
    }
}

/// The version there is, also what a refusal names.
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("13");

/// The first of the caller's subprotocols that is ours.
fn subprotocol(headers: &HeaderMap) -> Result<Option<FrameFormat>, Error> {
    let mut offered = items(headers, &header::SEC_WEBSOCKET_PROTOCOL).peekable();
    if offered.peek().is_none() {
        return Ok(None);
    }
    match offered.find_map(FrameFormat::of) {
        Some(format) => Ok(Some(format)),
        None => Err(Error::invalid_argument(format!(
            "Sec-WebSocket-Protocol: there are {}; leave it out to let the first frame decide",
            FrameFormat::NAMES
        ))),
    }
}

/// Whether a list in a header has a token; case does not count.
fn names(headers: &HeaderMap, header: &HeaderName, token: &str) -> bool {
    items(headers, header).any(|item| item.eq_ignore_ascii_case(token))
}

fn items<'h>(headers: &'h HeaderMap, header: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Handshake, String> {
        let headers = text
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("one")))
            .collect();
        Handshake::read(&Method::GET, Version::HTTP_11, &headers)
            .map_err(|refused| refused.error.message().to_owned())
    }

    const GOOD: &str = "connection: keep-alive, Upgrade\nupgrade: websocket\nsec-websocket-version: 13\n\
                        sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n";

    #[test]
    fn the_example_of_the_standard() {
        let handshake = read(GOOD).expect("good");
        assert_eq!(handshake.format, None);
        let response = handshake.answer(HeaderMap::new());
        assert_eq!(response.status(), 101);
        let accept = &response.headers()["sec-websocket-accept"];
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn the_first_known_subprotocol_is_taken() {
        let offered = |list: &str| read(&format!("{GOOD}sec-websocket-protocol: {list}"));
        let taken = |list| offered(list).expect("known").format;
        assert_eq!(taken("json"), Some(FrameFormat::Json));
        assert_eq!(taken("v2, proto, json"), Some(FrameFormat::Proto));
        assert!(
            offered("graphql-ws")
                .expect_err("unknown")
                .contains("json, proto")
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = |line: &str| read(&GOOD.replace(line, "x: y")).expect_err("missing");
        assert!(without("sec-websocket-version: 13").starts_with("Sec-WebSocket-Version"));
        assert!(without("connection: keep-alive, Upgrade").starts_with("Connection"));
        let key = without("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==");
        assert!(key.starts_with("Sec-WebSocket-Key"));
    }
}
