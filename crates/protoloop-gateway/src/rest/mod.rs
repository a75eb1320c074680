//! The REST surface of a schema.

mod form;
mod method_override;
mod open;
mod read;
mod received;
mod special;
#[cfg(test)]
pub(crate) mod tests;
mod waiting;

use std::{
    borrow::Cow,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{
    Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use protoloop_core::{BoxFuture, Call, Handler, Inbound, Origin, Reply, Result, observe::Notes};
use protoloop_schema::{Diagnostic, Diagnostics, Schema, Severity};
use protoloop_wire::{Tables, json};

use crate::{
    Body, EscapeError, RestOptions, TrailingSlash,
    asked::Asked,
    headers,
    negotiate::{self, Accept},
    percent,
    plan::Plan,
    respond::{self, ErrorShape, How, Refusal},
    router::{Match, Outcome, PathError, Router},
    stream::{self, StreamKind},
};

pub(crate) use open::Opening;
pub use received::Received;
use received::ready;
use waiting::Admission;

/// Serves the REST bindings of a schema by calling a [`Handler`].
///
/// Immutable; share it by [`Arc`]. Everything that depends on the method alone is worked out when it is made.
#[derive(Debug)]
pub struct RestGateway {
    pub(crate) tables: Arc<Tables>,
    router: Router,
    /// One per route, in the router's order.
    pub(crate) plans: Vec<Plan>,
    pub(crate) options: RestOptions,
}

impl RestGateway {
    /// Compiles the bindings of a schema.
    ///
    /// # Errors
    /// As [`Router::new`]; and variables that lead to no field.
    pub fn new(tables: Arc<Tables>, options: RestOptions) -> Result<Self, Diagnostics> {
        let schema = Arc::clone(tables.schema());
        let router = Router::new(&schema)?;
        let plans = plans(&schema, &tables, &router)?;
        Ok(Self {
            tables,
            router,
            plans,
            options,
        })
    }

    /// The routes it serves.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// Answers one request. Every failure is an answer as well, its error as `Arc<protoloop_core::Error>` among the
    /// response's extensions, for the log. The request's extensions become the call's. The handler is cloned for a
    /// stream, which outlives this call.
    pub async fn serve<B, H>(
        &self,
        request: Request<B>,
        origin: impl Into<Origin> + Send,
        handler: &H,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
        H: Handler + Clone,
    {
        let received = Received::new(request, origin.into());
        self.serve_paced(received, handler, None, |body, _| body)
            .await
    }

    /// The same; `pace` may bound the time of the body, knowing how it will be read. `admission`, if any, gets the call of a
    /// caller that waits to be told to send the body, without a message: what it fails with is the answer.
    pub fn serve_paced<B, P, H>(
        &self,
        received: Received<B>,
        handler: &H,
        admission: Option<&Arc<dyn Handler>>,
        pace: impl FnOnce(B, Pace) -> P + Send,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: http_body::Body + Send,
        P: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        P::Error: fmt::Display,
        H: Handler + Clone,
    {
        let Received {
            method,
            uri,
            body,
            mut context,
        } = received;
        // The block borrows what it captured. An `async fn` would hold the request and its parts, and every request would
        // pay for moving both.
        async move {
            let head = Head::new(&uri, context.metadata(), context.extensions());
            let asked = head.asked;
            let shape = match head.accept.problem {
                true => ErrorShape::Problem,
                false => ErrorShape::Format(self.options.error_format),
            };
            let path = self.path_of(&uri);
            let admission = || Admission {
                handler: admission,
                context: &context,
            };
            let refuse = |refusal| respond::refuse(&self.tables, &self.options, refusal, shape);
            // In a block, so that the wait for the answer holds none of what came before.
            let (plan, how, calling) = {
                let found = match self.routed(&method, &path, &head) {
                    Ok(Routed::Found(found)) => found,
                    Ok(Routed::Options(allow)) => return options_answer(&allow),
                    Err(refusal) => return sent(&method, refuse(refusal)),
                };
                if let Some(notes) = context.extensions().get::<Notes>() {
                    notes.set_route(found.route);
                }
                let plan = &self.plans[found.route];
                // What has to be waited for is in a box, which a request without a body does not need.
                let wish = match plan.method.client_streaming {
                    false if body.is_end_stream() => self.read_head(plan, &found, &head),
                    false => {
                        let body = pace(body, Pace::Whole);
                        Box::pin(self.read(plan, found, &head, admission(), body)).await
                    }
                    true => {
                        let body = pace(body, Pace::Stream);
                        Box::pin(self.read_stream(plan, found, &head, admission(), body)).await
                    }
                };
                let Wish { messages, how } = match wish {
                    Ok(wish) => wish,
                    Err(refusal) => return sent(&method, refuse(refusal)),
                };
                if let Err(error) = ready(plan, &self.options, asked, &mut context) {
                    return sent(&method, refuse(error.into()));
                }
                let call = Call {
                    method: Arc::clone(&plan.method),
                    context,
                    messages,
                };
                let calling = self.call(plan, &how, call, handler, shape);
                (plan, how, calling)
            };
            let response = match calling {
                Calling::One(reply) => match reply.await {
                    Ok(reply) => respond::answer(&self.tables, plan, &self.options, &how, reply),
                    Err(error) => Err(how.refusal(error)),
                },
                Calling::Many(answer) => answer.await.map_err(|error| how.refusal(error)),
            };
            sent(&method, response.unwrap_or_else(refuse))
        }
    }

    fn routed<'r>(
        &self,
        method: &Method,
        path: &'r Result<Cow<'_, str>, EscapeError>,
        head: &Head<'_>,
    ) -> Result<Routed<'r>, Refusal> {
        match path {
            Ok(path) => {
                let meant = self.meant(method, head)?;
                self.route(&meant, path, head.uri.query())
            }
            Err(error) => Err(Refusal::bad_path(PathError::Escape(*error))),
        }
    }

    /// The path to route, decoded where the profile decodes it first.
    fn path_of<'r>(&self, uri: &'r Uri) -> Result<Cow<'r, str>, EscapeError> {
        match self.options.path.decodes_first() {
            true => percent::decode_segment(uri.path()),
            false => Ok(Cow::Borrowed(uri.path())),
        }
    }

    /// The method that the caller means.
    fn meant(&self, method: &Method, head: &Head<'_>) -> Result<Method, Refusal> {
        let mut meant = None;
        if self.options.method_override && *method == Method::POST {
            meant = method_override::meant(head.uri, head.headers, head.asked)?;
        }
        Ok(meant.unwrap_or_else(|| method.clone()))
    }

    fn route<'r>(
        &self,
        method: &Method,
        path: &'r str,
        query: Option<&str>,
    ) -> Result<Routed<'r>, Refusal> {
        let limit = self.options.max_uri_bytes;
        if path.len() + query.map_or(0, str::len) > limit {
            let message = format!("path and query are longer than {limit} bytes");
            return Err(Refusal::uri_too_long(message));
        }
        let mut outcome = self.find(method, path);
        if self.options.trailing_slash == TrailingSlash::Ignore
            && !matches!(outcome, Outcome::Found(_))
            && let Some(shorter) = path.strip_suffix('/').filter(|shorter| !shorter.is_empty())
        {
            let without = self.find(method, shorter);
            if !matches!(without, Outcome::NotFound) {
                outcome = without;
            }
        }
        match outcome {
            Outcome::Found(found) => Ok(Routed::Found(found)),
            Outcome::MethodNotAllowed { allow } if *method == Method::OPTIONS => {
                Ok(Routed::Options(allow))
            }
            // `OPTIONS *`, about the server as a whole.
            Outcome::Invalid(PathError::NotAbsolute) if *method == Method::OPTIONS => {
                Ok(Routed::Options(Vec::new()))
            }
            Outcome::MethodNotAllowed { allow } => {
                Err(Refusal::method_not_allowed(method.as_str(), path, &allow))
            }
            Outcome::NotFound => Err(Refusal::no_route(method.as_str(), path)),
            Outcome::Invalid(error) => Err(Refusal::bad_path(error)),
        }
    }

    fn find<'r>(&self, method: &Method, path: &'r str) -> Outcome<'r> {
        match self.options.path.decodes_first() {
            true => self.router.find_decoded(method.as_str(), path),
            false => self.router.find(method.as_str(), path),
        }
    }

    /// Makes the call. It is begun here and awaited by who asks, since a future that holds a call is a large one to move.
    fn call<'a, H: Handler + Clone>(
        &'a self,
        plan: &Plan,
        how: &How,
        call: Call,
        handler: &'a H,
        shape: ErrorShape,
    ) -> Calling<'a> {
        if !plan.method.server_streaming {
            return Calling::One(handler.call(call));
        }
        let shape = self.shape(plan, how, shape);
        let call = calling(handler.clone(), call);
        Calling::Many(Box::pin(stream::answer(&self.tables, shape, call)))
    }

    fn shape(&self, plan: &Plan, how: &How, error: ErrorShape) -> stream::Shape {
        stream::Shape {
            kind: how.stream,
            form: how.form.clone(),
            // A line, and an event's data, are one line.
            encode: json::EncodeOptions {
                pretty: how.encode.pretty && how.stream == Some(StreamKind::Array),
                ..how.encode
            },
            error: error.in_stream(),
            token: plan.resume.token,
            keep_alive: self.options.keep_alive.clone(),
            headers: self.options.headers.reply.clone(),
        }
    }
}

