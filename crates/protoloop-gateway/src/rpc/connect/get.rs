//! Unary calls by GET, for methods without side effects: everything stands in the query.

use bytes::Bytes;
use http::{HeaderMap, Response, Uri, request::Parts};
use protoloop_core::{Error, Result};

use super::{Caller, Codec, head};
use crate::{
    Body,
    compression::Encoding,
    percent,
    rpc::{compress, envelope::too_large},
};

/// Whether the query says `connect=v1`.
pub(super) fn is_marked(uri: &Uri) -> bool {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.into_iter().any(|pair| pair == "connect=v1")
}

/// What the query of a request says.
struct Query {
    codec: Codec,
    message: Vec<u8>,
    encoding: Option<Encoding>,
}

impl Caller<'_> {
    pub(super) async fn get(self, head: Parts) -> Response<Body> {
        if !self.entry.safe {
            return head::Refusal::method_not_allowed(false).answer();
        }
        let accepted = self.accepted(&head.headers);
        let read = Query::read(&head.uri).and_then(|query| {
            let message = self.message(&query)?;
            Ok((query.codec, message))
        });
        let answer = match read {
            Ok((codec, message)) => {
                self.call(head.headers, head.extensions, message, codec, accepted)
                    .await
            }
            Err(error) => Err(error),
        };
        answer.unwrap_or_else(|error| {
            head::error_answer(&self.gateway.tables, error, HeaderMap::new())
        })
    }

    fn message(self, query: &Query) -> Result<Bytes> {
        let limit = self.gateway.options.max_message_bytes;
        if query.message.len() > limit {
            return Err(too_large(limit));
        }
        match query.encoding {
            Some(encoding) => compress::decompress(encoding, &query.message, limit),
            None => Ok(Bytes::copy_from_slice(&query.message)),
        }
    }
}

impl Query {
    fn read(uri: &Uri) -> Result<Self> {
        let (mut codec, mut message, mut base64, mut encoding) = (None, None, false, None);
        for pair in uri.query().unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = || {
                percent::decode_query_bytes(value).map_err(|error| {
                    Error::invalid_argument(format!("query parameter {name}: {error}"))
                })
            };
            match name {
                "encoding" => codec = Some(value()?),
                "message" => message = Some(value()?),
                "base64" => base64 = value()? == b"1",
                "compression" => encoding = Some(value()?),
                "connect" if value()? != b"v1" => {
                    let text = "query parameter connect: this server speaks v1";
                    return Err(Error::invalid_argument(text));
                }
                _ => {}
            }
        }
        let codec = codec.ok_or_else(|| missing("encoding"))?;
        let codec = String::from_utf8_lossy(&codec);
        let codec = Codec::of(&codec).ok_or_else(|| {
            let text = format!("query parameter encoding: {codec:?} is neither proto nor json");
            Error::invalid_argument(text)
        })?;
        let message = message.ok_or_else(|| missing("message"))?;
        let message = if base64 {
            protoloop_wire::json::from_base64(&message)
                .ok_or_else(|| Error::invalid_argument("query parameter message: not base64"))?
        } else {
            message
        };
        let encoding = match encoding {
            None => None,
            Some(name) if name.is_empty() || name == b"identity" => None,
            Some(name) => {
                let name = String::from_utf8_lossy(&name);
                Some(Encoding::of(&name).ok_or_else(|| compress::unknown_encoding(&name))?)
            }
        };
        Ok(Self {
            codec,
            message,
            encoding,
        })
    }
}

fn missing(name: &str) -> Error {
    Error::invalid_argument(format!("query parameter {name} is required for a GET"))
}
