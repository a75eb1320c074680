//! The same port under TLS.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use http::Uri;
use hyper_util::rt::TokioIo;
use protoloop_core::{BoxFuture, Call, Handler, Reply, Result};
use protoloop_server::{Phase, Sequence, ServerConfig, TlsFiles, layer_fn};
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tonic::transport::Endpoint;
use tower::service_fn;

use crate::{
    client::{Client, Running, builder},
    fixture::{read, text},
};

pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(name)
}

/// Certificates on both sides, which one authority signed.
fn shared(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/tls")
        .join(name)
}

async fn start() -> Running {
    start_with(TlsFiles {
        certificate: file("server.pem"),
        private_key: file("server.key"),
        client_ca: None,
    })
    .await
}

async fn start_with(files: TlsFiles) -> Running {
    let config = ServerConfig {
        tls: Some(files),
        ..ServerConfig::default()
    };
    Running::start(builder(config)).await
}

/// A certificate that another authority signed takes the place of the first one, and nobody restarts anything.
#[tokio::test]
async fn files_that_change_are_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name);
    let copy = |from: PathBuf, name: &str| {
        std::fs::copy(from, place(name)).expect("copied");
    };
    copy(file("server.pem"), "server.pem");
    copy(file("server.key"), "server.key");
    let config = ServerConfig {
        tls: Some(TlsFiles {
            certificate: place("server.pem"),
            private_key: place("server.key"),
            client_ca: None,
        }),
        tls_interval: std::time::Duration::from_millis(20),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let trusts = async |authority: &Path, name: &'static str| {
        let config = trusting(authority).with_no_client_auth();
        let stream = TcpStream::connect(server.addr).await.expect("listening");
        let name = ServerName::try_from(name).expect("a name");
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.is_ok()
    };
    assert!(trusts(&file("ca.pem"), "localhost").await);
    // Half of a change: what was there stays.
    copy(shared("server.pem"), "server.pem");
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(trusts(&file("ca.pem"), "localhost").await);
    copy(shared("server.key"), "server.key");
    for _ in 0..100 {
        if trusts(&shared("ca.pem"), "books.example").await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the new certificate is not used");
}

pub(crate) async fn connect(addr: SocketAddr, alpn: &[u8]) -> TlsStream<TcpStream> {
    let mut config = trusting(&file("ca.pem")).with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    connect_by(addr, "localhost", config).await.expect("TLS")
}

fn trusting(ca: &Path) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(ca).expect("a certificate");
    roots.add(ca).expect("a certificate authority");
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
}

async fn connect_by(
    addr: SocketAddr,
    name: &'static str,
    config: ClientConfig,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(addr).await.expect("a connection");
    let name = ServerName::try_from(name).expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
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

/// A client's certificate and its key.
fn pair(chain: PathBuf, key: PathBuf) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let chain = vec![CertificateDer::from_pem_file(chain).expect("a certificate")];
    (chain, PrivateKeyDer::from_pem_file(key).expect("a key"))
}

/// Whether a client that shows this certificate is answered.
async fn is_answered(server: &Running, shown: Option<(PathBuf, PathBuf)>) -> bool {
    let config = trusting(&shared("ca.pem"));
    let config = match shown {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let (chain, key) = pair(chain, key);
            config
                .with_client_auth_cert(chain, key)
                .expect("a pair that fits")
        }
    };
    // In TLS 1.3 the client is done before the server has looked at its certificate: the refusal comes on the first read.
    let Ok(stream) = connect_by(server.addr, "books.example", config).await else {
        return false;
    };
    let Ok((mut sender, connection)) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await
    else {
        return false;
    };
    let driver = tokio::spawn(connection);
    let response = sender.send_request(crate::http1::get("/livez")).await;
    driver.abort();
    response.is_ok_and(|response| response.status() == 200)
}

#[tokio::test]
async fn a_client_shows_a_certificate_where_one_is_asked_for() {
    let server = start_with(TlsFiles {
        certificate: shared("server.pem"),
        private_key: shared("server.key"),
        client_ca: Some(shared("ca.pem")),
    })
    .await;
    let good = (shared("client.pem"), shared("client.key"));
    assert!(is_answered(&server, Some(good)).await);
    assert!(!is_answered(&server, None).await, "no certificate");
    let foreign = (file("server.pem"), file("server.key"));
    assert!(
        !is_answered(&server, Some(foreign)).await,
        "of another authority"
    );
}

#[tokio::test]
async fn a_call_carries_the_fingerprint_of_its_clients_certificate() {
    let seen: Arc<Mutex<Vec<Option<[u8; 32]>>>> = Arc::default();
    let sink = Arc::clone(&seen);
    let layer = layer_fn(move |inner| {
        let sink = Arc::clone(&sink);
        Arc::new(See { inner, sink })
    });
    let config = ServerConfig {
        tls: Some(TlsFiles {
            certificate: shared("server.pem"),
            private_key: shared("server.key"),
            client_ca: Some(shared("ca.pem")),
        }),
        ..ServerConfig::default()
    };
    let layers = Sequence::builder().at(Phase::Authenticate, layer);
    let server = Running::start(builder(config).layers(layers)).await;
    let (chain, key) = pair(shared("client.pem"), shared("client.key"));
    let due: [u8; 32] = Sha256::digest(&chain[0]).into();
    let mut client = trusting(&shared("ca.pem"))
        .with_client_auth_cert(chain, key)
        .expect("a pair that fits");
    client.alpn_protocols = vec![b"h2".to_vec()];
    let addr = server.addr;
    let connector = service_fn(move |_: Uri| {
        let client = client.clone();
        async move {
            connect_by(addr, "books.example", client)
                .await
                .map(TokioIo::new)
        }
    });
    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(connector)
        .await
        .expect("a channel");
    let answer = Client::over(channel).unary("Say", text("hi")).await;
    answer.expect("an answer");
    assert_eq!(*seen.lock().expect("no panic under it"), [Some(due)]);
}

/// Notes the certificates that calls carry.
struct See {
    inner: Arc<dyn Handler>,
    sink: Arc<Mutex<Vec<Option<[u8; 32]>>>>,
}

impl Handler for See {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let certificate = call.context.certificate().copied();
        self.sink
            .lock()
            .expect("no panic under it")
            .push(certificate);
        self.inner.call(call)
    }
}
