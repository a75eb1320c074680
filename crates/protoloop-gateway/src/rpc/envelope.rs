//! Length-prefixed messages: a byte of flags, four of length, the message. gRPC, gRPC-Web and Connect's streams share it.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http_body::Body as HttpBody;
use protoloop_core::{Error, Result};

/// Flag of a message that is compressed.
pub(crate) const COMPRESSED: u8 = 1;

/// Flags and length.
const PREFIX: usize = 5;

/// One message with its flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) flags: u8,
    pub(crate) message: Bytes,
}

impl Envelope {
    /// Its bytes.
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(PREFIX + self.message.len());
        out.put_u8(self.flags);
        // A message is bounded far below 4 GiB before it gets here.
        out.put_u32(u32::try_from(self.message.len()).unwrap_or(u32::MAX));
        out.put_slice(&self.message);
        out.freeze()
    }
}

/// Takes envelopes off bytes that come in pieces.
#[derive(Debug)]
pub(crate) struct Decoder {
    bytes: BytesMut,
    /// Largest message in bytes.
    limit: usize,
}

impl Decoder {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            bytes: BytesMut::new(),
            limit,
        }
    }

    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The next envelope, if it is there as a whole.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED for a length above the limit, before its message is waited for.
    pub(crate) fn next(&mut self) -> Result<Option<Envelope>> {
        let Some([flags, length @ ..]) = self.bytes.first_chunk::<PREFIX>().copied() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(length) as usize;
        if length > self.limit {
            return Err(too_large(self.limit));
        }
        if self.bytes.len() < PREFIX + length {
            self.bytes.reserve(PREFIX + length - self.bytes.len());
            return Ok(None);
        }
        self.bytes.advance(PREFIX);
        Ok(Some(Envelope {
            flags,
            message: self.bytes.split_to(length).freeze(),
        }))
    }

    /// Whether nothing of a further envelope has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// RESOURCE_EXHAUSTED for a message above a limit in bytes.
pub(crate) fn too_large(limit: usize) -> Error {
    Error::resource_exhausted(format!("a message is larger than {limit} bytes"))
}

/// Why no more of a body comes, as the error of the call.
pub(crate) trait BodyFault {
    /// The error that the caller is told.
    fn to_error(&self) -> Error;
}

/// A fault of the connection.
impl<E: fmt::Display> BodyFault for E {
    fn to_error(&self) -> Error {
        Error::cancelled("the request broke off").with_internal(self.to_string())
    }
}

/// The envelopes of a body as they arrive.
pub(crate) struct Envelopes<B> {
    body: B,
    decoder: Decoder,
    ended: bool,
    /// Bytes that were read for nothing.
    drained: usize,
}

impl<B> Envelopes<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: BodyFault,
{
    pub(crate) fn new(body: B, limit: usize) -> Self {
        Self {
            body,
            decoder: Decoder::new(limit),
            ended: false,
            drained: 0,
        }
    }

    /// The next one; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Decoder::next`]; INVALID_ARGUMENT when the body ends inside an envelope; CANCELLED when it breaks off, or what its
    /// [`BodyFault`] says.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Envelope>>> {
        loop {
            if let Some(next) = self.decoder.next().transpose() {
                return Poll::Ready(Some(next));
            }
            if self.ended {
                return Poll::Ready(if self.decoder.is_empty() {
                    None
                } else {
                    self.decoder.bytes.clear();
                    Some(Err(Error::invalid_argument(
                        "the request ends inside a message",
                    )))
                });
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.decoder.push(&data);
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    self.decoder.bytes.clear();
                    return Poll::Ready(Some(Err(error.to_error())));
                }
                None => self.ended = true,
            }
        }
    }
}

impl<B> Envelopes<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    /// Reads the rest of the body for nothing, within a bound.
    pub(crate) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.ended && self.drained < crate::body::DRAIN {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => self.drained += frame.data_ref().map_or(0, Bytes::len),
                Some(Err(_)) | None => self.ended = true,
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn envelopes_come_out_as_they_went_in_however_they_are_cut(
            envelopes in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..50)), 0..10),
            cuts in prop::collection::vec(1usize..20, 1..50),
        ) {
            let envelopes: Vec<_> = envelopes
                .into_iter()
                .map(|(flags, message)| Envelope { flags, message: message.into() })
                .collect();
            let bytes: Vec<u8> = envelopes.iter().flat_map(|one| one.encode().to_vec()).collect();
            let mut decoder = Decoder::new(50);
            let mut found = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                decoder.push(piece);
                rest = after;
                while let Some(one) = decoder.next().expect("within the limit") {
                    found.push(one);
                }
            }
            prop_assert_eq!(found, envelopes);
            prop_assert!(decoder.is_empty());
        }
    }

    #[test]
    fn a_length_above_the_limit_is_refused_before_the_message_comes() {
        let mut decoder = Decoder::new(10);
        decoder.push(&[0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert!(decoder.next().is_err());
    }
}
