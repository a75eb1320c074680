//! Protocol × codec × compression × {in process, upstream}: what arrives in the middle, at the end, and back.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, request};
use protoloop_core::Protocol;
use protoloop_upstream::{Upstream, UpstreamConfig};

use crate::{
    client::{self, Answer, Compression, frame, frames},
    echo::{self, Met, Recorder, Running},
};

/// `Text { text: "aaa…", number: 7 }`: long enough for every side to compress it.
fn message() -> Bytes {
    let text = "a".repeat(4000);
    [&b"\x0a\xa0\x1f"[..], text.as_bytes(), b"\x10\x07"]
        .concat()
        .into()
}

fn json() -> String {
    format!(r#"{{"text":"{}","number":"7"}}"#, "a".repeat(4000))
}

/// A protocol with a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Grpc(Codec),
    GrpcWeb(Codec),
    GrpcWebText(Codec),
    Connect(Codec),
    Rest,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Proto,
    Json,
}

impl Codec {
    fn name(self) -> &'static str {
        match self {
            Self::Proto => "proto",
            Self::Json => "json",
        }
    }

    fn message(self) -> Bytes {
        match self {
            Self::Proto => message(),
            Self::Json => json().into(),
        }
    }
}

const SPEECHES: [Speech; 9] = [
    Speech::Grpc(Codec::Proto),
    Speech::Grpc(Codec::Json),
    Speech::GrpcWeb(Codec::Proto),
    Speech::GrpcWeb(Codec::Json),
    Speech::GrpcWebText(Codec::Proto),
    Speech::GrpcWebText(Codec::Json),
    Speech::Connect(Codec::Proto),
    Speech::Connect(Codec::Json),
    Speech::Rest,
];

const COMPRESSIONS: [Compression; 4] = [
    Compression::Identity,
    Compression::Gzip,
    Compression::Zstd,
    Compression::Brotli,
];

impl Speech {
    fn protocol(self) -> Protocol {
        match self {
            Self::Grpc(_) => Protocol::Grpc,
            Self::GrpcWeb(_) | Self::GrpcWebText(_) => Protocol::GrpcWeb,
            Self::Connect(_) => Protocol::Connect,
            Self::Rest => Protocol::Rest,
        }
    }

    fn codec(self) -> Codec {
        match self {
            Self::Grpc(codec)
            | Self::GrpcWeb(codec)
            | Self::GrpcWebText(codec)
            | Self::Connect(codec) => codec,
            Self::Rest => Codec::Json,
        }
    }

    fn request(self, compression: Compression) -> Request<Bytes> {
        let (codec, message) = (self.codec().name(), self.codec().message());
        let encoding = compression.name();
        let base = |path: &str, content_type: &str| -> request::Builder {
            Request::post(format!("http://echo{path}"))
                .header("content-type", content_type)
                .header("x-ask", "one")
                .header("x-bytes-bin", "AP8")
                .header("grpc-timeout", "5S")
        };
        let grpc = |content_type: &str| {
            base("/echo.v1.Echo/Say", content_type)
                .header("te", "trailers")
                .header("grpc-encoding", encoding)
                .header("grpc-accept-encoding", encoding)
        };
        let connect = |content_type: &str| {
            Request::post("http://echo/echo.v1.Echo/Say")
                .header("content-type", content_type)
                .header("connect-protocol-version", "1")
                .header("connect-timeout-ms", "5000")
                .header("x-ask", "one")
                .header("x-bytes-bin", "AP8")
                .header("content-encoding", encoding)
                .header("accept-encoding", encoding)
        };
        let framed = || frame(&message, compression);
        let plain = || Bytes::from(compression.compress(&message));
        let request = match self {
            Self::Grpc(_) => grpc(&format!("application/grpc+{codec}")).body(framed()),
            Self::GrpcWeb(_) => grpc(&format!("application/grpc-web+{codec}")).body(framed()),
            Self::GrpcWebText(_) => grpc(&format!("application/grpc-web-text+{codec}"))
                .header("accept", format!("application/grpc-web-text+{codec}"))
                .body(base64(&framed()).into()),
            Self::Connect(_) => connect(&format!("application/{codec}")).body(plain()),
            Self::Rest => base("/v1/echo", "application/json")
                .header("content-encoding", encoding)
                .header("accept-encoding", encoding)
                .body(plain()),
        };
        request.expect("a good request")
    }

