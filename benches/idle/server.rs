//! The server: one stream without an end, through the whole sequence.

use std::{
    io::Write as _,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use protoloop_core::{BoxFuture, Call, Handler, Reply, Result};
use protoloop_server::{Dispatcher, Server};
use protoloop_wire::{Tables, Writer};
use tokio::{net::TcpListener, runtime::Builder};

/// Serves until it is killed, after it has told where.
pub(crate) fn run() {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(serve());
}

async fn serve() {
    let proto = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("idle/watch.proto");
    let compiled = protoloop_build::compile(&[proto], &[]).expect("it compiles");
    let tables = Tables::new(&Arc::new(compiled.schema));
    let watch: Arc<dyn Handler> = Arc::new(Watch);
    let dispatcher = Dispatcher::new(Arc::clone(tables.schema()));
    let dispatcher = dispatcher.methods(|_| Some(Arc::clone(&watch)));
    let server = Server::builder(tables, dispatcher).build();
    let server = server.expect("a good configuration");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let mut out = std::io::stdout();
    writeln!(out, "{address}").expect("a pipe");
    out.flush().expect("a pipe");
    server.serve(listener, std::future::pending()).await;
}

struct Watch;

impl Handler for Watch {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let (_, request) = call.into_one()?;
            let begin = (!request.is_empty()).then(event);
            Ok(Reply::stream(Box::pin(
                stream::iter(begin.map(Ok)).chain(Nothing),
            )))
        })
    }
}

fn event() -> Bytes {
    let mut event = Writer::new();
    event.string(1, "it begins");
    event.finish().into()
}

struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}
