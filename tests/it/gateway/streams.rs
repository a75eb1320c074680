//! Streams over REST through real sockets: curl, and Python's websockets.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{
    http,
    library::{Library, Upstream, count},
    pause,
    run::run,
    served::Served,
    tools,
};

fn gateway(library: &Library) -> (Upstream, Served) {
    let upstream = library.start();
    let gateway = Served::gateway(&["--upstream", &upstream.url(), "--unbound"]);
    (upstream, gateway)
}

/// Waits until the upstream has counted that much.
#[track_caller]
fn until(gateway: &Served, what: &str, wanted: i64) {
    let begin = Instant::now();
    while count(gateway, what) < wanted {
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}");
        pause(Duration::from_millis(20));
    }
}

/// A `curl -N` that goes on, and its lines.
fn follow(
    curl: &std::path::Path,
    arguments: &[&str],
) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(curl)
        .args(["-sN", "--max-time", "60"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl starts");
    let out = child.stdout.take().expect("it is piped");
    let lines = BufReader::new(out).lines();
    (child, lines.map(|line| line.expect("a line")))
}

#[test]
fn curl_reads_lines_and_events_as_they_come_and_its_end_is_the_calls() {
    let (Some(library), Some(curl)) = (Library::new(), tools::curl()) else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    let url = format!("{}/v1/books?count=2&endless=true", gateway.url());
    let protocols = ["--http1.1", "--http2-prior-knowledge"];
    let mut over = 0;
    for protocol in protocols {
        let accept = ["-H", "accept: application/x-ndjson", protocol];
        let (mut child, mut lines) = follow(&curl, &[&accept[..], &[&url]].concat());
        let books: Vec<Value> = lines
            .by_ref()
            .take(5)
            .map(|line| serde_json::from_str(&line).expect("JSON"))
            .collect();
        assert_eq!(
            books[..3],
            ["0", "1", "again"].map(|name| json!({"name": format!("books/{name}")}))
        );
        let accept = ["-H", "accept: text/event-stream", protocol];
        let (mut other, mut events) = follow(&curl, &[&accept[..], &[&url]].concat());
        let first: Vec<String> = events.by_ref().take(4).collect();
        assert_eq!(
            first,
            [
                r#"data: {"name":"books/0"}"#,
                "",
                r#"data: {"name":"books/1"}"#,
                ""
            ]
        );
        assert_eq!(count(&gateway, "ListBooks over"), over, "both go on");
        for child in [&mut child, &mut other] {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
        over += 2;
        until(&gateway, "ListBooks over", over);
    }
}

#[test]
fn curl_sees_that_a_stream_broke_off() {
    let (Some(library), Some(curl)) = (Library::new(), tools::curl()) else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    let url = format!("{}/v1/books?count=1", gateway.url());
    let failing = format!("{url}&fail=true");
    for protocol in ["--http1.1", "--http2-prior-knowledge"] {
        let get = |url: &str, accept: &str| {
            let accept = format!("accept: {accept}");
            run(Command::new(&curl).args(["-sS", "--max-time", "20", protocol, "-H", &accept, url]))
        };
        let whole = get(&url, "application/json").succeeded();
        assert_eq!(whole.stdout, r#"[{"name":"books/0"}]"#);
        let error =
            r#"{"error":{"code":500,"message":"the shelf fell over","status":"DATA_LOSS"}}"#;
        let broken = get(&failing, "application/json");
        assert_ne!(broken.code, Some(0), "{broken}");
        assert_eq!(
            broken.stdout,
            format!(r#"[{{"name":"books/0"}},{error}"#),
            "no closing bracket"
        );
        let broken = get(&failing, "application/x-ndjson");
        assert_ne!(broken.code, Some(0), "{broken}");
        assert_eq!(broken.stdout.lines().last(), Some(error));
        // Events tell how they end; `EventSource` would take a break for a reason to come again.
        let told = get(&failing, "text/event-stream").succeeded();
        assert!(
            told.stdout
                .ends_with(&format!("event: error\ndata: {error}\n\n")),
            "{told}"
        );
    }
    let head = run(Command::new(&curl).args(["-sSI", "--max-time", "20", "--http1.1", &url]));
    let head = head.succeeded().stdout.to_lowercase();
    assert!(
        head.contains("200 ok") && !head.contains("content-length"),
        "{head}"
    );
}

/// Sends pieces with a pause before each, over curl's standard input.
fn upload(curl: &std::path::Path, arguments: &[&str], pieces: &[&[u8]]) -> (Option<i32>, String) {
    let mut child = Command::new(curl)
        .args(["-sS", "--max-time", "30", "-X", "POST", "-T", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl starts");
    let mut input = child.stdin.take().expect("it is piped");
    for piece in pieces {
        pause(Duration::from_millis(100));
        // It may have its answer already.
        if input.write_all(piece).is_err() {
            break;
        }
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

#[test]
fn curl_uploads_a_stream_in_pieces() {
    let (Some(library), Some(curl)) = (Library::new(), tools::curl()) else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    let url = format!("{}/library.v1.Library/ImportBooks", gateway.url());
    let lines: [&[u8]; 3] = [
        b"{\"name\": \"a\"}\n{\"na",
        b"me\": \"b\"}\n",
        b"{\"name\": \"c\"}",
    ];
    let array: [&[u8]; 3] = [
        b"[{\"name\": \"a\"}, {\"na",
        b"me\": \"b\"},\n",
        b"{\"name\": \"c\"}]",
    ];
    for protocol in ["--http1.1", "--http2-prior-knowledge"] {
        for (kind, pieces) in [("application/x-ndjson", lines), ("application/json", array)] {
            let kind = format!("content-type: {kind}");
            let (code, answer) = upload(&curl, &[protocol, "-H", &kind, &url], &pieces);
            assert_eq!(code, Some(0), "{protocol} {kind}: {answer}");
            let answer: Value = serde_json::from_str(&answer).expect("JSON");
            assert_eq!(
                answer,
                json!({"names": ["a", "b", "c"]}),
                "{protocol} {kind}"
            );
        }
        let wrong: [&[u8]; 2] = [b"{\"name\": \"a\"}\n", b"{\"name\": 7}\n"];
        let kind = "content-type: application/x-ndjson";
        let (_, answer) = upload(&curl, &[protocol, "-H", kind, &url], &wrong);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.starts_with("element 1: name: "), "{answer}");
    }
}

/// A client that is still sending when the answer goes out would lose it, if the connection were closed at once.
#[test]
fn an_early_answer_reaches_a_client_that_goes_on_sending() {
    let Some(library) = Library::new() else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    let mut stream = TcpStream::connect(gateway.address()).expect("it listens");
    let head = "POST /library.v1.Library/ImportBooks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\
                content-type: application/x-ndjson\r\nconnection: close\r\n\r\n";
    let chunk = "c\r\n{\"name\": 7}\n\r\n";
    write!(stream, "{head}{chunk}").expect("it is sent");
    for _ in 0..3 {
        pause(Duration::from_millis(100));
        write!(stream, "{chunk}").expect("it is sent");
    }
    write!(stream, "0\r\n\r\n").expect("it is sent");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the whole answer");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("element 0: name: "), "{answer}");
}

/// What the upstream makes for a reader that reads nothing is bounded by what the sockets on the way hold.
#[test]
fn a_reader_that_reads_nothing_holds_the_upstream_up() {
    let Some(library) = Library::new() else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    for accept in [
        "application/x-ndjson",
        "text/event-stream",
        "application/json",
    ] {
        let before = count(&gateway, "flood");
        let over = count(&gateway, "ListBooks over");
        let mut stream = TcpStream::connect(gateway.address()).expect("it listens");
        let request = format!(
            "GET /v1/books?flood=true HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut last = count(&gateway, "flood");
        let begin = Instant::now();
        loop {
            pause(Duration::from_millis(300));
            let now = count(&gateway, "flood");
            if now == last && now > before {
                break;
            }
            last = now;
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "it never stops: {now}"
            );
        }
        // 16 KiB each.
        assert!(last - before < 4000, "{accept}: {} messages", last - before);
        let mut some = vec![0; 16 << 20];
        stream
            .read_exact(&mut some)
            .expect("it goes on when it is read");
        until(&gateway, "flood", last + 1);
        drop(stream);
        until(&gateway, "ListBooks over", over + 1);
    }
}

#[test]
fn python_talks_over_a_websocket() {
    let Some(library) = Library::new() else {
        return;
    };
    let (_upstream, gateway) = gateway(&library);
    library.script("sockets.py", &gateway.address().to_string());
    let report = http::get(gateway.address(), "/v1/report");
    assert_eq!(report.status, 200);
}
