//! From an upgrade request to a call over a WebSocket.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Uri, request};
use protoloop_core::{
    BoxFuture, Call, CallContext, Error, Handler, Inbound, Origin, Protocol, Reply, Result,
    observe::Notes,
};
use protoloop_wire::canonicalize_bytes;

use super::{Head, RestGateway, Routed, calling, ready, special};
use crate::{
    Body, KeepAlive,
    asked::{Asked, FIELD_MASK},
    bind::{self, Alt, Bound, Parts, System},
    condition::Conditions,
    negotiate::{self, Accept},
    plan::{BodyPlan, Plan},
    respond::{self, ErrorShape, Form, Refusal},
    router::{Match, PathError},
    socket::{Conversation, FrameFormat, Inbox, Shown, Stage},
};

/// The methods whose bindings an upgrade request may mean, the first one first. It is always a GET itself, or over HTTP/2
/// a CONNECT.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// What the first message is put together with, when it comes.
#[derive(Debug)]
pub(crate) struct Opening {
    uri: Uri,
    headers: HeaderMap,
    asked: Asked,
}

impl Opening {
    /// The message with what path, query and headers say.
    ///
    /// # Errors
    /// INVALID_ARGUMENT where they contradict each other.
    pub(crate) fn bind(&self, gateway: &RestGateway, message: Bytes) -> Result<Bytes> {
        let told = |refusal: Refusal| refusal.into_error();
        let head = self.head();
        let path = gateway
            .path_of(&self.uri)
            .map_err(|error| told(Refusal::bad_path(PathError::Escape(error))))?;
        let found = gateway.streaming_route(&path, &head).map_err(told)?;
        // A default that was written out, as JSON never has it, must not contradict the path.
        let input = gateway.plans[found.route].input;
        let message = canonicalize_bytes(&gateway.tables, input, message)?;
        let bound = gateway.bind_message(&found, &head, message)?;
        Ok(bound.message)
    }

    fn head(&self) -> Head<'_> {
        Head {
            uri: &self.uri,
            headers: &self.headers,
            extensions: None,
            asked: self.asked,
            accept: Accept::ANY,
        }
    }
}

impl RestGateway {
    /// Begins the call that a WebSocket is for, by the streaming method that is bound to the path under any HTTP method.
    /// `format` is the subprotocol that was agreed on. It returns when the socket can be opened: when the call has
    /// answered, or waits for what only the caller can send.
    ///
    /// # Errors
    /// The answer that refuses the socket, with the status of what is wrong.
    pub async fn open<H: Handler + Clone>(
        self: &Arc<Self>,
        head: request::Parts,
        format: Option<FrameFormat>,
        origin: impl Into<Origin> + Send,
        handler: &H,
    ) -> Result<Conversation, Response<Body>> {
        let shape = self.error_shape(&head.headers);
        let refuse = |refusal| respond::refuse(&self.tables, &self.options, refusal, shape);
        let opened = self.conversation(head, format, origin.into(), handler, shape);
        let mut conversation = opened.map_err(refuse)?;
        let patience = self.options.keep_alive.as_ref().map(KeepAlive::patience);
        match conversation.begun(patience).await {
            Ok(()) => Ok(conversation),
            Err(error) => Err(refuse(error.into())),
        }
    }

    /// The answer to a request that is refused before it is routed, in the caller's format.
    #[must_use]
    pub fn refuse(
        &self,
        headers: &HeaderMap,
        error: Error,
        status: Option<StatusCode>,
    ) -> Response<Body> {
        let shape = self.error_shape(headers);
        let mut refusal = Refusal::from(error);
        if let Some(status) = status {
            refusal = refusal.under(status);
        }
        respond::refuse(&self.tables, &self.options, refusal, shape)
    }

    fn error_shape(&self, headers: &HeaderMap) -> ErrorShape {
        match negotiate::accept(headers).problem {
            true => ErrorShape::Problem,
            false => ErrorShape::Format(self.options.error_format),
        }
    }

    fn conversation<H: Handler + Clone>(
        self: &Arc<Self>,
        head: request::Parts,
        format: Option<FrameFormat>,
        origin: Origin,
        handler: &H,
        shape: ErrorShape,
    ) -> Result<Conversation, Refusal> {
        let opening = Opening {
            asked: Asked::of(&head.headers),
            uri: head.uri,
            headers: head.headers,
        };
        let path = self
            .path_of(&opening.uri)
            .map_err(|error| Refusal::bad_path(PathError::Escape(error)))?;
        let found = self.streaming_route(&path, &opening.head())?;
        if let Some(notes) = head.extensions.get::<Notes>() {
            notes.set_route(found.route);
        }
        let plan = &self.plans[found.route];
        let Bound { message, system } = self.bind_message(&found, &opening.head(), Bytes::new())?;
        let agreed = agreed(format, system.alt)?;
        let shown = self.shown(plan, &opening.head(), &system, agreed)?;
        let mut headers = opening.headers.clone();
        for name in HANDSHAKE {
            headers.remove(name);
        }
        let asked = opening.asked;
        let mut context = CallContext::of_request(Protocol::Rest, origin, headers);
        *context.extensions_mut() = head.extensions;
        ready(plan, &self.options, asked, &mut context)?;
        let (handler, method) = (handler.clone(), Arc::clone(&plan.method));
        let start = move |messages| {
            let call = Call {
                method,
                context,
                messages,
            };
            calling(handler, call)
        };
        let first = First::of(plan, message);
        let (stage, inbox) = begin(plan, &first, start);
        let route = found.route;
        let merges = matches!(first, First::Merged);
        Ok(Conversation {
            gateway: Arc::clone(self),
            route,
            agreed,
            format: agreed.unwrap_or(FrameFormat::Json),
            shown,
            error: shape.in_stream(),
            stage,
            opening: merges.then(|| Box::new(opening)),
            ended: inbox.is_none() && !merges,
            inbox,
            count: 0,
            queued: VecDeque::new(),
        })
    }

