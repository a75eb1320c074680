//! Client streams.

use futures_util::StreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use protoloop_wire::json;

use super::*;

/// Keeps what comes, and answers with how many messages there were.
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<Vec<Bytes>>>);

impl Recorder {
    pub(super) fn messages(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().clone()
    }
}

impl Handler for Recorder {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let Inbound::Stream(mut messages) = call.messages else {
                return Err(Error::internal_error("one message where a stream was due"));
            };
            let mut count = 0;
            while let Some(message) = messages.next().await.transpose()? {
                self.0.lock().unwrap().push(message);
                count += 1;
            }
            let mut reply = protoloop_wire::Writer::new();
            reply.string(1, &format!("{count} messages"));
            Ok(Reply::unary(reply.finish().into()))
        })
    }
}

/// The answer's line, and the messages as JSON.
fn record(kind: &str, target: &str, pieces: &[&str]) -> (String, Vec<String>) {
    let pieces: Vec<_> = pieces.iter().map(|piece| piece.as_bytes()).collect();
    record_encoded("identity", kind, target, &pieces)
}

fn record_encoded(
    encoding: &str,
    kind: &str,
    target: &str,
    pieces: &[&[u8]],
) -> (String, Vec<String>) {
    let recorder = Recorder::default();
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| {
            let data = Bytes::copy_from_slice(piece);
            Ok::<_, std::convert::Infallible>(Frame::data(data))
        })
        .collect();
    let (method, target) = target.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("content-type", kind)
        .header("content-encoding", encoding)
        .body(StreamBody::new(futures_util::stream::iter(pieces)))
        .unwrap();
    let serving = things().serve(request, None, &recorder);
    let answer = Answer::of(serving.now_or_never().expect("nothing waits"));
    let name = if target.starts_with("/put") {
        "t.v1.Upload"
    } else {
        "t.v1.Event"
    };
    let tables = &things().tables;
    let id = tables.by_name(name).expect("declared");
    let shown = |message: &Bytes| {
        let mut out = Vec::new();
        json::encode(
            tables,
            id,
            message,
            &json::EncodeOptions::default(),
            &mut out,
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    };
    let messages = recorder.0.lock().unwrap().iter().map(shown).collect();
    (answer.line(), messages)
}

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

#[test]
fn case_41_path_and_query_are_in_the_first_message_only() {
    let expected = (
        r#"200 {"text":"2 messages"}"#.to_owned(),
        vec![
            r#"{"text":"a","resumeToken":"t1"}"#.to_owned(),
            r#"{"text":"b"}"#.to_owned(),
        ],
    );
    let array = ["[{\"text\":", "\"a\"} , {\"te", "xt\":\"b\"}]"];
    assert_eq!(record(JSON, "POST /record/t1", &array), expected);
    let lines = ["{\"text\":\"a\"}\n\n{\"text\"", ":\"b\"}"];
    assert_eq!(record(LINES, "POST /record/t1", &lines), expected);
}

#[test]
fn an_empty_array_has_no_message() {
    let (line, messages) = record(JSON, "POST /record/t1", &["[ ]"]);
    assert_eq!(
        (line.as_str(), messages.len()),
        (r#"200 {"text":"0 messages"}"#, 0)
    );
}

#[test]
fn what_is_wrong_names_the_element() {
    let cases = [
        (
            JSON,
            r#"[{"text":"a"},{"text":1}]"#,
            "400 element 1: text: ",
        ),
        (JSON, r#"[{"text":1}]"#, "400 element 0: text: "),
        (
            JSON,
            r#"[{"text":"a"},"#,
            "400 element 1: the body ends inside the array",
        ),
        (
            JSON,
            r#"[{"text":"a"}] x"#,
            "400 element 1: text after the end of the array",
        ),
        (
            JSON,
            r#"{"text":"a"}"#,
            "400 element 0: the body of a stream is a JSON array",
        ),
        (LINES, "{\"text\":\"a\"}\n{\"text\"", "400 element 1: "),
        (
            "text/plain",
            "[]",
            "415 Content-Type must be application/json; ",
        ),
    ];
    for (kind, body, expected) in cases {
        let (line, _) = record(kind, "POST /record/t1", &[body]);
        assert!(line.starts_with(expected), "{body}: {line}");
    }
}

#[test]
fn case_41_an_upload_is_a_message_for_each_piece() {
    let (line, messages) = record("image/png", "PUT /put/cat", &["ab", "cd"]);
    assert_eq!(line, r#"200 {"text":"2 messages"}"#);
    assert_eq!(
        messages,
        [
            r#"{"name":"cat","file":{"contentType":"image/png","data":"YWI="}}"#,
            r#"{"file":{"data":"Y2Q="}}"#,
        ]
    );
}

#[test]
fn case_25_a_body_where_the_binding_has_none_is_refused() {
    let (line, _) = record(JSON, "GET /record?text=a", &["[{\"text\":\"b\"}]"]);
    assert!(
        line.starts_with("400 t.v1.Things/Record takes no body"),
        "{line}"
    );
    let (line, messages) = record(JSON, "GET /record?text=a", &[]);
    assert_eq!(line, r#"200 {"text":"1 messages"}"#);
    assert_eq!(messages, [r#"{"text":"a"}"#]);
}

#[test]
fn a_compressed_stream_is_decompressed_as_it_comes() {
    use crate::compression::Encoding;
    let lines: String = (0..5000)
        .map(|n| format!("{{\"text\":\"{n}\"}}\n"))
        .collect();
    for encoding in Encoding::ALL {
        let body = encoding.compress(lines.as_bytes()).expect("memory");
        let pieces: Vec<_> = body.chunks(100).collect();
        let sent = record_encoded(encoding.name(), LINES, "POST /record/t1", &pieces);
        assert_eq!(sent.0, r#"200 {"text":"5000 messages"}"#, "{encoding:?}");
        assert_eq!(sent.1[4999], r#"{"text":"4999"}"#);
        let cut_off = &pieces[..pieces.len() - 1];
        let (line, _) = record_encoded(encoding.name(), LINES, "POST /record/t1", cut_off);
        assert_eq!(
            line, "400 the body is not in the coding that Content-Encoding names",
            "{encoding:?}"
        );
    }
    let (line, _) = record_encoded("lzma", LINES, "POST /record/t1", &[b"{}"]);
    assert!(line.starts_with("415 "), "{line}");
}

/// An element may be as large as a body, and no larger, whatever it was compressed to.
#[test]
fn an_element_that_grows_too_large_is_refused() {
    use crate::compression::Encoding;
    let bomb = format!("{{\"text\":\"{}\"}}", "x".repeat(64 << 20));
    for encoding in Encoding::ALL {
        let body = encoding.compress(bomb.as_bytes()).expect("memory");
        let (line, _) = record_encoded(encoding.name(), LINES, "POST /record/t1", &[&body]);
        assert!(
            line.starts_with("429 element 0: an element of the body is larger than 4194304"),
            "{line}"
        );
    }
}