    /// What came back is what went out, compressed as was asked for.
    fn check(self, compression: Compression, answer: &Answer, cell: &str) {
        assert_eq!(answer.head.status(), 200, "{cell}");
        let headers = answer.head.headers();
        assert_eq!(headers["x-told"], "one", "{cell}");
        let found = |name: &str| {
            headers
                .get(name)
                .map_or("identity", |value| value.to_str().expect("text"))
        };
        if matches!(self, Self::Rest | Self::Connect(_)) {
            assert_eq!(found("content-encoding"), compression.name(), "{cell}");
            let body = compression.decompress(&answer.body);
            assert_eq!(body, self.codec().message(), "{cell}");
            return;
        }
        let encoding = Compression::of(found("grpc-encoding"));
        assert_eq!(encoding, compression, "{cell}");
        let body = match self {
            Self::GrpcWebText(_) => unbase64(&answer.body),
            _ => answer.body.to_vec(),
        };
        let frames = frames(&body);
        let (flag, data) = frames[0];
        let data = if flag == 1 {
            encoding.decompress(data)
        } else {
            data.to_vec()
        };
        assert_eq!(data, self.codec().message(), "{cell}");
        assert_eq!(flag == 1, compression != Compression::Identity, "{cell}");
        match self {
            Self::Grpc(_) => assert_eq!(answer.trailers["grpc-status"], "0", "{cell}"),
            _ => {
                let (flag, trailers) = frames[1];
                assert_eq!(flag, 0x80, "{cell}");
                assert!(
                    trailers.starts_with(b"grpc-status:0"),
                    "{cell}: {}",
                    String::from_utf8_lossy(trailers)
                );
            }
        }
    }
}

/// What everybody on the way of a call must have met.
fn check_met(met: &Met, protocol: Protocol, cell: &str) {
    assert_eq!(met.path, "/echo.v1.Echo/Say", "{cell}");
    assert_eq!(met.message, message(), "{cell}");
    assert_eq!(met.protocol(), protocol, "{cell}");
    let metadata = met.context.metadata();
    assert_eq!(metadata["x-ask"], "one", "{cell}");
    assert_eq!(metadata["x-bytes-bin"], "AP8", "{cell}");
    for name in [
        "grpc-timeout",
        "grpc-encoding",
        "content-encoding",
        "te",
        "content-length",
    ] {
        assert!(!metadata.contains_key(name), "{cell}: {name}");
    }
    let left = met
        .context
        .deadline()
        .map(|deadline| deadline.elapsed().is_zero());
    assert_eq!(left, Some(true), "{cell}");
    let remaining = met.context.remaining().expect("a deadline");
    assert!(remaining <= Duration::from_secs(5), "{cell}: {remaining:?}");
}

#[tokio::test]
async fn every_cell_in_process() {
    let recorder = Recorder::default();
    let server = echo::serve(echo::direct(&recorder)).await;
    for_every_cell(&server, |speech, cell| {
        check_met(&recorder.take_one(), speech.protocol(), cell);
    })
    .await;
}

#[tokio::test]
async fn every_cell_with_an_upstream() {
    let (middle, end) = (Recorder::default(), Recorder::default());
    let service = echo::serve(echo::direct(&end)).await;
    let upstream = Upstream::new(UpstreamConfig::new(format!("http://{}", service.address)));
    let upstream = upstream.expect("a good URL");
    let gateway = echo::serve(echo::behind(&middle, &upstream)).await;
    for_every_cell(&gateway, |speech, cell| {
        check_met(&middle.take_one(), speech.protocol(), cell);
        check_met(&end.take_one(), Protocol::Grpc, cell);
    })
    .await;
}

async fn for_every_cell(server: &Running, check: impl Fn(Speech, &str)) {
    let mut cells = 0;
    for speech in SPEECHES {
        for compression in COMPRESSIONS {
            let cell = format!("{speech:?} {compression:?}");
            let answer = client::send(server.address, speech.request(compression)).await;
            speech.check(compression, &answer, &cell);
            check(speech, &cell);
            cells += 1;
        }
    }
    assert_eq!(cells, 36);
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in data.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// Several texts may follow each other, each with its own padding.
fn unbase64(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut data = Vec::new();
    for group in text.chunks(4) {
        let padding = group.iter().filter(|byte| **byte == b'=').count();
        let digits = group.iter().filter(|byte| **byte != b'=');
        let bits =
            digits.fold(0_u32, |bits, byte| bits << 6 | u32::from(digit(*byte))) << (6 * padding);
        data.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    data
}
