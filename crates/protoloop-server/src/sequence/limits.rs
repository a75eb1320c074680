//! How many calls at once, and for how long.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{
    BoxFuture, Call, Detail, Error, Handler, MessageStream, MethodInfo, Outbound, Reply, Result,
};
use tokio::{
    sync::watch,
    time::{sleep_until, timeout_at},
};

use super::CallLayer;

/// What a client is told to wait before it comes back to a full server.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Bounds the number of calls in flight and the time of each.
///
/// The deadline of a call is the nearest of the client's, the method's own timeout and, for unary methods, the default
/// one. Streams are long-lived by nature, so the default does not apply to them. When the deadline passes, the handler's
/// future is dropped and the caller gets DEADLINE_EXCEEDED. A call above the bound gets UNAVAILABLE with a `RetryInfo`
/// of one second. A stream counts until its last message.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Calls in flight, all protocols together.
    pub max_concurrent_calls: usize,
    /// Time of a unary call whose method has no timeout of its own; `None` for no bound.
    pub default_timeout: Option<Duration>,
    /// Timeouts of methods, by [`MethodInfo::index`].
    pub method_timeouts: Vec<Option<Duration>>,
    /// When it becomes true, streams end with UNAVAILABLE: the server goes down, and their callers shall go on elsewhere.
    pub farewell: Option<watch::Receiver<bool>>,
}

impl CallLayer for Limits {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Limited {
            inner,
            in_flight: Arc::default(),
            limits: self.clone(),
        })
    }

    fn name(&self) -> &str {
        "limits"
    }
}

impl Limits {
    fn timeout(&self, method: &MethodInfo) -> Option<Duration> {
        let own = self.method_timeouts.get(method.index).copied().flatten();
        own.or_else(|| self.default_timeout.filter(|_| method.is_unary()))
    }
}

struct Limited {
    inner: Arc<dyn Handler>,
    in_flight: Arc<AtomicUsize>,
    limits: Limits,
}

impl Handler for Limited {
    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Reply>> {
        let permit = match self.admit(&mut call) {
            Ok(permit) => permit,
            Err(refused) => return Box::pin(std::future::ready(Err(refused))),
        };
        let deadline = call.context.deadline();
        if !call.method.is_unary() {
            let ends = self.ends(deadline, call.context.extensions().get());
            return Box::pin(streamed(self.inner.call(call), permit, ends));
        }
        // The call is handed on at once: a future that held it would be a larger one to make for every call.
        let answer = self.inner.call(call);
        Box::pin(async move {
            let reply = match deadline {
                None => answer.await?,
                Some(deadline) => timeout_at(deadline.into(), answer)
                    .await
                    .map_err(|_| too_late())??,
            };
            Ok(hold(reply, permit, || self.ends(deadline, None)))
        })
    }
}

impl Limited {
    /// Lets a call in, with its deadline set.
    fn admit(&self, call: &mut Call) -> Result<Permit> {
        let permit = Permit::take(&self.in_flight, self.limits.max_concurrent_calls)?;
        call.context.check_deadline()?;
        if let Some(timeout) = self.limits.timeout(&call.method) {
            call.context.limit_deadline(Instant::now() + timeout);
        }
        Ok(permit)
    }

    /// What ends a stream before its time.
    fn ends(&self, deadline: Option<Instant>, departure: Option<&Departure>) -> Ends {
        let farewell = self.limits.farewell.clone();
        let departure = departure.map(|departure| departure.0.clone());
        Ends([
            deadline.map(|deadline| -> BoxFuture<'static, Error> {
                Box::pin(async move {
                    sleep_until(deadline.into()).await;
                    too_late()
                })
            }),
            farewell.map(|farewell| when(farewell, "the server is shutting down; call again")),
            departure.map(|departure| when(departure, "the connection is old; call again")),
        ])
    }
}

/// Becomes true when the connection that a call came by is about to be cut off. Only calls on connections that are cut off at
/// an age have one.
#[derive(Clone, Debug)]
pub(crate) struct Departure(pub(crate) watch::Receiver<bool>);

/// One call in flight.
struct Permit(Arc<AtomicUsize>);

impl Permit {
    fn take(in_flight: &Arc<AtomicUsize>, max: usize) -> Result<Self> {
        // Counted first, so that the guard takes back what a refusal added.
        let permit = Self(Arc::clone(in_flight));
        if in_flight.fetch_add(1, Ordering::Relaxed) < max {
            return Ok(permit);
        }
        Err(
            Error::unavailable("the server has too many calls in flight").with_detail(
                Detail::RetryInfo {
                    retry_delay: RETRY_DELAY,
                },
            ),
        )
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn too_late() -> Error {
    Error::deadline_exceeded("the call's deadline has passed")
}

/// A call with a stream, from its beginning: who waits for a first message is told too.
async fn streamed(
    mut answer: BoxFuture<'_, Result<Reply>>,
    permit: Permit,
    mut ends: Ends,
) -> Result<Reply> {
    let reply = poll_fn(|cx| match ends.poll(cx) {
        Poll::Ready(error) => Poll::Ready(Err(error)),
        Poll::Pending => answer.as_mut().poll(cx),
    });
    let reply = reply.await?;
    Ok(hold(reply, permit, || ends))
}

/// Keeps a stream's permit, and its bounds, until its end.
fn hold(mut reply: Reply, permit: Permit, ends: impl FnOnce() -> Ends) -> Reply {
    if let Outbound::Stream(messages) = reply.messages {
        reply.messages = Outbound::Stream(Box::pin(Bounded {
            messages,
            ends: ends(),
            _permit: permit,
            over: false,
        }));
    }
    reply
}

/// Ends with UNAVAILABLE when this becomes true.
fn when(mut sign: watch::Receiver<bool>, message: &'static str) -> BoxFuture<'static, Error> {
    Box::pin(async move {
        let given = sign.wait_for(|sign| *sign).await.is_ok();
        if !given {
            // Nobody is left to give it.
            std::future::pending::<()>().await;
        }
        Error::unavailable(message)
    })
}

/// What ends a stream before its time, and with which error.
struct Ends([Option<BoxFuture<'static, Error>>; 3]);

impl Ends {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let mut ends = self.0.iter_mut().flatten();
        let met = ends.find_map(|end| match end.as_mut().poll(cx) {
            Poll::Ready(error) => Some(error),
            Poll::Pending => None,
        });
        met.map_or(Poll::Pending, Poll::Ready)
    }
}

/// A stream that ends with an error when one of its bounds is met.
struct Bounded {
    messages: MessageStream,
    ends: Ends,
    _permit: Permit,
    over: bool,
}

impl Stream for Bounded {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        // The ends first: a stream that always has a message would never meet them otherwise.
        if let Poll::Ready(error) = self.ends.poll(cx) {
            self.over = true;
            return Poll::Ready(Some(Err(error)));
        }
        self.messages.as_mut().poll_next(cx)
    }
}
