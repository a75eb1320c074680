//! How many calls at once, and for how long.

use std::{
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
        // The call is handed on at once: a future that held it would be a larger one to make for every call.
        let answer = self.inner.call(call);
        Box::pin(async move {
            let reply = match deadline {
                None => answer.await?,
                Some(deadline) => timeout_at(deadline.into(), answer)
                    .await
                    .map_err(|_| too_late())??,
            };
            Ok(hold(reply, permit, deadline, &self.limits.farewell))
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

/// Keeps a stream's permit, and its bounds, until its end.
fn hold(
    mut reply: Reply,
    permit: Permit,
    deadline: Option<Instant>,
    farewell: &Option<watch::Receiver<bool>>,
) -> Reply {
    if let Outbound::Stream(messages) = reply.messages {
        let bounds = [
            deadline.map(|deadline| -> BoxFuture<'static, Error> {
                Box::pin(async move {
                    sleep_until(deadline.into()).await;
                    too_late()
                })
            }),
            farewell
                .clone()
                .map(|farewell| -> BoxFuture<'static, Error> {
                    Box::pin(async move { going(farewell).await })
                }),
        ];
        reply.messages = Outbound::Stream(Box::pin(Bounded {
            messages,
            bounds,
            _permit: permit,
            over: false,
        }));
    }
    reply
}

/// Ends when the server says farewell.
async fn going(mut farewell: watch::Receiver<bool>) -> Error {
    let said = farewell.wait_for(|farewell| *farewell).await.is_ok();
    if !said {
        // Without a server nobody says it any more.
        std::future::pending::<()>().await;
    }
    Error::unavailable("the server is shutting down; call again")
}

/// A stream that ends with an error when one of its bounds is met.
struct Bounded {
    messages: MessageStream,
    bounds: [Option<BoxFuture<'static, Error>>; 2],
    _permit: Permit,
    over: bool,
}

impl Stream for Bounded {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        // The bounds first: a stream that always has a message would never meet them otherwise.
        for bound in self.bounds.iter_mut().flatten() {
            if let Poll::Ready(error) = bound.as_mut().poll(cx) {
                self.over = true;
                return Poll::Ready(Some(Err(error)));
            }
        }
        self.messages.as_mut().poll_next(cx)
    }
}
