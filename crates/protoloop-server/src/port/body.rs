//! Bodies that carry a bound or a guard.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tower::BoxError;

/// A request body that must be there in time: as a whole, counted from the first wait for it; or, where it is a stream,
/// each piece of it, counted from the wait for that one.
pub(crate) struct ReadTimeout<B> {
    body: B,
    limit: Option<Duration>,
    between: bool,
    /// Made when the body lets someone wait for the first time; most bodies are there already.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl<B> ReadTimeout<B> {
    pub(crate) fn new(body: B, limit: Duration) -> Self {
        Self::if_any(body, Some(limit))
    }

    /// A body that may have no limit.
    pub(crate) fn if_any(body: B, limit: Option<Duration>) -> Self {
        Self {
            body,
            limit,
            between: false,
            sleep: None,
        }
    }

    /// A body that is a stream: `limit` is for each piece.
    pub(crate) fn between_frames(body: B, limit: Duration) -> Self {
        Self {
            between: true,
            ..Self::new(body, limit)
        }
    }
}

impl<B> Body for ReadTimeout<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if this.between {
                this.sleep = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(limit) = this.limit else {
            return Poll::Pending;
        };
        let sleep = this.sleep.get_or_insert_with(|| Box::pin(sleep(limit)));
        if sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let late = Status::deadline_exceeded("the request's body did not arrive in time");
        Poll::Ready(Some(Err(Box::new(late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A body whose errors can be shown.
pub(crate) struct Displayed<B>(pub(crate) B);

impl<B> Body for Displayed<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.0).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
