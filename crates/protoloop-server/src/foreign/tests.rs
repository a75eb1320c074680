use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Version};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use prost::Message as _;
use protoloop_core::Origin;
use tonic::{body::Body, server::NamedService};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_request::MessageRequest,
};
use tower::Service;

use crate::{
    Server,
    fixture::{dispatcher, tables},
};

/// A service of which nobody has descriptors: every method answers with the messages it gets and a trailer; `/Fail`
/// with an error.
#[derive(Clone)]
struct Own;

impl NamedService for Own {
    const NAME: &'static str = "own.v1.Own";
}

impl Service<Request<Body>> for Own {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().ends_with("/Fail") {
            let status = tonic::Status::not_found("there is no such thing");
            return ready(Ok(status.into_http()));
        }
        let said = request.headers().get("x-said").cloned();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-tail", said.unwrap_or(HeaderValue::from_static("none")));
        let tail = stream::iter([Ok::<_, tonic::Status>(Frame::trailers(trailers))]);
        let frames = request.into_body().into_data_stream();
        let frames = futures_util::StreamExt::map(frames, |data| data.map(Frame::data));
        let body = StreamBody::new(futures_util::StreamExt::chain(frames, tail));
        let mut response = Response::new(Body::new(body));
        let grpc = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", grpc);
        ready(Ok(response))
    }
}

fn server() -> Server {
    let tables = tables();
    let builder = Server::builder(Arc::clone(&tables), dispatcher(&tables)).service(Own);
    builder.build().expect("a good configuration")
}

fn envelope(flags: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a short message");
    [&[flags][..], &length.to_be_bytes(), message].concat()
}

/// Flags and messages of a body.
fn envelopes(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((&[flags, a, b, c, d], rest)) = body.split_first_chunk() {
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let (message, behind) = rest.split_at(length);
        found.push((flags, message.to_vec()));
        body = behind;
    }
    found
}

/// Status, headers and body of what a path answers to a POST.
async fn post(
    path: &str,
    content_type: &'static str,
    headers: &[(&'static str, &'static str)],
    body: Vec<u8>,
) -> (u16, HeaderMap, Bytes) {
    let mut request = Request::post(path)
        .version(Version::HTTP_2)
        .header("content-type", content_type);
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), *value);
    }
    let request = request.body(Full::<Bytes>::from(body));
    let server = server();
    let answer = Arc::clone(server.port())
        .answer(request.expect("a good request"), Origin::default())
        .await;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    (head.status.as_u16(), head.headers, body)
}

const CHECK: &str = "/grpc.health.v1.Health/Check";

#[tokio::test]
async fn health_speaks_connect_as_json_and_as_protobuf() {
    for body in ["{}", r#"{"service":"echo.v1.Echo"}"#] {
        let (status, _, answer) = post(CHECK, "application/json", &[], body.into()).await;
        assert_eq!(
            (status, &answer[..]),
            (200, &br#"{"status":"SERVING"}"#[..])
        );
    }
    let ask = HealthCheckRequest::default().encode_to_vec();
    let (status, _, answer) = post(CHECK, "application/proto", &[], ask).await;
    let answer = HealthCheckResponse::decode(answer).expect("an answer");
    assert_eq!((status, answer.status), (200, 1));
    let ask = br#"{"service":"nobody"}"#.to_vec();
    let (status, _, answer) = post(CHECK, "application/json", &[], ask).await;
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!((status, &answer["code"]), (404, &"not_found".into()));
}

#[tokio::test]
async fn a_deadline_ends_a_watch() {
    let path = "/grpc.health.v1.Health/Watch";
    let timeout = [("connect-timeout-ms", "50")];
    let body = envelope(0, b"{}");
    let (status, _, body) = post(path, "application/connect+json", &timeout, body).await;
    let found = envelopes(&body);
    assert_eq!((status, found.len()), (200, 2));
    assert_eq!(found[0], (0, br#"{"status":"SERVING"}"#.to_vec()));
    let end = String::from_utf8_lossy(&found[1].1);
    assert_eq!(found[1].0, 2);
    assert!(end.contains("deadline_exceeded"), "{end}");
}

#[tokio::test]
async fn reflection_speaks_connect() {
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let body = envelope(0, &ask.encode_to_vec());
        let (status, _, body) = post(&path, "application/connect+proto", &[], body).await;
        let found = envelopes(&body);
        assert_eq!((status, found.len()), (200, 2), "{found:?}");
        assert!(String::from_utf8_lossy(&found[0].1).contains("echo.v1.Echo"));
        assert_eq!(found[1], (2, b"{}".to_vec()));
    }
}

#[tokio::test]
async fn a_service_without_descriptors_speaks_protobuf_over_connect() {
    let said = [("x-said", "hear")];
    let (status, headers, body) =
        post("/own.v1.Own/Say", "application/proto", &said, b"any".into()).await;
    assert_eq!((status, &body[..]), (200, &b"any"[..]));
    assert_eq!(headers["trailer-x-tail"], "hear");
    let two = [envelope(0, b"one"), envelope(0, b"two")].concat();
    let path = "/own.v1.Own/Chat";
    let (status, _, body) = post(path, "application/connect+proto", &said, two).await;
    let found = envelopes(&body);
    assert_eq!(status, 200);
    assert_eq!(found[..2], [(0, b"one".to_vec()), (0, b"two".to_vec())]);
    let end = String::from_utf8_lossy(&found[2].1);
    assert!(end.contains(r#""x-tail":["hear"]"#), "{end}");
    let (status, _, body) = post("/own.v1.Own/Fail", "application/proto", &[], Vec::new()).await;
    let body = String::from_utf8_lossy(&body);
    assert_eq!(status, 404, "{body}");
    assert!(body.contains("there is no such thing"), "{body}");
    let (status, headers, _) = post("/own.v1.Own/Say", "application/json", &[], b"{}".into()).await;
    assert_eq!(
        (status, &headers["accept-post"]),
        (415, &"application/proto".parse().expect("ASCII"))
    );
}

#[tokio::test]
async fn a_service_without_descriptors_speaks_grpc_web() {
    let body = envelope(0, b"any");
    let (status, _, body) = post("/own.v1.Own/Say", "application/grpc-web+proto", &[], body).await;
    let found = envelopes(&body);
    assert_eq!((status, &found[0]), (200, &(0, b"any".to_vec())));
    let trailers = String::from_utf8_lossy(&found[1].1);
    assert!(trailers.contains("grpc-status:0\r\n"), "{trailers}");
    assert!(trailers.contains("x-tail:none\r\n"), "{trailers}");
}
