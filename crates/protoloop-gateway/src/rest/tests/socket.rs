//! Calls over a WebSocket, without the socket.

use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;
use crate::{Conversation, Frame, FrameFormat};

/// Says back what is said.
#[derive(Clone)]
struct Talker;

impl Handler for Talker {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            match call.messages {
                Inbound::Stream(messages) => Ok(Reply::stream(messages)),
                Inbound::One(message) => Ok(Reply::unary(message)),
            }
        })
    }
}

fn open(target: &str, format: Option<FrameFormat>) -> Conversation {
    static GATEWAY: OnceLock<Arc<RestGateway>> = OnceLock::new();
    let text = include_str!("things.proto");
    let gateway = GATEWAY.get_or_init(|| Arc::new(gateway_with(text, RestOptions::default())));
    let (head, _) = request(&format!("GET {target}")).into_parts();
    let opening = gateway.open(head, format, None, &Talker);
    let opened = opening.now_or_never().expect("nothing to wait for");
    opened.unwrap_or_else(|refusal| panic!("{target}: {}", refusal.status()))
}

/// The frames that are there, and whether more may come.
fn frames(conversation: &mut Conversation) -> (Vec<Frame>, bool) {
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    loop {
        match conversation.poll_frame(&mut cx) {
            Poll::Ready(Some(frame)) => frames.push(frame),
            Poll::Ready(None) => return (frames, false),
            Poll::Pending => return (frames, true),
        }
    }
}

fn text(text: &'static str) -> Frame {
    Frame::Text(Bytes::from_static(text.as_bytes()))
}

#[test]
fn a_binding_without_body_and_a_target_that_says_nothing_make_no_message() {
    let mut conversation = open("/talk", None);
    assert_eq!(frames(&mut conversation), (vec![], true));
    let mut conversation = open("/talk?text=now", None);
    assert_eq!(frames(&mut conversation).0, [text(r#"{"text":"now"}"#)]);
}

#[test]
fn get_goes_before_post() {
    let mut conversation = open("/talk/t1", None);
    let own = text(r#"{"resumeToken":"t1"}"#);
    assert_eq!(frames(&mut conversation).0, [own], "not held back");
}

#[test]
fn a_cancelled_call_has_no_frames() {
    let mut conversation = open("/talk", None);
    conversation.text(&Bytes::from_static(b"{"));
    conversation.cancel();
    assert_eq!(frames(&mut conversation), (vec![], false));
}

fn frame() -> impl Strategy<Value = (bool, Vec<u8>)> {
    prop_oneof![
        Just((true, b"{}".to_vec())),
        Just((true, br#"{"text":"a"}"#.to_vec())),
        Just((true, Vec::new())),
        Just((false, Vec::new())),
        Just((false, b"\n\x01a".to_vec())),
        (any::<bool>(), prop::collection::vec(any::<u8>(), 0..12)),
        "[{}\"a-z:,0-9]{0,12}".prop_map(|text| (true, text.into_bytes())),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_there_is_one_close_frame_and_it_is_the_last(
        sent in prop::collection::vec(frame(), 0..20),
        target in prop_oneof![Just("/talk"), Just("/talk/t1"), Just("/follow"), Just("/record/t1")],
        format in prop_oneof![
            Just(None),
            Just(Some(FrameFormat::Json)),
            Just(Some(FrameFormat::Proto)),
        ],
        lazy: bool,
    ) {
        let mut conversation = open(target, format);
        let mut got = Vec::new();
        for (is_text, data) in &sent {
            let data = Bytes::copy_from_slice(data);
            match is_text {
                true => conversation.text(&data),
                false => conversation.binary(&data),
            }
            if !lazy {
                got.extend(frames(&mut conversation).0);
            }
        }
        conversation.text(&Bytes::new());
        let (rest, open) = frames(&mut conversation);
        got.extend(rest);
        prop_assert!(!open, "the caller has sent everything");
        let closes = got.iter().filter(|frame| matches!(frame, Frame::Close(_))).count();
        prop_assert_eq!(closes, 1);
        let Some(Frame::Close(close)) = got.last() else {
            panic!("{got:?}");
        };
        // An error is told before it.
        if close.code != 1000 {
            let told = matches!(
                got.iter().rev().nth(1),
                Some(Frame::Text(text)) if text.starts_with(b"{\"error\":")
            );
            prop_assert!(told, "{got:?}");
        }
    }
}
