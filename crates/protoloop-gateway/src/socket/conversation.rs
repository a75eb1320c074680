//! One call over a socket.

use std::{
    collections::VecDeque,
    fmt,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use protoloop_core::{BoxFuture, Error, Inbound, Reply, Result};
use protoloop_wire::{Limits, check, json, status};

use super::{Close, Frame, FrameFormat, Inbox};
use crate::{
    RestGateway, headers,
    plan::{BodyPlan, Plan},
    respond::Form,
    rest::Opening,
    stream::{self, Source},
};

/// A call over a WebSocket. Whoever has the socket gives it the caller's frames and sends the frames it makes; dropping it
/// cancels the call.
pub struct Conversation {
    pub(crate) gateway: Arc<RestGateway>,
    /// Position of the plan.
    pub(crate) route: usize,
    /// The format that was agreed on, if one was.
    pub(crate) agreed: Option<FrameFormat>,
    /// The format of answers.
    pub(crate) format: FrameFormat,
    pub(crate) shown: Shown,
    pub(crate) error: status::Shape,
    pub(crate) stage: Stage,
    /// What the first frame is put together with.
    pub(crate) opening: Option<Box<Opening>>,
    /// Where the messages of a client stream go.
    pub(crate) inbox: Option<Inbox>,
    /// Messages that came.
    pub(crate) count: usize,
    /// Whether the caller has sent everything.
    pub(crate) ended: bool,
    pub(crate) queued: VecDeque<Frame>,
}

/// What of an answer is shown, and how.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) json: Form,
    /// Absent where the answer has no form in protobuf.
    pub(crate) proto: Option<Form>,
    pub(crate) encode: json::EncodeOptions,
}

/// Makes the call of a method that waits for its one message.
pub(crate) type Start = Box<dyn FnOnce(Inbound) -> BoxFuture<'static, Result<Reply>> + Send>;

pub(crate) enum Stage {
    /// For the one message of a method that takes no stream.
    Waiting(Start),
    Running(Box<Source>),
    Over,
}

/// The code of a frame that is not what it should be (RFC 6455 §7.4.1).
const UNSUPPORTED: u16 = 1003;
const INVALID: u16 = 1007;

impl Conversation {
    pub(crate) fn plan(&self) -> &Plan {
        &self.gateway.plans[self.route]
    }

    /// The headers that the reply brought before the socket was opened.
    pub fn headers(&mut self) -> HeaderMap {
        let mut out = HeaderMap::new();
        if let Stage::Running(source) = &mut self.stage {
            for mut metadata in source.metadata() {
                self.gateway.options.headers.reply.apply(&mut metadata);
                headers::from_metadata(metadata, &mut out);
            }
        }
        out
    }

