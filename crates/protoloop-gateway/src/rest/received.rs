//! Requests as the beginnings of calls.

use std::time::Instant;

use http::{Method, Request, Uri, request};
use protoloop_core::{CallContext, Origin, Protocol, Result};

use crate::{RestOptions, asked::Asked, headers, plan::Plan};

/// A request that was not read yet, as the call it may become: the request's extensions are the call's, its headers the call's
/// metadata.
///
/// What a call needs moves into its context at once, since everything else here is moved through several futures.
#[derive(Debug)]
pub struct Received<B> {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) body: B,
    /// With all headers.
    pub(super) context: CallContext,
}

impl<B> Received<B> {
    /// A request of an origin.
    pub fn new(request: Request<B>, origin: Origin) -> Self {
        let (head, body) = request.into_parts();
        let request::Parts {
            method,
            uri,
            headers,
            extensions,
            ..
        } = head;
        let mut context = CallContext::of_request(Protocol::Rest, origin, headers);
        *context.extensions_mut() = extensions;
        Self {
            method,
            uri,
            body,
            context,
        }
    }
}

/// Makes a context with all headers that of the call they ask for.
pub(super) fn ready(
    plan: &Plan,
    options: &RestOptions,
    asked: Asked,
    context: &mut CallContext,
) -> Result<()> {
    let timeout = match asked.has(Asked::TIMEOUT) {
        true => headers::timeout(context.metadata())?,
        false => None,
    };
    let metadata = context.metadata_mut();
    headers::keep_metadata(metadata)?;
    options.headers.request.apply(metadata);
    for timeout in [timeout, plan.timeout].into_iter().flatten() {
        // A time so far away that it cannot be told is no deadline.
        if let Some(deadline) = Instant::now().checked_add(timeout) {
            context.limit_deadline(deadline);
        }
    }
    Ok(())
}
