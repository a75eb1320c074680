//! Requests made by hand, over HTTP/2 without TLS.

use std::{
    io::{Read as _, Write as _},
    net::SocketAddr,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// A response that has been read, trailers and all.
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: Bytes,
    pub(crate) trailers: HeaderMap,
}

pub(crate) async fn send(address: SocketAddr, request: Request<Bytes>) -> Answer {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .expect("HTTP/2");
    tokio::spawn(connection);
    let response = sender
        .send_request(request.map(Full::new))
        .await
        .expect("a response");
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body");
    Answer {
        head: Response::from_parts(head, ()),
        trailers: body.trailers().cloned().unwrap_or_default(),
        body: body.to_bytes(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Identity,
    Gzip,
    Zstd,
    Brotli,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }

    pub(crate) fn of(name: &str) -> Self {
        match name {
            "identity" => Self::Identity,
            "gzip" => Self::Gzip,
            "zstd" => Self::Zstd,
            "br" => Self::Brotli,
            other => panic!("no compression {other}"),
        }
    }

    pub(crate) fn compress(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Identity => text.to_vec(),
            Self::Gzip => {
                let mut writer =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                writer.write_all(text).expect("memory");
                writer.finish().expect("memory")
            }
            Self::Zstd => zstd::encode_all(text, 3).expect("memory"),
            Self::Brotli => {
                let mut out = Vec::new();
                let mut writer = brotli::CompressorWriter::new(&mut out, 4096, 4, 20);
                writer.write_all(text).expect("memory");
                drop(writer);
                out
            }
        }
    }

    pub(crate) fn decompress(self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Identity => out = data.to_vec(),
            Self::Gzip => drop(
                flate2::read::GzDecoder::new(data)
                    .read_to_end(&mut out)
                    .expect("gzip"),
            ),
            Self::Zstd => out = zstd::decode_all(data).expect("zstd"),
            Self::Brotli => drop(
                brotli::Decompressor::new(data, 4096)
                    .read_to_end(&mut out)
                    .expect("Brotli"),
            ),
        }
        out
    }
}

/// A message with gRPC's prefix.
pub(crate) fn frame(message: &[u8], compression: Compression) -> Bytes {
    let data = compression.compress(message);
    let mut frame = BytesMut::new();
    frame.put_u8(u8::from(compression != Compression::Identity));
    frame.put_u32(u32::try_from(data.len()).expect("small"));
    frame.put_slice(&data);
    frame.freeze()
}

/// The frames of a body: flag and data.
pub(crate) fn frames(mut body: &[u8]) -> Vec<(u8, &[u8])> {
    let mut frames = Vec::new();
    while let [flag, a, b, c, d, rest @ ..] = body {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        frames.push((*flag, &rest[..length]));
        body = &rest[length..];
    }
    assert!(body.is_empty(), "half a frame");
    frames
}
