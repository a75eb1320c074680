//! Messages as bytes: the pipeline carries protobuf, it does not decode it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, BufMut as _, Bytes};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body::Frame;
use tonic::{
    Status, Streaming,
    codec::{BufferSettings, Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// First size of a call's buffers. Most messages are small, and a larger one makes its buffer grow to its size at once.
const BUFFER_SIZE: usize = 1024;

/// How much of a response stream is gathered before it is sent.
const YIELD_THRESHOLD: usize = 32 * 1024;

/// Takes each message as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(message.len());
        out.put_slice(&message);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_SIZE, YIELD_THRESHOLD)
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        // Splits the receive buffer; nothing is copied.
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_SIZE, YIELD_THRESHOLD)
    }
}

/// Reads the one message of a body that has been read whole, by the encoding that its headers name.
///
/// # Errors
/// It is compressed in a way that is not known, broken, or something else than one message.
pub(crate) async fn decode(
    body: Bytes,
    headers: &HeaderMap,
    limit: usize,
) -> Result<Bytes, Status> {
    let encoding = match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => None,
        Some(b"gzip") => Some(CompressionEncoding::Gzip),
        Some(b"zstd") => Some(CompressionEncoding::Zstd),
        Some(_) => {
            return Err(Status::internal(
                "the message is compressed in an unknown way",
            ));
        }
    };
    let body = Whole(Some(body));
    let status = StatusCode::OK;
    let mut messages = Streaming::new_response(RawCodec, body, status, encoding, Some(limit));
    match messages.message().await? {
        Some(message) if messages.message().await?.is_none() => Ok(message),
        Some(_) => Err(Status::internal("two messages where one was due")),
        None => Err(Status::internal("OK without a message")),
    }
}

/// A body that is there already, with the status that has been looked at.
struct Whole(Option<Bytes>);

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match self.0.take() {
            Some(data) if !data.is_empty() => {
                self.0 = Some(Bytes::new());
                Frame::data(data)
            }
            Some(_) => {
                let ok = (
                    HeaderName::from_static("grpc-status"),
                    HeaderValue::from_static("0"),
                );
                Frame::trailers(HeaderMap::from_iter([ok]))
            }
            None => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(frame)))
    }
}
