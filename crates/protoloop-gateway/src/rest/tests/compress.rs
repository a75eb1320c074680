//! Compressed requests and answers.

use super::*;
use crate::compression::Encoding;

/// A POST of a body in a coding.
fn post(gateway: &RestGateway, path: &str, coding: &str, body: Bytes) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/json")
        .header("content-encoding", coding)
        .body(Full::new(body))
        .unwrap();
    let echo = Echo::default();
    let serving = gateway.serve(request, None, &echo);
    Answer::of(serving.now_or_never().expect("nothing waits"))
}

#[test]
fn case_45_compressed_requests() {
    let json = format!(r#"{{"text":"{}"}}"#, "a".repeat(500));
    for coding in Encoding::ALL {
        let body = coding.compress(json.as_bytes()).unwrap();
        let answer = post(things(), "/w", coding.name(), body);
        assert_eq!(answer.line(), format!("200 {json}"));
    }
    let answer = post(things(), "/w", "identity", Bytes::from_static(b"{}"));
    assert_eq!(answer.line(), "200 {}");
    let answer = post(things(), "/w", "gzip", Bytes::new());
    assert_eq!(answer.line(), "200 {}");
    for unknown in ["deflate", "gzip, br"] {
        let answer = post(things(), "/w", unknown, Bytes::from_static(b"{}"));
        let message = "Content-Encoding must be one of gzip, zstd, br; it is";
        assert_eq!(answer.line(), format!("415 {message} {unknown:?}"));
        assert_eq!(answer.header("accept-encoding"), "gzip, zstd, br");
    }
}

#[test]
fn case_45_a_compressed_request_is_bounded() {
    let gateway = things_with(|options| options.max_body_bytes = 1000);
    for coding in Encoding::ALL {
        let bomb = coding.compress(&[b' '; 100_000]).unwrap();
        let answer = post(&gateway, "/w", coding.name(), bomb);
        assert_eq!(
            answer.line(),
            "413 the body is larger than 1000 bytes, decompressed"
        );
    }
}

#[test]
fn answers_are_compressed_where_it_is_worth_it() {
    let gateway = things_with(|options| options.compress_from = Some(200));
    let get =
        |text: &str, accept: &str| send(&gateway, &format!("{text}\naccept-encoding: {accept}"));
    let long = format!("GET /q?text={}", "a".repeat(500));
    let plain = send(&gateway, &long);
    assert_eq!(
        (plain.header("vary"), plain.header("content-encoding")),
        ("accept-encoding", "")
    );
    for coding in Encoding::ALL {
        let answer = get(&long, &format!("{}, identity;q=0.5", coding.name()));
        assert_eq!(answer.header("content-encoding"), coding.name());
        assert_eq!(answer.header("vary"), "accept-encoding");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(
            coding.decompress(&answer.bytes, 10_000).unwrap(),
            plain.bytes
        );
    }
    assert_eq!(get(&long, "gzip;q=0").header("content-encoding"), "");
    let short = get("GET /q?text=a", "gzip");
    assert_eq!(
        (short.header("vary"), short.header("content-encoding")),
        ("", "")
    );
    let image = format!("POST /raw\ncontent-type: image/png\naccept-encoding: gzip\n\n{long}");
    assert_eq!(send(&gateway, &image).header("content-encoding"), "");
    let text = image.replace("image/png", "text/plain; charset=utf-8");
    assert_eq!(send(&gateway, &text).header("content-encoding"), "gzip");
    let off = format!("{long}\naccept-encoding: gzip");
    assert_eq!(send(things(), &off).header("content-encoding"), "");
}

#[test]
fn a_coding_has_its_own_etag() {
    let gateway = things_with(|options| {
        options.compress_from = Some(10);
        options.content_etags = true;
    });
    let path = format!("GET /q?text={}", "a".repeat(500));
    let plain = send(&gateway, &path).header("etag").to_owned();
    let text = format!("{path}\naccept-encoding: gzip");
    let coded = send(&gateway, &text).header("etag").to_owned();
    assert_eq!(coded, format!("{}+gzip\"", plain.trim_end_matches('"')));
    for etag in [&plain, &coded] {
        let again = send(&gateway, &format!("{text}\nif-none-match: {etag}"));
        assert_eq!((again.status, again.header("etag")), (304, &**etag));
        let again = send(&gateway, &format!("{path}\nif-match: {etag}"));
        assert_eq!(again.status, 200);
    }
}
