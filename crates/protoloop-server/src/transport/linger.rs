//! Request bodies that are answered before they have come.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::bell::Bell;

/// Most of a body that is read for nothing.
const MOST: usize = 1 << 20;
/// How long more of it is waited for.
const LONGEST: Duration = Duration::from_secs(1);

/// A request body of which a bounded rest is read when it is given up half-way.
///
/// Otherwise the connection is closed with bytes on it that nobody read. The peer's system is then told that the
/// connection is broken, and may throw the answer away before the client reads it (RFC 9112, section 9.6). A body of
/// which nothing was read is left alone: its client may wait to be told to go on.
pub(super) struct Lingering<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    body: Option<B>,
    /// That of the connection, over HTTP/1.1; a stream of HTTP/2 ends without the connection.
    bell: Option<Arc<Bell>>,
    begun: bool,
}

impl<B> Lingering<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    /// `bell` is for HTTP/1.1.
    pub(super) fn new(body: B, bell: Option<Arc<Bell>>) -> Self {
        Self {
            body: Some(body),
            bell,
            begun: false,
        }
    }
}

impl<B> Body for Lingering<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.begun = true;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        match &this.bell {
            Some(bell) => bell.held(body, cx),
            None => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl<B> Drop for Lingering<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
{
    fn drop(&mut self) {
        if !(self.bell.is_some() && self.begun) || self.is_end_stream() {
            return;
        }
        // Outside a runtime the connection is going down too.
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(body), Ok(runtime)) = (self.body.take(), runtime) {
            runtime.spawn(timeout(LONGEST, read_rest(body)));
        }
    }
}

async fn read_rest<B: Body<Data = Bytes> + Unpin>(mut body: B) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            break;
        }
    }
}