/// A call that has begun.
enum Calling<'a> {
    /// Its answer is one message.
    One(BoxFuture<'a, Result<Reply>>),
    /// Its answer is a stream, already in REST's form.
    Many(BoxFuture<'a, Result<Response<Body>>>),
}

/// A call that needs nobody to wait for it.
fn calling<H: Handler>(handler: H, call: Call) -> BoxFuture<'static, Result<Reply>> {
    Box::pin(async move { handler.call(call).await })
}

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As a whole, before the call.
    Whole,
    /// Message by message, while the call runs.
    Stream,
}

/// The head of a request, and what was read from it once.
#[derive(Clone, Copy, Debug)]
struct Head<'r> {
    uri: &'r Uri,
    headers: &'r HeaderMap,
    /// `None` where there is no body to judge by them.
    extensions: Option<&'r Extensions>,
    asked: Asked,
    accept: Accept,
}

impl<'r> Head<'r> {
    fn new(uri: &'r Uri, headers: &'r HeaderMap, extensions: &'r Extensions) -> Self {
        let asked = Asked::of(headers);
        Self {
            uri,
            headers,
            extensions: Some(extensions),
            asked,
            accept: match asked.has(Asked::ACCEPT) {
                true => negotiate::accept(headers),
                false => Accept::ANY,
            },
        }
    }
}

