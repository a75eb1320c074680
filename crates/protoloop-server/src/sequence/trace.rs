//! A span and one log line per call.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{
    BoxFuture, Call, Code, Error, Handler, MessageStream, Outbound, Protocol, Reply, Result,
    TraceContext, when_over,
};
use tracing::{Instrument as _, Level, Span};

use super::CallLayer;

/// Opens the span `call` (`rpc.system`, `rpc.service`, `rpc.method`, `protocol`, `trace_id`), sees that the context
/// holds a [`TraceContext`], and logs one line when the call is over: code, milliseconds and, for an error,
/// its public message; for a server's fault the internal chain too.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trace;

impl CallLayer for Trace {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Traced(inner))
    }

    fn name(&self) -> &str {
        "trace"
    }
}

struct Traced(Arc<dyn Handler>);

impl Handler for Traced {
    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Reply>> {
        let trace = known_trace(&mut call);
        let span = open_span(&call, trace);
        if span.is_disabled() {
            // It has the highest level, so the line would not be shown either.
            return self.0.call(call);
        }
        let line = Line::start(span.clone());
        let answer = span.in_scope(|| self.0.call(call));
        Box::pin(async move { line.answered(answer.await) }.instrument(span))
    }
}

/// The trace that an edge found, or one of this call's own metadata.
fn known_trace(call: &mut Call) -> TraceContext {
    if let Some(trace) = call.context.trace() {
        return trace;
    }
    let trace = TraceContext::of_headers(call.context.metadata());
    call.context.set_trace(trace);
    trace
}

/// The span has the highest level, so that an error's line names its call under every filter that shows the line.
fn open_span(call: &Call, trace: TraceContext) -> Span {
    tracing::error_span!(
        "call",
        rpc.system = "grpc",
        rpc.service = &*call.method.service,
        rpc.method = &*call.method.name,
        protocol = protocol_name(call.context.protocol()),
        trace_id = %trace,
    )
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "grpc",
        Protocol::GrpcWeb => "grpc-web",
        Protocol::Connect => "connect",
        Protocol::Rest => "rest",
        Protocol::InProcess => "in-process",
        _ => "other",
    }
}

/// The log line of one call; written once, when the call is over or was given up by the caller.
struct Line {
    span: Span,
    start: Instant,
    open: bool,
}

impl Line {
    fn start(span: Span) -> Self {
        Self {
            span,
            start: Instant::now(),
            open: true,
        }
    }

    fn answered(mut self, answer: Result<Reply>) -> Result<Reply> {
        let answer = answer.map(|mut reply| {
            reply.messages = match reply.messages {
                Outbound::Stream(messages) => Outbound::Stream(Box::pin(InSpan {
                    messages,
                    span: self.span.clone(),
                })),
                one @ Outbound::One(_) => one,
            };
            reply
        });
        when_over(answer, move |outcome| self.end(outcome))
    }

    fn end(&mut self, outcome: Result<(), &Error>) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let duration_ms = milliseconds(self.start.elapsed());
        let Err(error) = outcome else {
            tracing::info!(parent: &self.span, code = "OK", duration_ms, "done");
            return;
        };
        let (code, message) = (error.code().name(), error.message());
        match severity(error.code()) {
            Level::ERROR => {
                let chain = Chain(error);
                tracing::error!(parent: &self.span, code, duration_ms, error = message, %chain, "failed");
            }
            Level::WARN => {
                let chain = Chain(error);
                tracing::warn!(parent: &self.span, code, duration_ms, error = message, %chain, "failed");
            }
            _ => tracing::info!(parent: &self.span, code, duration_ms, error = message, "refused"),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.open {
            self.end(Err(&Error::cancelled("the caller went away")));
        }
    }
}

/// To the microsecond: what is below that says nothing, and is much to read.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The server's own faults are errors, its overload is a warning, and what a caller did wrong is a matter of course.
fn severity(code: Code) -> Level {
    match code {
        Code::Unknown | Code::Internal | Code::DataLoss => Level::ERROR,
        Code::Unavailable | Code::DeadlineExceeded => Level::WARN,
        _ => Level::INFO,
    }
}

/// The text for the log of an error and of its sources, outermost first.
struct Chain<'a>(&'a Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.internal().unwrap_or_else(|| self.0.message()))?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            match cause.downcast_ref::<Error>().and_then(Error::internal) {
                Some(internal) => write!(f, ": {cause} ({internal})")?,
                None => write!(f, ": {cause}")?,
            }
            source = cause.source();
        }
        Ok(())
    }
}

/// A response stream within the call's span.
struct InSpan {
    messages: MessageStream,
    span: Span,
}

impl Stream for InSpan {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.span.in_scope(|| this.messages.as_mut().poll_next(cx))
    }
}
