//! Generated methods as handlers: bytes outside, messages inside, one box per call.

use std::{future::Future, marker::PhantomData, sync::Arc};

use prost::Message;
use protoloop_core::{BoxFuture, Call, Handler, Outbound, Reply, ReplyHeaders, Result};

use super::{
    Context, Engine, ResponseStream, Streaming,
    codec::{decode_request, encode},
    streaming::encoded,
};

/// Names one kind of method, its generated trait, and the function that makes a handler of it.
macro_rules! kinds {
    ($($(#[$doc:meta])* $method:ident($argument:ty) -> $answer:ty, $function:ident, $handler:ident;)*) => {
        $(
            $(#[$doc])*
            pub trait $method<T>: Send + Sync + 'static {
                /// Request message.
                type Request: Message + Default + 'static;
                /// Response message.
                type Response: Message + Default + 'static;

                /// Calls the method of `handlers`.
                fn call(
                    handlers: &T,
                    cx: &Context,
                    request: $argument,
                ) -> impl Future<Output = Result<$answer>> + Send;

                /// Whether it is a standard method that `T` does not override.
                #[must_use]
                fn is_standard() -> bool {
                    false
                }
            }

            struct $handler<T, M> {
                handlers: Arc<T>,
                engine: Engine,
                method: PhantomData<fn() -> M>,
            }

            #[doc = concat!("The handler of a [`", stringify!($method), "`]; `None` for one that is the standard engine's.")]
            pub fn $function<T, M>(handlers: &Arc<T>, engine: &Engine) -> Option<Arc<dyn Handler>>
            where
                T: Send + Sync + 'static,
                M: $method<T>,
            {
                if M::is_standard() {
                    return None;
                }
                Some(Arc::new($handler::<T, M> {
                    handlers: Arc::clone(handlers),
                    engine: engine.clone(),
                    method: PhantomData,
                }))
            }
        )*
    };
}

kinds! {
    /// One message in, one out.
    UnaryMethod(Self::Request) -> Self::Response, unary, Unary;
    /// One message in, many out.
    ServerStreamingMethod(Self::Request) -> ResponseStream<Self::Response>, server_streaming, ServerStreaming;
    /// Many messages in, one out.
    ClientStreamingMethod(Streaming<Self::Request>) -> Self::Response, client_streaming, ClientStreaming;
    /// Many messages in, many out.
    BidirectionalMethod(Streaming<Self::Request>) -> ResponseStream<Self::Response>, bidirectional, Bidirectional;
}

impl<T: Send + Sync + 'static, M: UnaryMethod<T>> Handler for Unary<T, M> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let method = Arc::clone(&call.method);
            let (context, message) = call.into_one()?;
            let request = decode_request(message)?;
            let cx = Context::new(context, method, self.engine.clone());
            let response = M::call(&self.handlers, &cx, request).await?;
            Ok(reply(&cx, Outbound::One(encode(&response))))
        })
    }
}

impl<T: Send + Sync + 'static, M: ServerStreamingMethod<T>> Handler for ServerStreaming<T, M> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let method = Arc::clone(&call.method);
            let (context, message) = call.into_one()?;
            let request = decode_request(message)?;
            let cx = Context::new(context, method, self.engine.clone());
            let responses = M::call(&self.handlers, &cx, request).await?;
            Ok(reply(&cx, Outbound::Stream(encoded(responses))))
        })
    }
}

impl<T: Send + Sync + 'static, M: ClientStreamingMethod<T>> Handler for ClientStreaming<T, M> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let cx = Context::new(call.context, call.method, self.engine.clone());
            let requests = Streaming::new(call.messages);
            let response = M::call(&self.handlers, &cx, requests).await?;
            Ok(reply(&cx, Outbound::One(encode(&response))))
        })
    }
}

impl<T: Send + Sync + 'static, M: BidirectionalMethod<T>> Handler for Bidirectional<T, M> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let cx = Context::new(call.context, call.method, self.engine.clone());
            let requests = Streaming::new(call.messages);
            let responses = M::call(&self.handlers, &cx, requests).await?;
            Ok(reply(&cx, Outbound::Stream(encoded(responses))))
        })
    }
}

fn reply(cx: &Context, messages: Outbound) -> Reply {
    Reply {
        metadata: cx.take_headers().into(),
        trailers: ReplyHeaders::default(),
        late_trailers: None,
        messages,
    }
}
