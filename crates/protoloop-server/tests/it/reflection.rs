//! Reflection, both versions, and health over the wire.

use protoloop_server::{Check, ServerConfig};
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_reflection::pb::{v1, v1alpha};

use crate::client::{Running, builder, start};

async fn channel(server: &Running) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{}", server.addr)).expect("a URL");
    endpoint.connect().await.expect("a connection")
}

macro_rules! ask {
    ($version:ident, $channel:expr, $question:expr) => {{
        use $version::{
            ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_response::MessageResponse,
        };
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some($question),
        };
        let mut client = ServerReflectionClient::new($channel);
        let messages = futures_util::stream::iter([request]);
        let answer = client
            .server_reflection_info(messages)
            .await
            .expect("a stream");
        let first = answer.into_inner().message().await.expect("no error");
        match first.expect("an answer").message_response {
            Some(MessageResponse::ListServicesResponse(list)) => list
                .service
                .into_iter()
                .map(|service| service.name)
                .collect::<Vec<_>>(),
            Some(MessageResponse::FileDescriptorResponse(files)) => {
                let files = files.file_descriptor_proto.into_iter();
                files
                    .map(|file| String::from_utf8_lossy(&file).into_owned())
                    .collect()
            }
            other => panic!("another answer: {other:?}"),
        }
    }};
}

#[tokio::test]
async fn both_versions_list_the_services() {
    let server = start().await;
    let channel = channel(&server).await;
    let expect = [
        "echo.v1.Echo",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
    ];
    let question = || String::new();
    let list = v1::server_reflection_request::MessageRequest::ListServices(question());
    assert_eq!(ask!(v1, channel.clone(), list), expect);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(question());
    assert_eq!(ask!(v1alpha, channel, list), expect);
}

#[tokio::test]
async fn a_symbol_comes_with_its_file() {
    let server = start().await;
    let symbol = "echo.v1.Echo.Say".to_owned();
    let question = v1::server_reflection_request::MessageRequest::FileContainingSymbol(symbol);
    let files = ask!(v1, channel(&server).await, question);
    assert!(files[0].contains("echo/v1/echo.proto"), "{files:?}");
}

#[tokio::test]
async fn health_follows_the_checks() {
    let (tell, told) = tokio::sync::watch::channel(true);
    let check = Check::new("database", move || {
        let there = *told.borrow();
        async move {
            if there {
                return Ok(());
            }
            Err(protoloop_core::Error::unavailable("no answer"))
        }
    });
    let config = ServerConfig {
        check_interval: std::time::Duration::from_millis(20),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config).check(check)).await;
    let mut client = HealthClient::new(channel(&server).await);
    let request = HealthCheckRequest {
        service: "echo.v1.Echo".to_owned(),
    };
    let mut watch = client.watch(request).await.expect("a stream").into_inner();
    let mut next = async || {
        watch
            .message()
            .await
            .expect("no error")
            .map(|item| item.status())
    };
    // The first word may come before the first check.
    let mut first = next().await;
    if first == Some(ServingStatus::NotServing) {
        first = next().await;
    }
    assert_eq!(first, Some(ServingStatus::Serving));
    tell.send(false).expect("a listener");
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    tell.send(true).expect("a listener");
    assert_eq!(next().await, Some(ServingStatus::Serving));
    let stopped = server.stop();
    assert_eq!(next().await, Some(ServingStatus::NotServing));
    assert_eq!(next().await, None, "a watcher does not hold up the end");
    stopped.await;
}
