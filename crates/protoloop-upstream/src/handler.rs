//! One method, passed on.

use std::{sync::Arc, time::Instant};

use http::{Uri, uri::PathAndQuery};
use protoloop_core::{BoxFuture, Call, Error, Handler, Inbound, Reply, Result};
use tonic::client::Grpc;

use crate::{
    exchange::{self, Exchange, Wire},
    retry::{Failure, Fate},
    upstream::Shared,
};

/// Passes the calls of one method on to an upstream.
pub(crate) struct Forward {
    pub(crate) upstream: Arc<Shared>,
    /// The method's path, alone and as a whole URI; `None` for a name that no path can hold.
    pub(crate) target: Option<(PathAndQuery, Uri)>,
    /// Whether a call may be tried again although the upstream may have seen it.
    pub(crate) safe: bool,
}

impl Handler for Forward {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.forward(call))
    }
}

impl Forward {
    async fn forward(&self, call: Call) -> Result<Reply> {
        let Call {
            method,
            context,
            messages,
        } = call;
        let Some((path, uri)) = &self.target else {
            let text = format!("{} cannot be written as a path", method.path);
            return Err(Error::internal_error(text));
        };
        let exchange = Exchange {
            path,
            context: &context,
            many: method.server_streaming,
        };
        let message = match messages {
            Inbound::One(message) => message,
            // What has gone out of a stream cannot be had again.
            stream @ Inbound::Stream(_) => {
                let answer = Box::pin(exchange.run(self.client(), stream)).await;
                return answer.map_err(|failure| failure.error);
            }
        };
        let mut attempt = 1;
        loop {
            let message = message.clone();
            let answer = if method.server_streaming {
                // In a box, because it is large and the usual call has no need of it.
                Box::pin(exchange.run(self.client(), Inbound::One(message))).await
            } else {
                exchange::unary(&self.upstream, uri, &context, &message).await
            };
            let failure = match answer {
                Ok(reply) => {
                    self.upstream.budget.succeeded();
                    return Ok(reply);
                }
                Err(failure) => failure,
            };
            self.again(failure, attempt, context.deadline()).await?;
            attempt += 1;
        }
    }

    /// Waits until it is time for the next attempt.
    ///
    /// # Errors
    /// There is none: the failure is the answer.
    async fn again(
        &self,
        failure: Failure,
        attempt: u32,
        deadline: Option<Instant>,
    ) -> Result<(), Error> {
        let budget = &self.upstream.budget;
        if failure.error.code() == protoloop_core::Code::Unavailable {
            budget.failed();
        }
        let wait = self
            .upstream
            .config
            .retry
            .wait(&failure, attempt, self.safe);
        let Some(wait) = wait.filter(|_| budget.allows()) else {
            return Err(failure.error);
        };
        // An answer that comes too late is worth less than this one now.
        if deadline.is_some_and(|deadline| Instant::now() + wait >= deadline) {
            return Err(failure.error);
        }
        let unprocessed = failure.fate == Fate::Unprocessed;
        tracing::debug!(attempt, unprocessed, error = %failure.error, "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn client(&self) -> Grpc<Wire> {
        let wire = Wire::picking(Arc::clone(&self.upstream));
        exchange::client(wire, &self.upstream.origin)
            .max_decoding_message_size(self.upstream.config.max_response_bytes)
    }
}
