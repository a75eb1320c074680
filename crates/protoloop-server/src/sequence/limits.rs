//! How many calls at once, and for how long.

use std::{
    future::Future,
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
use futures_util::StreamExt as _;
use protoloop_core::{
    BoxFuture, Call, Detail, Error, Handler, MessageStream, MethodInfo, Outbound, Reply, Result,
};
use tokio::time::{Sleep, sleep_until, timeout_at};

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
        // The call is handed on at once: a future that held it would be a larger one to make for every call.
        let answer = self.inner.call(call);
        Box::pin(async move {
            let reply = match deadline {
                None => answer.await?,
                Some(deadline) => timeout_at(deadline.into(), answer)
                    .await
                    .map_err(|_| too_late())??,
            };
            Ok(hold(reply, permit, deadline))
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
}

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

/// Keeps a stream's permit, and its deadline, until its end.
fn hold(mut reply: Reply, permit: Permit, deadline: Option<Instant>) -> Reply {
    if let Outbound::Stream(messages) = reply.messages {
        reply.messages = Outbound::Stream(match deadline {
            Some(deadline) => Box::pin(Bounded {
                messages,
                sleep: Box::pin(sleep_until(deadline.into())),
                _permit: permit,
                over: false,
            }),
            None => Box::pin(messages.inspect(move |_| {
                let _held = &permit;
            })),
        });
    }
    reply
}

/// A stream that ends with DEADLINE_EXCEEDED when its time is up.
struct Bounded {
    messages: MessageStream,
    sleep: Pin<Box<Sleep>>,
    _permit: Permit,
    over: bool,
}

impl Stream for Bounded {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        // The clock first: a stream that always has a message would never meet its deadline otherwise.
        if self.sleep.as_mut().poll(cx).is_ready() {
            self.over = true;
            return Poll::Ready(Some(Err(too_late())));
        }
        self.messages.as_mut().poll_next(cx)
    }
}
