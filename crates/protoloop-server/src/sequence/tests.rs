use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::StreamExt as _;
use protoloop_core::{
    BoxFuture, Call, CallContext, Code, Detail, MethodInfo, Outbound, Reply, Result, TraceContext,
};
use protoloop_wire::Tables;

use super::*;
use crate::fixture::{dispatcher, read, tables, text};

fn limits() -> Limits {
    Limits {
        max_concurrent_calls: 10,
        default_timeout: Some(Duration::from_secs(30)),
        method_timeouts: Vec::new(),
        farewell: None,
    }
}

fn method(tables: &Tables, name: &str) -> Arc<MethodInfo> {
    let path = format!("/echo.v1.Echo/{name}");
    let method = tables.schema().method_by_path(&path);
    Arc::clone(&method.expect("a method").info)
}

/// The messages of a streamed reply.
async fn all(reply: Reply) -> Vec<Result<Bytes>> {
    match reply.messages {
        Outbound::One(message) => vec![Ok(message)],
        Outbound::Stream(messages) => messages.collect().await,
    }
}

fn call(name: &str, message: &str) -> Call {
    Call::unary(method(&tables(), name), CallContext::new(), text(message))
}

fn standard() -> Arc<dyn Handler> {
    Sequence::standard(limits()).wrap(Arc::new(dispatcher(&tables())))
}

/// Writes its name when a call passes.
struct Mark(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl CallLayer for Mark {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        struct Marked(
            &'static str,
            Arc<Mutex<Vec<&'static str>>>,
            Arc<dyn Handler>,
        );
        impl Handler for Marked {
            fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
                self.1.lock().expect("no panic under it").push(self.0);
                self.2.call(call)
            }
        }
        Arc::new(Marked(self.0, Arc::clone(&self.1), inner))
    }

    fn name(&self) -> &str {
        self.0
    }
}

#[tokio::test]
async fn layers_run_in_the_order_of_phases_and_places() {
    let seen = Arc::default();
    let mark = |name| Mark(name, Arc::clone(&seen));
    let sequence = Sequence::standard(limits())
        .after(Phase::Invoke, mark("next to the handler"))
        .before(Phase::Authorize, mark("before authorize, first"))
        .before(Phase::Authorize, mark("before authorize, second"))
        .at(Phase::Authenticate, mark("authenticate"))
        .after(Phase::Authorize, mark("after authorize"))
        .before(Phase::Trace, mark("outermost"));
    let names: Vec<_> = sequence
        .describe()
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let expect = [
        "outermost",
        "trace",
        "limits",
        "authenticate",
        "before authorize, first",
        "before authorize, second",
        "after authorize",
        "catch-panic",
        "next to the handler",
    ];
    assert_eq!(names, expect);
    let handler = sequence.wrap(Arc::new(dispatcher(&tables())));
    handler.call(call("Say", "hi")).await.expect("a reply");
    let own = |name: &&str| !["trace", "limits", "catch-panic"].contains(name);
    let expect: Vec<_> = expect.into_iter().filter(own).collect();
    assert_eq!(*seen.lock().expect("no panic under it"), expect);
}

#[tokio::test]
async fn a_tower_layer_fits_a_phase() {
    let timeout = tower::timeout::TimeoutLayer::new(Duration::from_millis(5));
    let handler = Sequence::builder()
        .at(Phase::Intercept, TowerLayer(timeout))
        .wrap(Arc::new(dispatcher(&tables())));
    let reply = handler.call(call("Say", "hi")).await.expect("a reply");
    assert_eq!(read(&reply.into_one().expect("one")), "hi");
    let error = handler.call(call("Sleep", "5000")).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
    let error = handler.call(call("Fail", "")).await.expect_err("an error");
    assert_eq!(
        error.code(),
        Code::NotFound,
        "a domain error passes unchanged"
    );
}

#[tokio::test]
async fn a_panic_is_an_internal_error() {
    let error = standard()
        .call(call("Panic", ""))
        .await
        .expect_err("caught");
    assert_eq!(error.code(), Code::Internal);
    assert_eq!(error.message(), "internal error");
    assert_eq!(error.internal(), Some("the handler panicked: told to"));
}

#[tokio::test]
async fn a_panic_in_a_stream_ends_it() {
    let reply = standard()
        .call(call("Repeat", "panic"))
        .await
        .expect("a reply");
    let items = all(reply).await;
    assert_eq!(items.len(), 3);
    assert_eq!(
        items[2].as_ref().expect_err("caught").code(),
        Code::Internal
    );
}

#[tokio::test(start_paused = true)]
async fn a_unary_call_ends_at_the_default_timeout() {
    let error = standard()
        .call(call("Sleep", "60000"))
        .await
        .expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_method_timeout_replaces_the_default() {
    let slow = method(&tables(), "Sleep");
    let mut limits = limits();
    limits.method_timeouts = vec![None; slow.index + 1];
    limits.method_timeouts[slow.index] = Some(Duration::from_secs(90));
    let handler = Sequence::standard(limits).wrap(Arc::new(dispatcher(&tables())));
    handler.call(call("Sleep", "60000")).await.expect("in time");
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_ends_a_stream() {
    let mut endless = call("Repeat", "endless");
    let soon = Instant::now() + Duration::from_secs(3);
    endless.context.limit_deadline(soon);
    let items = all(standard().call(endless).await.expect("a reply")).await;
    assert_eq!(items.len(), 3);
    let error = items[2].as_ref().expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_passed_deadline_is_not_worth_a_call() {
    let mut late = call("Panic", "");
    late.context.limit_deadline(Instant::now());
    let error = standard().call(late).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_full_server_says_when_to_come_back() {
    let mut limits = limits();
    limits.max_concurrent_calls = 1;
    let handler = Sequence::standard(limits).wrap(Arc::new(dispatcher(&tables())));
    let held = handler
        .call(call("Repeat", "endless"))
        .await
        .expect("a reply");
    let error = handler.call(call("Say", "hi")).await.expect_err("full");
    assert_eq!(error.code(), Code::Unavailable);
    assert!(matches!(error.details(), [Detail::RetryInfo { .. }]));
    drop(held);
    handler.call(call("Say", "hi")).await.expect("room again");
}

#[tokio::test]
async fn a_method_without_handler_says_what_is_missing() {
    let error = standard()
        .call(call("Missing", ""))
        .await
        .expect_err("missing");
    assert_eq!(error.code(), Code::Unimplemented);
    insta::assert_snapshot!(error.message(), @"/echo.v1.Echo/Missing has no handler: it is not a standard method, and no handler of echo.v1.Echo implements Missing");
}

#[tokio::test]
async fn every_call_has_a_trace() {
    let seen: Arc<Mutex<Vec<TraceContext>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let layer = layer_fn(move |inner| {
        struct See(Arc<dyn Handler>, Arc<Mutex<Vec<TraceContext>>>);
        impl Handler for See {
            fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
                let trace = call.context.trace();
                self.1.lock().expect("no panic under it").extend(trace);
                self.0.call(call)
            }
        }
        Arc::new(See(inner, Arc::clone(&sink)))
    });
    let handler = Sequence::standard(limits())
        .at(Phase::Intercept, layer)
        .wrap(Arc::new(dispatcher(&tables())));
    for _ in 0..2 {
        handler.call(call("Say", "hi")).await.expect("a reply");
    }
    let seen = seen.lock().expect("no panic under it");
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0].trace_id(), seen[1].trace_id());
}
