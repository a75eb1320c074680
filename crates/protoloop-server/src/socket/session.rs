//! The frames of one socket, both ways, and its end.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink as _, StreamExt as _};
use protoloop_core::Error;
use protoloop_gateway::{Close, Conversation, Frame};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        error::CapacityError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::Bounds;

/// Codes of RFC 6455 §7.4.1.
const GOING_AWAY: u16 = 1001;
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;
const POLICY: u16 = 1008;
const TOO_BIG: u16 = 1009;

/// How long the closing handshake may take.
const CLOSING: Duration = Duration::from_secs(5);
/// Most bytes that are read of a caller who goes on sending behind an error, so that it sees the error and no reset.
const DRAIN: usize = 8 << 20;

/// One open socket and its call.
pub(super) struct Session<S> {
    socket: WebSocketStream<S>,
    conversation: Conversation,
    bounds: Bounds,
    /// Whether something waits to be flushed.
    unflushed: bool,
    /// Whether the socket can no longer be read.
    deaf: bool,
    /// Whether reading waits for the method.
    held: bool,
    life: Life,
}

/// What became of the socket.
enum Step {
    /// The call is over, and its close frame on its way.
    Closing,
    /// The caller closed it, or is gone.
    Left,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    pub(super) fn new(
        socket: WebSocketStream<S>,
        conversation: Conversation,
        bounds: Bounds,
    ) -> Self {
        let due = match conversation.waits_for_its_message() {
            true => Some(Box::pin(sleep(bounds.read_timeout))),
            false => None,
        };
        Self {
            life: Life::new(&bounds, due),
            socket,
            conversation,
            bounds,
            unflushed: false,
            deaf: false,
            held: false,
        }
    }

    /// Serves it to its end; `going` cuts it off.
    pub(super) async fn run(mut self, going: impl Future<Output = ()>) {
        let mut going = pin!(going);
        let mut told = false;
        let step = poll_fn(|cx| {
            if !told && going.as_mut().poll(cx).is_ready() {
                told = true;
                let error = Error::unavailable("the server is going away");
                self.conversation.break_off(GOING_AWAY, &error);
            }
            self.poll(cx)
        })
        .await;
        match step {
            Step::Closing => {}
            // The call is cancelled at once, not when the farewell is over.
            Step::Left => self.conversation.cancel(),
        }
        if timeout(CLOSING, self.farewell()).await.is_err() {
            tracing::debug!("a WebSocket's closing handshake took too long");
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Poll::Ready(step) = self.poll_read(cx) {
            return Poll::Ready(step);
        }
        if let Poll::Ready(step) = self.poll_write(cx) {
            return Poll::Ready(step);
        }
        self.poll_life(cx)
    }

    /// Reads as long as the method has room.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        while !self.deaf {
            self.held = self.conversation.poll_room(cx).is_pending();
            if self.held {
                return Poll::Pending;
            }
            match ready!(self.socket.poll_next_unpin(cx)) {
                Some(Ok(message)) => {
                    self.life.heard = true;
                    match message {
                        Message::Text(text) => self.conversation.text(&text.into()),
                        Message::Binary(data) => self.conversation.binary(&data),
                        Message::Close(_) => return Poll::Ready(Step::Left),
                        // The library answers it with the next flush.
                        Message::Ping(_) => self.unflushed = true,
                        Message::Pong(_) | Message::Frame(_) => {}
                    }
                    if self.conversation.waits_for_its_message() {
                        continue;
                    }
                    self.life.due = None;
                }
                Some(Err(error)) => {
                    self.deaf = true;
                    let Some((code, error)) = fault(&error, self.bounds.max_message) else {
                        tracing::debug!(%error, "a WebSocket broke off");
                        return Poll::Ready(Step::Left);
                    };
                    self.conversation.break_off(code, &error);
                }
                None => return Poll::Ready(Step::Left),
            }
        }
        Poll::Pending
    }

    /// Asks for a frame only when the last ones have gone out, or fit into the buffer.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        loop {
            match ready!(Pin::new(&mut self.socket).poll_ready(cx)) {
                Ok(()) => {}
                Err(_) => return Poll::Ready(Step::Left),
            }
            let Poll::Ready(frame) = self.conversation.poll_frame(cx) else {
                break;
            };
            let (message, last) = match frame {
                Some(Frame::Text(text)) => (text_message(text), false),
                Some(Frame::Binary(data)) => (Message::Binary(data), false),
                Some(Frame::Close(close)) => (close_message(close), true),
                None => return Poll::Ready(Step::Closing),
            };
            if Pin::new(&mut self.socket).start_send(message).is_err() {
                return Poll::Ready(Step::Left);
            }
            self.unflushed = true;
            if last {
                return Poll::Ready(Step::Closing);
            }
        }
        if self.unflushed {
            match ready!(Pin::new(&mut self.socket).poll_flush(cx)) {
                Ok(()) => self.unflushed = false,
                Err(_) => return Poll::Ready(Step::Left),
            }
        }
        Poll::Pending
    }

    /// Sees to it that there is a caller still.
    fn poll_life(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        while let Poll::Ready(event) = self.life.poll(cx, self.held) {
            match event {
                Event::Late => {
                    let error = Error::deadline_exceeded("the message did not come in time");
                    self.conversation.break_off(POLICY, &error);
                    // To be written in the next round.
                    cx.waker().wake_by_ref();
                }
                Event::Dead => {
                    tracing::debug!("a WebSocket's caller gave no sign of life");
                    return Poll::Ready(Step::Left);
                }
                // Where the last frames are stuck, a ping would be too.
                Event::Ping if self.unflushed => {}
                Event::Ping => {
                    let ping = Message::Ping(Bytes::new());
                    if Pin::new(&mut self.socket).start_send(ping).is_err() {
                        return Poll::Ready(Step::Left);
                    }
                    self.unflushed = true;
                    cx.waker().wake_by_ref();
                }
            }
        }
        Poll::Pending
    }

    /// The closing handshake: what is left is written, the caller's close frame awaited, the connection ended. What it
    /// still sends is read and thrown away, for else its side of the connection might lose the close frame to a reset.
    async fn farewell(&mut self) {
        if poll_fn(|cx| Pin::new(&mut self.socket).poll_flush(cx))
            .await
            .is_err()
        {
            return;
        }
        if self.deaf {
            let mut rest = self.socket.get_mut().take(DRAIN as u64);
            let mut buffer = [0; 4096];
            while rest.read(&mut buffer).await.is_ok_and(|size| size > 0) {}
        } else {
            while let Some(Ok(_)) = self.socket.next().await {}
        }
        // An error says that the connection is gone already.
        let _ = self.socket.get_mut().shutdown().await;
    }
}