    /// Whether another frame may be read from the socket. If not, the method has enough to do, and the task is woken when
    /// that changes.
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.inbox {
            Some(inbox) if !self.ended => inbox.poll_room(cx),
            _ => Poll::Ready(()),
        }
    }

    /// Takes a text frame: a message as JSON; an empty one says that the caller has sent everything.
    pub fn text(&mut self, data: &Bytes) {
        if data.is_empty() {
            return self.end();
        }
        self.message(FrameFormat::Json, data);
    }

    /// Takes a binary frame: a message as protobuf.
    pub fn binary(&mut self, data: &Bytes) {
        self.message(FrameFormat::Proto, data);
    }

    /// Ends the call for a reason of the socket: it is cancelled, the caller is told the error, and the socket is closed
    /// under `code`.
    pub fn break_off(&mut self, code: u16, error: &Error) {
        self.fail(error, Some(code));
    }

    /// Whether the call begins with the caller's first message, because the method takes just one.
    #[must_use]
    pub fn waits_for_its_message(&self) -> bool {
        matches!(self.stage, Stage::Waiting(_))
    }

    /// Cancels the call; there are no more frames.
    pub fn cancel(&mut self) {
        self.stage = Stage::Over;
        self.inbox = None;
        self.queued.clear();
    }

    fn end(&mut self) {
        if self.ended {
            return;
        }
        self.ended = true;
        match &self.inbox {
            Some(inbox) => inbox.end(),
            // Without a frame the message is made of the rest of the request.
            None => match self.first(Bytes::new()) {
                Ok(message) => self.start(message),
                Err(error) => self.fail(&error, None),
            },
        }
    }

    fn message(&mut self, format: FrameFormat, data: &Bytes) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        if let Some(agreed) = self.agreed.filter(|agreed| *agreed != format) {
            let message = match agreed {
                FrameFormat::Json => "messages are JSON in text frames, as agreed on",
                FrameFormat::Proto => "messages are protobuf in binary frames, as agreed on",
            };
            return self.fail(&Error::invalid_argument(message), Some(UNSUPPORTED));
        }
        if self.ended {
            let message = "a message behind the last one, or to a method that takes no more";
            return self.fail(&Error::invalid_argument(message), None);
        }
        if self.count == 0 && self.agreed.is_none() && self.shown.has(format) {
            self.format = format;
        }
        let index = self.count;
        self.count += 1;
        let read = self.decode(format, data).and_then(|data| self.first(data));
        match read {
            Err(error) => {
                let message = format!("message {index}: {}", error.message());
                self.fail(&error.with_message(message), Some(INVALID));
            }
            Ok(message) => match &self.inbox {
                Some(inbox) => inbox.push(message),
                None => {
                    self.ended = true;
                    self.start(message);
                }
            },
        }
    }

    /// The message of a frame by itself, checked.
    fn decode(&self, format: FrameFormat, data: &Bytes) -> Result<Bytes> {
        let (tables, plan) = (&self.gateway.tables, self.plan());
        let options = &self.gateway.options.decode;
        match format {
            FrameFormat::Json => {
                let body = match plan.body {
                    BodyPlan::Field(number) => BodyPlan::Field(number),
                    _ => BodyPlan::Whole,
                };
                stream::decode(tables, plan.input, body, data, options)
            }
            FrameFormat::Proto => {
                let limits = Limits {
                    depth: options.depth,
                    size: options.size,
                };
                check(tables, plan.input, data, &limits)?;
                Ok(data.clone())
            }
        }
    }

    /// The first message, with what path, query and headers say; a later one as it is.
    fn first(&mut self, message: Bytes) -> Result<Bytes> {
        match self.opening.take() {
            Some(opening) => opening.bind(&self.gateway, message),
            None => Ok(message),
        }
    }

    fn start(&mut self, message: Bytes) {
        if let Stage::Waiting(start) = std::mem::replace(&mut self.stage, Stage::Over) {
            self.stage = Stage::running(start(Inbound::One(message)));
        }
    }

    fn fail(&mut self, error: &Error, code: Option<u16>) {
        self.stage = Stage::Over;
        self.inbox = None;
        self.ended = true;
        let status = error.code().http_status();
        let told = status::to_json(&self.gateway.tables, error, status, self.error);
        self.queued.push_back(Frame::Text(told.into()));
        let close = Close::of(error, code);
        self.queued.push_back(Frame::Close(close));
    }

    /// The next frame for the caller; `None` behind the last one. It is made when it is asked for: nothing piles up for a
    /// caller that reads slowly.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            if let Some(frame) = self.queued.pop_front() {
                return Poll::Ready(Some(frame));
            }
            let source = match &mut self.stage {
                Stage::Running(source) => source,
                Stage::Waiting(_) => return Poll::Pending,
                Stage::Over => return Poll::Ready(None),
            };
            let next = ready!(source.poll_next(cx));
            self.take(next);
        }
    }

    /// Makes frames of what the call gave.
    pub(crate) fn take(&mut self, next: Option<Result<Bytes>>) {
        match next {
            Some(Ok(message)) => match self.frame(&message) {
                Ok(frame) => self.queued.push_back(frame),
                Err(error) => self.fail(&error, None),
            },
            Some(Err(error)) => self.fail(&error, None),
            None => {
                self.stage = Stage::Over;
                self.inbox = None;
                self.queued.push_back(Frame::Close(Close::ok()));
            }
        }
    }

    fn frame(&self, message: &Bytes) -> Result<Frame> {
        let (tables, encode) = (&self.gateway.tables, &self.shown.encode);
        match (self.format, &self.shown.proto) {
            (FrameFormat::Proto, Some(form)) => {
                Ok(Frame::Binary(form.content(tables, message, encode)?.1))
            }
            _ => Ok(Frame::Text(
                self.shown.json.content(tables, message, encode)?.1,
            )),
        }
    }

    /// Waits until the socket can be opened: the call has answered, or asks for what only the caller can send, or lets
    /// wait for too long.
    ///
    /// # Errors
    /// What the call has failed with by then.
    pub(crate) async fn begun(
        &mut self,
        mut patience: Option<BoxFuture<'static, ()>>,
    ) -> Result<()> {
        let Stage::Running(source) = &mut self.stage else {
            return Ok(());
        };
        let first = std::future::poll_fn(|cx| {
            if let Poll::Ready(first) = source.poll_next(cx) {
                return Poll::Ready(Some(first));
            }
            let asked = self.inbox.as_ref().map(|inbox| inbox.poll_asked(cx));
            let late = patience.as_mut().map(|patience| patience.as_mut().poll(cx));
            match asked.is_some_and(|asked| asked.is_ready())
                || late.is_some_and(|late| late.is_ready())
            {
                true => Poll::Ready(None),
                false => Poll::Pending,
            }
        })
        .await;
        match first {
            Some(Some(Err(error))) => Err(error),
            Some(first) => {
                self.take(first);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Shown {
    fn has(&self, format: FrameFormat) -> bool {
        format == FrameFormat::Json || self.proto.is_some()
    }
}

impl Stage {
    pub(crate) fn running(call: BoxFuture<'static, Result<Reply>>) -> Self {
        Self::Running(Box::new(Source::new(call)))
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("method", &self.plan().method.path)
            .field("format", &self.format)
            .field("messages", &self.count)
            .finish_non_exhaustive()
    }
}
