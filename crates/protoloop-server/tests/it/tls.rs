//! The same port under TLS.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use http::Uri;
use hyper_util::rt::TokioIo;
use protoloop_server::{ServerConfig, TlsFiles};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::Endpoint;
use tower::service_fn;

use crate::{
    client::{Client, Running, builder},
    fixture::{read, text},
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

async fn start() -> Running {
    let config = ServerConfig {
        tls: Some(TlsFiles {
            certificate: file("server.pem"),
            private_key: file("server.key"),
            client_ca: None,
        }),
        ..ServerConfig::default()
    };
    Running::start(builder(config)).await
}

async fn connect(addr: SocketAddr, alpn: &[u8]) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(file("ca.pem")).expect("a certificate");
    roots.add(ca).expect("a certificate authority");
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let stream = TcpStream::connect(addr).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.expect("TLS")
}

#[tokio::test]
async fn grpc_is_answered_over_tls() {
    let server = start().await;
    let addr = server.addr;
    let connector = service_fn(move |_: Uri| async move {
        let stream = connect(addr, b"h2").await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Ok::<_, std::io::Error>(TokioIo::new(stream))
    });
    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
        .expect("a channel");
    let answer = Client::over(channel).unary("Say", text("hi")).await;
    assert_eq!(read(answer.expect("an answer").get_ref()), "hi");
}

#[tokio::test]
async fn http1_is_answered_over_tls() {
    let server = start().await;
    let stream = connect(server.addr, b"http/1.1").await;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1.1");
    let driver = tokio::spawn(connection);
    let response = sender.send_request(crate::http1::get("/livez")).await;
    assert_eq!(response.expect("a response").status(), 200);
    driver.abort();
}
