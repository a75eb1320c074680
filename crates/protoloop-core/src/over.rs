//! How answers end.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;

use crate::{Error, Outbound, Reply, Result};

/// Messages or rows of which somebody hears once how they ended: by themselves, or with the first error. Who is dropped before
/// has heard nothing.
#[derive(Debug)]
pub struct UntilOver<S, F> {
    items: S,
    /// `None` when it was told.
    tell: Option<F>,
}

impl<S, F> UntilOver<S, F> {
    /// Has `tell` hear of the end of `items`.
    pub fn new(items: S, tell: F) -> Self {
        Self {
            items,
            tell: Some(tell),
        }
    }
}

impl<T, S, F> Stream for UntilOver<S, F>
where
    S: Stream<Item = Result<T>> + Unpin,
    F: FnOnce(Result<(), &Error>) + Unpin,
{
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.items).poll_next(cx);
        let outcome = match &next {
            Poll::Ready(None) => Ok(()),
            Poll::Ready(Some(Err(error))) => Err(error),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => return next,
        };
        if let Some(tell) = self.tell.take() {
            tell(outcome);
        }
        next
    }
}

/// Has `tell` hear once how a call ended: at once where the answer is an error or one message, else with its last message.
///
/// # Errors
/// The answer's own.
pub fn when_over(
    answer: Result<Reply>,
    tell: impl FnOnce(Result<(), &Error>) + Send + Unpin + 'static,
) -> Result<Reply> {
    let mut reply = match answer {
        Ok(reply) => reply,
        Err(error) => {
            tell(Err(&error));
            return Err(error);
        }
    };
    reply.messages = match reply.messages {
        Outbound::One(message) => {
            tell(Ok(()));
            Outbound::One(message)
        }
        Outbound::Stream(messages) => Outbound::Stream(Box::pin(UntilOver::new(messages, tell))),
    };
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex, PoisonError},
        task::Waker,
    };

    use bytes::Bytes;

    use super::*;
    use crate::Code;

    /// What is ready at once.
    struct Ready(VecDeque<Result<Bytes>>);

    impl Stream for Ready {
        type Item = Result<Bytes>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    /// What is heard of an answer whose messages are asked for so often.
    fn heard(answer: Result<Reply>, polls: usize) -> Vec<Code> {
        let codes = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&codes);
        let answer = when_over(answer, move |outcome| {
            let code = outcome.err().map_or(Code::Ok, Error::code);
            let mut codes = told.lock().unwrap_or_else(PoisonError::into_inner);
            codes.push(code);
        });
        if let Ok(Reply {
            messages: Outbound::Stream(mut messages),
            ..
        }) = answer
        {
            let mut cx = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                let _ = messages.as_mut().poll_next(&mut cx);
            }
        }
        let codes = codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.clone()
    }

    fn stream(items: impl IntoIterator<Item = Result<Bytes>>) -> Result<Reply> {
        let items = items.into_iter().collect();
        Ok(Reply::stream(Box::pin(Ready(items))))
    }

    #[test]
    fn the_end_is_heard_once() {
        let broken = || Err(Error::invalid_argument("no"));
        let message = || Ok(Bytes::new());
        assert_eq!(heard(Ok(Reply::unary(Bytes::new())), 0), [Code::Ok]);
        assert_eq!(
            heard(Err(Error::invalid_argument("no")), 0),
            [Code::InvalidArgument]
        );
        assert_eq!(heard(stream([message()]), 1), []);
        assert_eq!(heard(stream([message()]), 4), [Code::Ok]);
        // What comes behind an error does not make it good.
        assert_eq!(
            heard(stream([message(), broken()]), 4),
            [Code::InvalidArgument]
        );
    }
}
