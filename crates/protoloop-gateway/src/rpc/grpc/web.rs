//! gRPC-Web's text form: base64 both ways.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame};
use protoloop_core::Error;
use protoloop_wire::json::from_base64;

use crate::rpc::envelope::BodyFault;

/// A body in base64 as the bytes it stands for. Padding may stand wherever a client ended one of its writes.
pub(super) struct FromText<B> {
    body: B,
    /// Letters that are no whole group of four yet.
    rest: BytesMut,
    ended: bool,
}

impl<B> FromText<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            rest: BytesMut::new(),
            ended: false,
        }
    }
}

/// Why a text body cannot be read.
#[derive(Debug)]
pub(super) enum TextError {
    /// The connection broke off.
    Broken(String),
    /// The caller sent something else.
    NotBase64,
}

impl BodyFault for TextError {
    fn to_error(&self) -> Error {
        match self {
            Self::Broken(reason) => reason.to_error(),
            Self::NotBase64 => Error::invalid_argument(
                "the body is not base64, as application/grpc-web-text has it",
            ),
        }
    }
}

impl<B> HttpBody for FromText<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    type Data = Bytes;
    type Error = TextError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TextError>>> {
        while !self.ended {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => {
                    self.ended = true;
                    let rest = self.rest.split();
                    if !rest.is_empty() {
                        return Poll::Ready(Some(decoded(&rest)));
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(TextError::Broken(error.to_string()))));
                }
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.rest.extend_from_slice(&data);
                    let whole = self.rest.len() / 4 * 4;
                    if whole > 0 {
                        let groups = self.rest.split_to(whole);
                        return Poll::Ready(Some(decoded(&groups)));
                    }
                }
            }
        }
        Poll::Ready(None)
    }
}

/// Groups of four letters, of which any may be padded.
fn decoded(groups: &[u8]) -> Result<Frame<Bytes>, TextError> {
    let mut out = Vec::with_capacity(groups.len() / 4 * 3);
    let mut from = 0;
    while from < groups.len() {
        let padding = groups[from..].iter().position(|byte| *byte == b'=');
        // A padded group ends a part of its own.
        let end = padding.map_or(groups.len(), |at| (from + at) / 4 * 4 + 4);
        let part = groups.get(from..end).and_then(from_base64);
        out.extend(part.ok_or(TextError::NotBase64)?);
        from = end;
    }
    Ok(Frame::data(out.into()))
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, StreamBody};
    use proptest::prelude::*;
    use protoloop_wire::json::to_base64;

    use super::*;

    fn read(pieces: Vec<Vec<u8>>) -> Result<Vec<u8>, String> {
        let frames = pieces
            .into_iter()
            .map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(piece))));
        let body = FromText::new(StreamBody::new(futures_util::stream::iter(frames)));
        let collected = futures_util::FutureExt::now_or_never(body.collect());
        let collected = collected.expect("nothing to wait for");
        collected
            .map(|whole| whole.to_bytes().to_vec())
            .map_err(|error| error.to_error().to_string())
    }

    #[test]
    fn what_is_not_base64_is_an_error() {
        for wrong in ["!!!!", "AAA", "A===", "AA=A", "A"] {
            let read = read(vec![wrong.as_bytes().to_vec()]);
            if wrong != "AAA" {
                let error = read.unwrap_err();
                assert!(error.contains("not base64"), "{wrong}: {error}");
            }
        }
    }

    proptest! {
        #[test]
        fn parts_with_padding_come_out_however_they_are_cut(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6),
            cut in 1usize..9,
        ) {
            let text: String = parts.iter().map(|part| to_base64(part)).collect();
            let pieces = text.as_bytes().chunks(cut).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(read(pieces), Ok(parts.concat()));
        }
    }
}
