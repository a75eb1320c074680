//! Forms as the bodies of REST requests.

use bytes::Bytes;
use http::{Request, header};
use protoloop_wire::{Limits, check};

use crate::{
    drive::{Answer, Echo, answer, pieces},
    fixture::{LIMIT, fixture},
    rest::round_trip,
};

/// A form: its message is well-formed, goes through JSON unharmed, and is what the same text makes as a query.
pub fn form_url_encoded(input: &[u8]) {
    let (answer, messages) = send("/v1/all", "application/x-www-form-urlencoded", input, LIMIT);
    let shown = messages.iter().flatten().all(|message| sound(message));
    assert!(!shown || !answer.status.is_server_error(), "{answer:?}");
    let Some(message) = messages.filter(|_| shown) else {
        return;
    };
    let query = [b"/v1/any/of/it?", input].concat();
    let Ok(request) = Request::get(&query[..]).body(pieces(b"", 1)) else {
        return;
    };
    let echo = Echo::default();
    let asked = crate::drive::answer(fixture().rest.serve(request, None, &echo));
    // The rest of an address is cut off at a fragment, and its length has a bound of its own.
    if !input.contains(&b'#') && input.len() < 8 << 10 {
        assert_eq!(echo.got(), Some(message), "{asked:?}");
    }
}

/// A byte for the size of pieces, and parts with the boundary `b`: cut or not, as one message or as a stream, the form is
/// taken or refused alike.
pub fn form_multipart(input: &[u8]) {
    const TYPE: &str = "multipart/form-data; boundary=b";
    let Some((&first, body)) = input.split_first() else {
        return;
    };
    // An empty body is no form, but absence; a stream cannot know before it reads.
    if body.is_empty() {
        return;
    }
    let cut = usize::from(first) + 1;
    let (whole, one) = send("/v1/all", TYPE, body, body.len());
    let (again, other) = send("/v1/all", TYPE, body, cut);
    assert_eq!((&whole, &one), (&again, &other));
    let shown = one.iter().flatten().all(|message| sound(message));
    assert!(!shown || !whole.status.is_server_error(), "{whole:?}");
    let (streamed, messages) = send("/v1/send", TYPE, body, body.len());
    let (pieced, more) = send("/v1/send", TYPE, body, cut);
    let all = || messages.iter().chain(&more).flatten();
    let shown = all().filter(|message| !sound(message)).count() == 0;
    assert!(!shown || !streamed.status.is_server_error(), "{streamed:?}");
    assert_eq!(messages.is_some(), more.is_some());
    if messages.is_none() {
        assert_eq!(
            (streamed.status, &streamed.body),
            (pieced.status, &pieced.body)
        );
    }
    // A stream takes what its messages take one by one, which two members of a oneof are.
    assert!(one.is_none() || messages.is_some(), "{streamed:?}");
}

/// The answer, and the messages that the handler got.
fn send(path: &str, kind: &str, body: &[u8], cut: usize) -> (Answer, Option<Vec<Bytes>>) {
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, kind)
        .body(pieces(body, cut))
        .expect("it is a request");
    let echo = Echo::default();
    let answer = answer(fixture().rest.serve(request, None, &echo));
    (answer, echo.got())
}

/// Whether a message, which must be well-formed, has a JSON form.
fn sound(message: &[u8]) -> bool {
    let fixture = fixture();
    let [id, _] = fixture.messages;
    check(&fixture.tables, id, message, &Limits::default()).expect("what is bound is well-formed");
    round_trip(message)
}
