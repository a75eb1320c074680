//! The messages of a reply, from the moment the call is made.

use std::{
    fmt,
    future::poll_fn,
    mem,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use protoloop_core::{BoxFuture, MessageStream, Outbound, Reply, Result};

/// A call on its way, and then the messages of its reply.
pub(crate) struct Source {
    state: State,
    /// The reply's metadata and trailers, until somebody takes them.
    metadata: [HeaderMap; 2],
}

enum State {
    Calling(BoxFuture<'static, Result<Reply>>),
    One(Bytes),
    Stream(MessageStream),
    Over,
}

impl Source {
    pub(crate) fn new(call: BoxFuture<'static, Result<Reply>>) -> Self {
        Self {
            state: State::Calling(call),
            metadata: Default::default(),
        }
    }

    /// The first message, or the end, or the error that there is instead; `None` when the patience is at its end before.
    pub(crate) async fn first(
        &mut self,
        mut patience: Option<BoxFuture<'static, ()>>,
    ) -> Option<Option<Result<Bytes>>> {
        poll_fn(|cx| {
            if let Poll::Ready(first) = self.poll_next(cx) {
                return Poll::Ready(Some(first));
            }
            match &mut patience {
                Some(patience) => patience.as_mut().poll(cx).map(|()| None),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// What the reply says beside its messages, as far as it is known; once.
    pub(crate) fn metadata(&mut self) -> [HeaderMap; 2] {
        mem::take(&mut self.metadata)
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            match &mut self.state {
                State::Calling(call) => match ready!(call.as_mut().poll(cx)) {
                    Ok(reply) => {
                        self.metadata = [reply.metadata.into(), reply.trailers.into()];
                        self.state = match reply.messages {
                            Outbound::One(message) => State::One(message),
                            Outbound::Stream(messages) => State::Stream(messages),
                        };
                    }
                    Err(error) => {
                        self.state = State::Over;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::One(message) => {
                    let message = mem::take(message);
                    self.state = State::Over;
                    return Poll::Ready(Some(Ok(message)));
                }
                State::Stream(messages) => {
                    let next = ready!(messages.as_mut().poll_next(cx));
                    if !matches!(next, Some(Ok(_))) {
                        self.state = State::Over;
                    }
                    return Poll::Ready(next);
                }
                State::Over => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}
