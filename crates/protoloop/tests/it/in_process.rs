//! A tonic application with REST in front of it, in one process.

use protoloop::{Application, HttpConfig, InProcess, ReadOptions, Running, Schema};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::service::Routes;
use tonic_health::ServingStatus;

const RULES: &str = "
http:
  rules:
  - selector: grpc.health.v1.Health.Check
    get: /health/{service}
";

async fn start() -> Running {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("books", ServingStatus::NotServing)
        .await;
    let options = ReadOptions {
        http: HttpConfig::parse("rules.yaml", RULES).expect("good rules"),
        ..ReadOptions::default()
    };
    let schema = Schema::read(tonic_health::pb::FILE_DESCRIPTOR_SET, &options);
    let application = Application::from_schema(schema.expect("a good schema"));
    let application = application.fallback(InProcess::new(Routes::new(health)));
    application.start("127.0.0.1:0").await.expect("it starts")
}

async fn get(server: &Running, path: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(server.local_addr())
        .await
        .expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.expect("a status"),
        serde_json::from_str(body).expect("JSON"),
    )
}

#[tokio::test]
async fn its_methods_are_called_over_rest() {
    let server = start().await;
    assert_eq!(
        get(&server, "/health/books").await,
        (200, json!({"status": "NOT_SERVING"}))
    );
    let (status, error) = get(&server, "/health/nobody").await;
    assert_eq!(
        (status, &error["error"]["status"]),
        (404, &json!("NOT_FOUND"))
    );
    server.shutdown().await;
}