/// A request, read: the call it asks for, and what it asks of the answer.
#[derive(Debug)]
struct Wish {
    messages: Inbound,
    how: How,
}

/// Where a request goes.
#[allow(
    clippy::large_enum_variant,
    reason = "the large variant is the hot one; it lives on the stack of one request"
)]
enum Routed<'r> {
    Found(Match<'r>),
    /// OPTIONS, answered here.
    Options(Vec<String>),
}

fn plans(schema: &Schema, tables: &Tables, router: &Router) -> Result<Vec<Plan>, Diagnostics> {
    let mut problems = Vec::new();
    let mut plans = Vec::with_capacity(router.routes().len());
    for route in router.routes() {
        let method = schema.method(route.method);
        let rule = &method.http[route.rule];
        match Plan::new(schema, tables, method, rule) {
            Ok(plan) => plans.push(plan),
            Err(path) => problems.push(Diagnostic {
                severity: Severity::Error,
                location: rule.location.clone(),
                message: format!(
                    "{}: {{{}}} leads to no field of the request",
                    &method.info.path[1..],
                    path.text
                ),
                help: None,
            }),
        }
    }
    if problems.is_empty() {
        Ok(plans)
    } else {
        Err(Diagnostics(problems))
    }
}

/// 204 with the methods of the path.
fn options_answer(allow: &[String]) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    if !allow.is_empty() {
        let allow = headers::value_of(&allow.join(", "));
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// What is sent of a response to this method.
fn sent(method: &Method, response: Response<Body>) -> Response<Body> {
    match *method == Method::HEAD {
        true => without_body(response),
        false => response,
    }
}

/// The same head; the length of the body that GET would get stays.
fn without_body(mut response: Response<Body>) -> Response<Body> {
    if let Body::Full(bytes) = response.body() {
        let length = HeaderValue::from(bytes.len());
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
    response.map(|body| match body {
        // That of a stream is not known, so the transport must not take it for 0.
        Body::Stream(_) | Body::Frames(_) => Body::Stream(Box::pin(Nothing)),
        _ => Body::Empty,
    })
}

/// A stream without messages.
struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}