/// What the caller is told about a fault of its frames; `None` where it is gone.
fn fault(error: &tungstenite::Error, max_message: usize) -> Option<(u16, Error)> {
    match error {
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            let message = format!("the message is larger than {max_message} bytes");
            Some((TOO_BIG, Error::resource_exhausted(message)))
        }
        tungstenite::Error::Utf8(_) => {
            let error = Error::invalid_argument("a text frame is not UTF-8");
            Some((INVALID_DATA, error))
        }
        tungstenite::Error::Protocol(
            tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => None,
        tungstenite::Error::Protocol(error) => {
            let message = format!("the frames are no WebSocket's: {error}");
            Some((PROTOCOL_ERROR, Error::invalid_argument(message)))
        }
        _ => None,
    }
}

fn text_message(text: Bytes) -> Message {
    match Utf8Bytes::try_from(text.clone()) {
        Ok(text) => Message::Text(text),
        // JSON is written as UTF-8; were it not, the caller could see that at least.
        Err(_) => Message::Binary(text),
    }
}

fn close_message(close: Close) -> Message {
    Message::Close(Some(CloseFrame {
        code: CloseCode::from(close.code),
        reason: close.reason.into(),
    }))
}

/// Signs of life: the caller is asked for one when it has been silent for a while.
struct Life {
    /// Whether something came since the last look.
    heard: bool,
    asked: bool,
    ping_after: Option<Duration>,
    ping_timeout: Duration,
    next: Option<Pin<Box<Sleep>>>,
    /// Until when the one message of the method must be there.
    due: Option<Pin<Box<Sleep>>>,
}

enum Event {
    Ping,
    Dead,
    Late,
}

impl Life {
    fn new(bounds: &Bounds, due: Option<Pin<Box<Sleep>>>) -> Self {
        Self {
            heard: false,
            asked: false,
            ping_after: bounds.ping_after,
            ping_timeout: bounds.ping_timeout,
            next: bounds.ping_after.map(|time| Box::pin(sleep(time))),
            due,
        }
    }

    /// `held` says that the caller could not be heard, since nobody reads. It gets pings all the same: that they cannot be
    /// sent tells of a caller who is gone.
    fn poll(&mut self, cx: &mut Context<'_>, held: bool) -> Poll<Event> {
        if let Some(due) = &mut self.due
            && due.as_mut().poll(cx).is_ready()
        {
            self.due = None;
            return Poll::Ready(Event::Late);
        }
        let (Some(next), Some(ping_after)) = (&mut self.next, self.ping_after) else {
            return Poll::Pending;
        };
        loop {
            ready!(next.as_mut().poll(cx));
            let heard = std::mem::take(&mut self.heard);
            let (event, wait) = match (held, heard, self.asked) {
                (true, ..) => (Some(Event::Ping), ping_after),
                (false, true, _) => (None, ping_after),
                (false, false, false) => (Some(Event::Ping), self.ping_timeout),
                (false, false, true) => (Some(Event::Dead), ping_after),
            };
            self.asked = !held && matches!(event, Some(Event::Ping));
            next.as_mut().reset(Instant::now() + wait);
            if let Some(event) = event {
                return Poll::Ready(event);
            }
        }
    }
}
