//! A service that says back what it hears, and what it has heard.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use protoloop_core::{
    BoxFuture, Call, CallContext, Error, Handler, Inbound, Protocol, Reply, Result,
};
use protoloop_schema::Schema;
use protoloop_server::{
    CallLayer, Dispatcher, Phase, Sequence, Server, ServerBuilder, ServerConfig, layer_fn,
};
use protoloop_testing_proto::compile;
use protoloop_upstream::Upstream;
use protoloop_wire::Tables;
use tokio::{net::TcpListener, sync::oneshot};

const ECHO: &str = r#"
    syntax = "proto3";
    package echo.v1;
    import "google/api/annotations.proto";
    message Text { string text = 1; int64 number = 2; }
    service Echo {
      rpc Say(Text) returns (Text) { option (google.api.http) = { post: "/v1/echo" body: "*" }; }
    }
"#;

pub(crate) fn tables() -> Arc<Tables> {
    let schema = Schema::from_descriptor_set(&compile(&[("echo.proto", ECHO)]));
    Tables::new(&Arc::new(schema.expect("a good schema")))
}

/// A call as somebody on its way met it.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    pub(crate) path: String,
    pub(crate) message: Bytes,
    pub(crate) context: CallContext,
}

impl Met {
    pub(crate) fn protocol(&self) -> Protocol {
        self.context.protocol()
    }
}

/// Remembers the calls that pass.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Met>>>);

impl Recorder {
    /// The one call since the last time.
    #[track_caller]
    pub(crate) fn take_one(&self) -> Met {
        let mut met = self.0.lock().expect("no panic");
        assert_eq!(met.len(), 1, "{met:?}");
        met.remove(0)
    }

    fn record(&self, call: &Call) {
        let Inbound::One(message) = &call.messages else {
            panic!("a stream")
        };
        self.0.lock().expect("no panic").push(Met {
            path: call.method.path.to_string(),
            message: message.clone(),
            context: call.context.clone(),
        });
    }

    fn layer(&self) -> impl CallLayer {
        let recorder = self.clone();
        layer_fn(move |inner| {
            Arc::new(Recording {
                recorder: recorder.clone(),
                inner,
            })
        })
    }
}

struct Recording {
    recorder: Recorder,
    inner: Arc<dyn Handler>,
}

impl Handler for Recording {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        self.recorder.record(&call);
        self.inner.call(call)
    }
}

/// Answers the request, with the caller's `x-ask` as `x-told`; fails when asked to.
pub(crate) struct Echo;

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let (context, message) = call.into_one()?;
            if context.metadata().contains_key("x-fail") {
                return Err(Error::not_found("told to fail"));
            }
            let mut reply = Reply::unary(message);
            if let Some(asked) = context.metadata().get("x-ask") {
                reply.metadata.insert("x-told", asked.clone());
            }
            Ok(reply)
        })
    }
}

/// A server on a free port; it ends with the value.
pub(crate) struct Running {
    pub(crate) address: std::net::SocketAddr,
    _stop: oneshot::Sender<()>,
}

pub(crate) async fn serve(server: ServerBuilder) -> Running {
    let config = ServerConfig {
        compress_responses: true,
        ..ServerConfig::default()
    };
    let server = server.config(config).build().expect("a good configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(server.serve(listener, async { drop(stopped.await) }));
    Running {
        address,
        _stop: stop,
    }
}

/// The service itself, its calls recorded.
pub(crate) fn direct(recorder: &Recorder) -> ServerBuilder {
    with_handler(recorder, |_| Arc::new(Echo))
}

/// A gateway in front of an upstream, its calls recorded.
pub(crate) fn behind(recorder: &Recorder, upstream: &Upstream) -> ServerBuilder {
    with_handler(recorder, |method| upstream.handler(method))
}

pub(crate) fn with_handler(
    recorder: &Recorder,
    handler: impl Fn(&protoloop_schema::Method) -> Arc<dyn Handler>,
) -> ServerBuilder {
    let tables = tables();
    let dispatcher =
        Dispatcher::new(Arc::clone(tables.schema())).methods(|method| Some(handler(method)));
    let layers = Sequence::builder().before(Phase::Invoke, recorder.layer());
    Server::builder(tables, dispatcher).layers(layers)
}
