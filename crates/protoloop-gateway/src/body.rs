//! Response bodies, and request bodies read with a bound.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use protoloop_core::{Error, MessageStream};

/// The body of an answer.
pub enum Body {
    /// No body.
    Empty,
    /// All of it at once.
    Full(Bytes),
    /// As it is made. An error breaks the connection off, so that nobody takes a part for the whole.
    Stream(MessageStream),
    /// Some bytes, and trailers behind them.
    WithTrailers(Bytes, HeaderMap),
    /// Data and trailers as they are made. An error breaks the connection off.
    Frames(FrameStream),
}

/// The frames of a body as they are made.
pub type FrameStream = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Error>> + Send>>;

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) | Self::Frames(_) => f.write_str("Stream"),
            Self::WithTrailers(bytes, _) => write!(f, "WithTrailers({} bytes)", bytes.len()),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Self::Stream(stream) => stream
                .as_mut()
                .poll_next(context)
                .map(|next| next.map(|bytes| bytes.map(Frame::data))),
            Self::WithTrailers(bytes, trailers) => {
                if bytes.is_empty() {
                    let trailers = std::mem::take(trailers);
                    *self = Self::Empty;
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            Self::Frames(frames) => frames.as_mut().poll_next(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(bytes) => bytes.is_empty(),
            Self::Stream(_) | Self::Frames(_) | Self::WithTrailers(..) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) | Self::Frames(_) => SizeHint::default(),
            // With an exact length, HTTP/2 would end the stream before the trailers.
            Self::WithTrailers(..) => SizeHint::default(),
        }
    }
}

/// Most bytes that are read of a body nobody wants.
pub(crate) const DRAIN: usize = 8 << 20;

/// Whether the caller waits for `100 Continue` before it sends the body. Reading a body asks for it.
pub(crate) fn waits_to_send(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

/// Reads the rest of a body that is not wanted, within a bound: over HTTP/1.1 a caller that is still sending might else
/// see its connection closed, and not the answer. Who waits to send is spared it.
pub(crate) async fn drain<B>(waits_to_send: bool, body: B)
where
    B: HttpBody<Data = Bytes>,
{
    if waits_to_send {
        return;
    }
    let mut body = std::pin::pin!(body);
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > DRAIN {
            return;
        }
    }
}

/// Why a request body was not read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is longer than the bound, in bytes.
    TooLarge(usize),
    /// The connection broke off, or the transport refused to go on.
    Broken(String),
}

/// Reads a body of at most `limit` bytes. A declared length beyond it is refused before anything is read.
pub(crate) async fn read<B>(headers: &HeaderMap, body: B, limit: usize) -> Result<Bytes, ReadError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: fmt::Display,
{
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or_else(|| body.size_hint().lower());
    if declared > limit as u64 {
        return Err(ReadError::TooLarge(limit));
    }
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let mut body = std::pin::pin!(body);
    let mut whole = Bytes::new();
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ReadError::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if whole.len() + gathered.len() + data.len() > limit {
            return Err(ReadError::TooLarge(limit));
        }
        // A body of one frame, the usual case, is not copied.
        if whole.is_empty() && gathered.is_empty() {
            whole = data;
        } else {
            gathered.extend_from_slice(&std::mem::take(&mut whole));
            gathered.extend_from_slice(&data);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if gathered.is_empty() {
        whole
    } else {
        gathered.freeze()
    })
}
