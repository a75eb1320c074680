//! A body as it comes, decompressed.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::Body as HttpBody;
use protoloop_core::{Error, Result};

use super::inflate::Inflate;
use crate::compression::Encoding;

/// The bytes of a body in pieces, decompressed where it is compressed.
pub(crate) struct Plain<B> {
    body: B,
    inflate: Option<Inflate>,
    /// Whether the body was read to its end; decompressed, it may have more.
    read: bool,
}

impl<B> Plain<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    /// # Errors
    /// INTERNAL where there is no memory to decompress.
    pub(crate) fn new(body: B, encoding: Option<Encoding>) -> Result<Self> {
        Ok(Self {
            body,
            inflate: encoding.map(Inflate::new).transpose()?,
            read: false,
        })
    }

    /// The next bytes; there may be none in a piece.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            if let Some(inflate) = &mut self.inflate {
                match inflate.next().transpose() {
                    None if self.read => return Poll::Ready(None),
                    None => {}
                    plain => return Poll::Ready(plain),
                }
            }
            let data = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => None,
                Some(Ok(frame)) => Some(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => {
                    let told = Error::invalid_argument("the body broke off before its end");
                    return Poll::Ready(Some(Err(told.with_internal(error.to_string()))));
                }
            };
            let Some(inflate) = &mut self.inflate else {
                return Poll::Ready(data.map(Ok));
            };
            match data {
                Some(data) => inflate.push(data),
                None => {
                    self.read = true;
                    inflate.end();
                }
            }
        }
    }
}