    /// The binding of a streaming method to a path.
    fn streaming_route<'r>(&self, path: &'r str, head: &Head<'_>) -> Result<Match<'r>, Refusal> {
        let query = head.uri.query();
        let mut unary = None;
        for method in &METHODS {
            let Ok(Routed::Found(found)) = self.route(method, path, query) else {
                continue;
            };
            let method = &self.plans[found.route].method;
            if !method.is_unary() {
                return Ok(found);
            }
            unary.get_or_insert_with(|| &method.path[1..]);
        }
        let Some(unary) = unary else {
            // For want of a binding, or because the path is none.
            self.route(&Method::GET, path, query)?;
            return Err(Refusal::no_route("GET", path));
        };
        let message = format!("{unary} does not stream; call it without Upgrade");
        Err(Error::invalid_argument(message).into())
    }

    fn bind_message(&self, found: &Match<'_>, head: &Head<'_>, message: Bytes) -> Result<Bound> {
        let plan = &self.plans[found.route];
        let compresses = self.options.compress_from.is_some();
        let conditions = Conditions::read(head.headers, head.asked, compresses)?;
        let parts = Parts {
            found,
            route: &self.router.routes()[found.route],
            query: head.uri.query().unwrap_or_default(),
            body: &Bytes::new(),
            form: None,
            message: Some(message),
            content_type: "",
            from_headers: special::fields(plan, head, &self.options, &conditions)?,
        };
        bind::bind(&self.tables, plan, &self.options, parts)
    }

    fn shown(
        &self,
        plan: &Plan,
        head: &Head<'_>,
        system: &System,
        agreed: Option<FrameFormat>,
    ) -> Result<Shown> {
        let mask = match &system.fields {
            Some(paths) => Some((paths.clone(), "$fields")),
            None if head.asked.has(Asked::FIELD_MASK) => {
                Some((special::field_mask(head.headers)?, FIELD_MASK))
            }
            None => None,
        };
        let masked = |form: Form| match &mask {
            Some((paths, source)) => form.only(&self.tables, paths, source),
            None => Ok(form),
        };
        let proto = match Form::new(&self.tables, plan.answer, Alt::Proto) {
            Ok(form) => Some(masked(form)?),
            Err(error) if agreed == Some(FrameFormat::Proto) => return Err(error),
            Err(_) => None,
        };
        let mut encode = self.options.encode;
        encode.pretty = system.pretty.unwrap_or(encode.pretty);
        Ok(Shown {
            json: masked(Form::new(&self.tables, plan.answer, Alt::Json)?)?,
            proto,
            encode,
        })
    }
}

/// Headers of the handshake, which say nothing about the call.
const HANDSHAKE: [&str; 4] = [
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
];

/// The format that subprotocol or `alt` name.
fn agreed(format: Option<FrameFormat>, alt: Alt) -> Result<Option<FrameFormat>> {
    let asked = match alt {
        Alt::Unsaid => None,
        Alt::Json => Some(FrameFormat::Json),
        Alt::Proto => Some(FrameFormat::Proto),
        Alt::Media => {
            let message = "query parameter alt: over a WebSocket it is json or proto";
            return Err(Error::invalid_argument(message));
        }
    };
    match (format, asked) {
        (Some(format), Some(asked)) if format != asked => {
            let message = "query parameter alt: the subprotocol names another format";
            Err(Error::invalid_argument(message))
        }
        (format, asked) => Ok(format.or(asked)),
    }
}

/// What becomes of what path, query and headers say.
enum First {
    /// It goes into the caller's first message.
    Merged,
    /// It is a message by itself.
    Own(Bytes),
    /// There is nothing.
    Nothing,
}

impl First {
    fn of(plan: &Plan, message: Bytes) -> Self {
        match plan.body {
            BodyPlan::None if message.is_empty() && plan.method.client_streaming => Self::Nothing,
            BodyPlan::None => Self::Own(message),
            _ => Self::Merged,
        }
    }
}

/// Begins the call, unless it has to wait for its one message.
fn begin(
    plan: &Plan,
    first: &First,
    start: impl FnOnce(Inbound) -> BoxFuture<'static, Result<Reply>> + Send + 'static,
) -> (Stage, Option<Inbox>) {
    if !plan.method.client_streaming {
        return match first {
            First::Own(message) => (Stage::running(start(Inbound::One(message.clone()))), None),
            _ => (Stage::Waiting(Box::new(start)), None),
        };
    }
    let inbox = Inbox::default();
    if let First::Own(message) = first {
        inbox.push(message.clone());
    }
    let messages = Inbound::Stream(Box::pin(inbox.messages()));
    (Stage::running(start(messages)), Some(inbox))
}
