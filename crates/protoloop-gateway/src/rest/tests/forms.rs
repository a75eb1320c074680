//! Forms as bodies: `application/x-www-form-urlencoded` and `multipart/form-data`.

use http_body::Frame;
use http_body_util::StreamBody;
use protoloop_wire::json;

use super::{client_stream::Recorder, *};
use crate::{Forms, UnknownQuery};

const FORM: &str = "content-type: application/x-www-form-urlencoded";

/// A form to a path of `things.proto`.
fn url_encoded(target: &str, body: &str) -> String {
    send(things(), &format!("POST {target}\n{FORM}\n\n{body}")).line()
}

/// A part: its headers behind the field's name, and its content.
type Part<'a> = (&'a str, &'a [u8]);

/// `multipart/form-data` of these parts.
fn multipart(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend_from_slice(b"--b\r\nContent-Disposition: form-data; name=");
        body.extend_from_slice(head.replace('\n', "\r\n").as_bytes());
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

fn post(target: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(target)
        .header("content-type", kind)
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let echo = Echo::default();
    let serving = things().serve(request, None, &echo);
    Answer::of(serving.now_or_never().expect("nothing waits"))
}

fn parts(target: &str, parts: &[Part<'_>]) -> String {
    post(target, "multipart/form-data; boundary=b", multipart(parts)).line()
}

#[test]
fn fields_bind_as_query_keys() {
    let cases = [
        (
            "/w",
            "text=a+b%26c&flag=true&i64=5",
            r#"{"i64":"5","flag":true,"text":"a b&c"}"#,
        ),
        ("/w/7", "text=x", r#"{"id":"7","text":"x"}"#),
        ("/w/7", "id=7&text=x", r#"{"id":"7","text":"x"}"#),
        (
            "/w",
            "inner.name=n&inner.inner.number=2",
            r#"{"inner":{"name":"n","inner":{"number":2}}}"#,
        ),
        (
            "/w",
            "tags=b&numbers=1&tags=a&numbers=2",
            r#"{"tags":["b","a"],"numbers":[1,2]}"#,
        ),
        (
            "/w",
            "labels%5Ba.b%5D=1&labels[c]=2",
            r#"{"labels":{"a.b":"1","c":"2"}}"#,
        ),
        (
            "/w",
            "at=2026-01-02T03:04:05Z&took=1.5s&mask=a,bC",
            r#"{"at":"2026-01-02T03:04:05Z","took":"1.500s","mask":"a,bC"}"#,
        ),
        (
            "/w",
            "wrapped=0&color=RED&data=aGk&struct=%7B%22a%22%3A1%7D",
            r#"{"data":"aGk=","color":"RED","struct":{"a":1},"wrapped":"0"}"#,
        ),
        (
            "/w",
            "other=j&snakeCaseName=s&maybe=",
            r#"{"maybe":"","snakeCaseName":"s","other":"j"}"#,
        ),
        (
            "/p",
            "name=n&number=3&tags=t",
            r#"{"inner":{"name":"n","number":3,"tags":["t"]}}"#,
        ),
        ("/p/n", "number=3", r#"{"inner":{"name":"n","number":3}}"#),
        (
            "/p?text=q",
            "inner.left=l",
            r#"{"text":"q","inner":{"inner":{"left":"l"}}}"#,
        ),
        ("/middle", "name=n", r#"{"middle":{"name":"n"}}"#),
        ("/w", "\r\n", "{}"),
        // A default is given all the same: the field is there.
        ("/p", "number=0", r#"{"inner":{}}"#),
    ];
    for (target, body, expected) in cases {
        assert_eq!(
            url_encoded(target, body),
            format!("200 {expected}"),
            "{target} {body}"
        );
    }
}

#[test]
fn what_is_wrong_names_the_field() {
    let cases = [
        ("/w", "nmae=x", "nmae: t.v1.Thing has no field \"nmae\""),
        ("/w", "text=a&text=a", "text: is given more than once"),
        ("/w", "renamed=a&other=a", "other: is given more than once"),
        (
            "/w",
            "labels[a]=1&labels[a]=2",
            "labels[a]: is given more than once",
        ),
        ("/w", "left=a&right=1", "right: excludes left"),
        ("/w", "i32=x", "i32: expected a 32-bit integer, found \"x\""),
        (
            "/w",
            "inner=x",
            "inner: inner is a message; write its fields as inner.field=value",
        ),
        (
            "/w",
            "inners=x",
            "inners: inners is a list of messages, which cannot be given as text in a form",
        ),
        (
            "/w",
            "text=%zz",
            "form field text: malformed percent-escape",
        ),
        (
            "/w",
            "text=%ff",
            "form field text: escapes from byte 0 do not decode to UTF-8",
        ),
        (
            "/w",
            r#"{"text":"a"}"#,
            "the body looks like JSON; send it with Content-Type: application/json",
        ),
        (
            "/w/7",
            "id=8",
            "id: the body gives another value than the path",
        ),
        (
            "/p/n",
            "name=m",
            "inner.name: the body gives another value than the path",
        ),
        (
            "/p?inner.name=m",
            "name=m",
            "inner.name: the body carries inner; put the field there",
        ),
        ("/middle?left=l", "name=n", "left: excludes middle"),
        (
            "/w",
            "$fields=text",
            "$fields: t.v1.Thing has no field \"$fields\"",
        ),
    ];
    for (target, body, expected) in cases {
        let line = url_encoded(target, body);
        let found = line
            .strip_prefix("400 ")
            .unwrap_or_else(|| panic!("{body}: {line}"));
        assert!(found.starts_with(expected), "{target} {body}: {line}");
    }
}

#[test]
fn a_form_needs_a_message_to_fill() {
    for target in ["/tags", "/labels", "/text"] {
        let line = url_encoded(target, "a=b");
        assert!(
            line.starts_with("415 Content-Type must be application/json"),
            "{line}"
        );
    }
    let line = send(things(), &format!("POST /w\n{FORM}; charset=latin1\n\na=b")).line();
    assert_eq!(line, "415 a form is read as UTF-8, not as \"latin1\"");
    // What takes any content takes a form as it is.
    let raw = send(things(), &format!("POST /raw\n{FORM}\n\na=b"));
    assert_eq!((raw.status, &*raw.body), (200, "a=b"));
}

#[test]
fn the_number_of_fields_is_bounded() {
    let few = things_with(|options| options.max_form_fields = 2);
    let text = |body: &str| send(&few, &format!("POST /w\n{FORM}\n\n{body}")).line();
    assert!(text("tags=1&tags=2").starts_with("200"));
    assert_eq!(
        text("tags=1&tags=2&tags=3"),
        "400 the form has more than 2 fields"
    );
}

#[test]
fn unknown_fields_are_let_be_where_that_is_the_option() {
    let lenient = things_with(|options| options.unknown_query = UnknownQuery::Ignore);
    let line = send(&lenient, &format!("POST /w\n{FORM}\n\nnmae=x&text=a")).line();
    assert_eq!(line, r#"200 {"text":"a"}"#);
}

#[test]
fn forms_are_taken_from_own_pages_only() {
    let cross = format!("POST /w\n{FORM}\nsec-fetch-site: cross-site\n\ntext=a");
    let line = send(things(), &cross).line();
    assert!(
        line.starts_with("403 forms are taken from pages of this server, and"),
        "{line}"
    );
    let anywhere = things_with(|options| options.forms = Forms::FromAnywhere);
    assert_eq!(send(&anywhere, &cross).line(), r#"200 {"text":"a"}"#);
    let none = things_with(|options| options.forms = Forms::Refuse);
    let line = send(&none, &format!("POST /w\n{FORM}\n\ntext=a")).line();
    assert!(
        line.starts_with("415 Content-Type must be application/json; it is"),
        "{line}"
    );
    // Raw content that a browser sends without asking.
    let raw = |head: &str| {
        send(
            things(),
            &format!("POST /raw\nsec-fetch-site: cross-site{head}\n\na=b"),
        )
        .line()
    };
    for kind in [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "text/plain; x=y",
    ] {
        let line = raw(&format!("\ncontent-type: {kind}"));
        assert!(line.starts_with("403 forms are taken"), "{kind}: {line}");
    }
    assert_eq!(raw("\ncontent-type: image/png"), "200 a=b");
    // JSON is CORS's to govern.
    let json = "POST /w\nsec-fetch-site: cross-site\n\n{\"text\":\"a\"}";
    assert_eq!(send(things(), json).line(), r#"200 {"text":"a"}"#);
}

#[test]
fn a_form_tells_what_a_patch_changes() {
    let patch = |body: &str| super::update::bound(&format!("PATCH /v1/todos/1\n{FORM}\n\n{body}"));
    assert_eq!(
        patch("done=false"),
        r#"400 {"todo":{"id":"1"},"updateMask":"done"}"#
    );
    assert_eq!(
        patch("title=a&id=1"),
        r#"400 {"todo":{"id":"1","title":"a"},"updateMask":"title"}"#
    );
}

#[test]
fn parts_are_text_json_or_files() {
    let line = parts(
        "/submit/n",
        &[
            ("note", "grüße".as_bytes()),
            ("tags", b"a"),
            ("\"tags\"", b"b"),
            ("\"labels[%22x%22]\"", b"y"),
            (
                "inner\nContent-Type: application/json",
                br#"{"name":"i","tags":["t"]}"#,
            ),
            (
                "file; filename=\"a.png\"\nContent-Type: image/png",
                b"\x89PNG\r\n--",
            ),
            ("raw; filename=a", b"\x00\xff"),
            ("more; filename=a\nContent-Type: text/plain", b"1"),
            ("more; filename=b", b""),
            ("at", b"2026-01-02T03:04:05Z"),
        ],
    );
    let expected = concat!(
        r#"200 {"name":"n","file":{"contentType":"image/png","data":"iVBORw0KLS0="},"raw":"AP8=","#,
        r#""more":[{"contentType":"text/plain","data":"MQ=="},{}],"inner":{"name":"i","tags":["t"]},"#,
        r#""tags":["a","b"],"labels":{"\"x\"":"y"},"note":"grüße","at":"2026-01-02T03:04:05Z"}"#
    );
    assert_eq!(line, expected);
}

#[test]
fn parts_that_are_read_by_the_type_of_their_field() {
    const JSON: &str = "\nContent-Type: application/json";
    let json = |name: &str| format!("{name}{JSON}");
    let cases: [(&str, &[u8], &str); 12] = [
        // Text for bytes is base64, as everywhere.
        ("raw", b"aGk=", r#"{"raw":"aGk="}"#),
        ("raw\nContent-Type: image/png", b"hi", r#"{"raw":"aGk="}"#),
        (&json("raw"), br#""aGk=""#, r#"{"raw":"aGk="}"#),
        // A file of JSON is a file where a file goes, and JSON elsewhere.
        (&json("raw; filename=a"), b"hi", r#"{"raw":"aGk="}"#),
        (
            &json("inner; filename=a"),
            br#"{"number":1}"#,
            r#"{"inner":{"number":1}}"#,
        ),
        (
            &json("file; filename=a"),
            b"{}",
            r#"{"file":{"contentType":"application/json","data":"e30="}}"#,
        ),
        ("file", b"hi", r#"{"file":{"data":"aGk="}}"#),
        (&json("tags"), br#"["a","b"]"#, r#"{"tags":["a","b"]}"#),
        (&json("labels"), br#"{"a":"b"}"#, r#"{"labels":{"a":"b"}}"#),
        (
            &json("inner.tags"),
            br#"["a"]"#,
            r#"{"inner":{"tags":["a"]}}"#,
        ),
        (&json("note"), b"null", "{}"),
        // A file that nobody chose.
        (
            "file; filename=\"\"\nContent-Type: application/octet-stream",
            b"",
            "{}",
        ),
    ];
    for (head, content, expected) in cases {
        assert_eq!(
            parts("/submit", &[(head, content)]),
            format!("200 {expected}"),
            "{head}"
        );
    }
    let inner = [
        ("tags", &b"t"[..]),
        ("inner\nContent-Type: application/json", b"{}"),
    ];
    assert_eq!(
        parts("/submit-inner/n", &inner),
        r#"200 {"inner":{"name":"n","inner":{},"tags":["t"]}}"#
    );
}

#[test]
fn parts_that_are_refused() {
    const JSON: &str = "inner\nContent-Type: application/json";
    let cases: [(&[Part<'_>], &str); 14] = [
        (&[("nope", b"")], "nope: t.v1.Submission has no field"),
        (
            &[("note", b"a"), ("note", b"a")],
            "note: is given more than once",
        ),
        (
            &[("file", b"a"), ("file", b"a")],
            "file: is given more than once",
        ),
        (
            &[(JSON, b"{}"), (JSON, b"{}")],
            "inner: is given more than once",
        ),
        (
            &[(JSON, b"{}"), ("inner.name", b"a")],
            "inner.name: is given more than once",
        ),
        (
            &[("file", b"a"), ("file.content_type", b"a/b")],
            "file.content_type: is given more than once",
        ),
        (&[("left", b"a"), ("right", b"1")], "right: excludes left"),
        (&[(JSON, b"{")], "inner: "),
        (&[(JSON, br#"{"nmae":1}"#)], "inner: "),
        (
            &[("labels[a]\nContent-Type: application/json", b"1")],
            "labels[a]: give the map as one JSON object",
        ),
        (
            &[("note\nContent-Type: image/png; x=y; filename=a", b"")],
            "note: expected text or application/json, found image/png",
        ),
        (
            &[("note; filename=a\nContent-Type: image/png", b"1")],
            "note: a file of type image/png goes into a field of type bytes or google.api.HttpBody",
        ),
        (&[("note", b"\xff")], "note: expected text in UTF-8"),
        (
            &[("note\nContent-Type: text/plain; charset=latin1", b"a")],
            "note: a form is read as UTF-8, not as \"latin1\"",
        ),
    ];
    for (given, expected) in cases {
        let line = parts("/submit", given);
        let found = line
            .strip_prefix("400 ")
            .unwrap_or_else(|| panic!("{expected}: {line}"));
        assert!(found.starts_with(expected), "{expected}: {line}");
    }
}

#[test]
fn a_body_that_is_no_multipart_is_refused() {
    let whole = multipart(&[("note", b"a")]);
    let form = "multipart/form-data; boundary=b";
    let cases = [
        (
            "multipart/form-data",
            whole.clone(),
            "header content-type: multipart/form-data needs a boundary",
        ),
        (
            form,
            b"text".to_vec(),
            "the body is no multipart/form-data with that boundary",
        ),
        (
            form,
            whole[..whole.len() - 4].to_vec(),
            "the form broke off before its last boundary",
        ),
        (
            form,
            whole[..30].to_vec(),
            "the form broke off before its last boundary",
        ),
        (
            form,
            b"--bcd\r\n".to_vec(),
            "a boundary of the form has text behind it",
        ),
        (
            form,
            b"--b\r\n\r\nx\r\n--b--".to_vec(),
            "a part of the form has no Content-Disposition",
        ),
    ];
    for (kind, body, expected) in cases {
        let line = post("/submit", kind, body).line();
        assert!(
            line.starts_with(&format!("400 {expected}")),
            "{expected}: {line}"
        );
    }
    let large = multipart(&[("file; filename=a", &vec![b'x'; 5 << 20])]);
    let line = post("/submit", form, large).line();
    assert_eq!(line, "413 the body is larger than 4194304 bytes");
}

/// The answer's line, and the messages, of a form that comes in pieces of this many bytes.
fn streamed(body: &[u8], size: usize) -> (String, Vec<String>) {
    let recorder = Recorder::default();
    let pieces = body.chunks(size).map(|piece| {
        let data = Bytes::copy_from_slice(piece);
        Ok::<_, std::convert::Infallible>(Frame::data(data))
    });
    let pieces: Vec<_> = pieces.collect();
    let request = Request::post("/send/n")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(StreamBody::new(futures_util::stream::iter(pieces)))
        .unwrap();
    let serving = things().serve(request, None, &recorder);
    let answer = Answer::of(serving.now_or_never().expect("nothing waits"));
    let tables = &things().tables;
    let id = tables.by_name("t.v1.Submission").expect("declared");
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
    let messages = recorder.messages().iter().map(shown).collect();
    (answer.line(), messages)
}

#[test]
fn case_41_a_file_of_a_form_goes_on_as_it_comes() {
    let body = multipart(&[
        ("note", b"before"),
        ("file; filename=a\nContent-Type: image/png", b"abc"),
        ("tags", b"behind"),
        ("raw; filename=a", b"d"),
        ("more; filename=a", b"e"),
    ]);
    let (line, messages) = streamed(&body, body.len());
    assert_eq!(line, r#"200 {"text":"4 messages"}"#);
    let expected = [
        r#"{"name":"n","file":{"contentType":"image/png","data":"YWJj"},"note":"before"}"#,
        r#"{"tags":["behind"]}"#,
        r#"{"raw":"ZA=="}"#,
        r#"{"more":[{"data":"ZQ=="}]}"#,
    ];
    assert_eq!(messages, expected);
    let (line, messages) = streamed(&body, 1);
    assert_eq!(line, r#"200 {"text":"6 messages"}"#);
    let expected = [
        r#"{"name":"n","file":{"contentType":"image/png","data":"YQ=="},"note":"before"}"#,
        r#"{"file":{"data":"Yg=="}}"#,
        r#"{"file":{"data":"Yw=="}}"#,
    ];
    assert_eq!(messages[..3], expected);
}

#[test]
fn a_file_without_a_name_is_one_in_every_piece() {
    let body = multipart(&[("raw\nContent-Type: image/png", b"abc")]);
    let (line, messages) = streamed(&body, 1);
    assert_eq!(line, r#"200 {"text":"3 messages"}"#);
    assert_eq!(messages[1..], [r#"{"raw":"Yg=="}"#, r#"{"raw":"Yw=="}"#]);
}

#[test]
fn a_form_without_a_file_is_one_message() {
    let (line, messages) = streamed(&multipart(&[("note", b"a"), ("tags", b"b")]), 7);
    assert_eq!(line, r#"200 {"text":"1 messages"}"#);
    assert_eq!(messages, [r#"{"name":"n","tags":["b"],"note":"a"}"#]);
    let empty = ("file; filename=a\nContent-Type: a/b", &b""[..]);
    let (_, messages) = streamed(&multipart(&[empty]), 7);
    assert_eq!(messages, [r#"{"name":"n","file":{"contentType":"a/b"}}"#]);
}

#[test]
fn what_is_wrong_behind_a_file_ends_the_stream() {
    const FILE: Part<'_> = ("file; filename=a", b"abc");
    let whole = multipart(&[FILE]);
    let cases = [
        (
            multipart(&[FILE, FILE]),
            "400 file: is given more than once",
        ),
        (
            multipart(&[("note", b"a"), FILE, ("note", b"b")]),
            "400 note: is given more than once",
        ),
        (
            multipart(&[FILE, ("file.data", b"YQ==")]),
            "400 file.data: is given more than once",
        ),
        (
            multipart(&[FILE, ("nope", b"")]),
            "400 nope: t.v1.Submission has no field",
        ),
        (
            whole[..whole.len() - 4].to_vec(),
            "400 the form broke off before its last boundary",
        ),
        (
            multipart(&[("note", b"a"), ("note", b"b")]),
            "400 note: is given more than once",
        ),
        (
            multipart(&[("name", b"m"), FILE]),
            "400 name: the body gives another value than the path",
        ),
        (
            multipart(&[("note", &vec![b'x'; 5 << 20])]),
            "413 the fields of the form are larger than 4194304 bytes",
        ),
        (
            multipart(&vec![("tags", &b""[..]); 1001]),
            "400 the form has more than 1000 fields",
        ),
    ];
    for (body, expected) in cases {
        let (line, _) = streamed(&body, 10_000);
        assert!(line.starts_with(expected), "{expected}: {line}");
    }
}

#[test]
fn a_file_in_a_stream_may_be_larger_than_a_body() {
    let file = vec![b'x'; 9 << 20];
    let (line, messages) = streamed(&multipart(&[("file; filename=a", &file)]), 1 << 20);
    assert_eq!(
        line,
        format!(r#"200 {{"text":"{} messages"}}"#, messages.len())
    );
    assert!(messages.len() >= 9);
}
