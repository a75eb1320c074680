//! A tonic service in the same process.

use std::sync::Arc;

use protoloop_upstream::InProcess;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;

use crate::{
    client::{self, Compression, frame},
    echo::{self, Recorder},
};

/// tonic's own health service, as any generated one.
fn routes() -> Routes {
    let (_, health): (_, HealthServer<_>) = tonic_health::server::health_reporter();
    Routes::new(health)
}

#[tokio::test]
async fn routes_answer_and_refuse_without_a_hop() {
    let service = InProcess::new(routes());
    let recorder = Recorder::default();
    // `Routes` has no `echo.v1.Echo`, so it says UNIMPLEMENTED itself.
    let server = echo::with_handler(&recorder, |_| Arc::new(service.clone()));
    let server = echo::serve(server).await;
    let request =
        http::Request::post("http://echo/v1/echo").header("content-type", "application/json");
    let answer = client::send(server.address, request.body("{}".into()).expect("good")).await;
    assert_eq!(answer.head.status(), 501, "{:?}", answer.body);
    let request = http::Request::post("http://echo/echo.v1.Echo/Say")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(frame(b"", Compression::Identity));
    let answer = client::send(server.address, request.expect("good")).await;
    assert_eq!(answer.head.headers()["grpc-status"], "12");
}
