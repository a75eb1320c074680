//! TLS by rustls with aws-lc-rs.

use std::{convert::Infallible, fmt, fs, io, path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    RootCertStore, ServerConfig as RustlsConfig, ServerConnection,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use sha2::{Digest as _, Sha256};
use tokio::{net::TcpStream, sync::watch, task::spawn_blocking, time::sleep};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::TlsFiles;

/// Makes a TLS stream of a TCP one.
#[derive(Clone)]
pub(crate) struct Acceptor(TlsAcceptor);

impl Acceptor {
    /// Reads the files and checks that key and certificate fit.
    pub(crate) fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.private_key)
            .map_err(|error| TlsError::file(&files.private_key, "a private key", error))?;
        // The provider is named here and no default installed: a library must not decide for the whole process.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = RustlsConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::setup)?;
        let builder = match &files.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(TlsError::setup)?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .map_err(TlsError::setup)?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(TlsError::setup)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}

/// SHA-256 of the certificate that the client has shown.
pub(super) fn fingerprint(connection: &ServerConnection) -> Option<[u8; 32]> {
    let shown = connection.peer_certificates()?.first()?;
    Some(Sha256::digest(shown).into())
}

/// An acceptor that follows its files, so that a certificate is renewed without a restart.
pub(crate) struct Renewed {
    files: TlsFiles,
    content: Content,
    current: watch::Sender<Acceptor>,
}

/// What stands in the files.
type Content = [Option<Vec<u8>>; 3];

impl Renewed {
    pub(crate) fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        // Read before the acceptor reads them: what changes in between is found by the next look.
        let content = content(files);
        Ok(Self {
            files: files.clone(),
            content,
            current: watch::Sender::new(Acceptor::new(files)?),
        })
    }

    /// What new connections are accepted with.
    pub(super) fn subscribe(&self) -> watch::Receiver<Acceptor> {
        self.current.subscribe()
    }

    /// Looks at the files at every interval. Files that cannot be used leave everything as it is, and are told once.
    pub(super) async fn follow(mut self, interval: Duration) -> Infallible {
        loop {
            sleep(interval).await;
            let (files, before) = (self.files.clone(), self.content.clone());
            let looked = spawn_blocking(move || {
                let now = content(&files);
                let changed = now != before;
                changed.then(|| (now, Acceptor::new(&files)))
            });
            let Ok(Some((now, acceptor))) = looked.await else {
                continue;
            };
            self.content = now;
            match acceptor {
                Ok(acceptor) => {
                    self.current.send_replace(acceptor);
                    tracing::info!("the TLS files have changed and are used from now on");
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "the TLS files have changed and cannot be used");
                }
            }
        }
    }
}

/// A file that cannot be read counts as an empty place: the acceptor tells what is wrong with it.
fn content(files: &TlsFiles) -> Content {
    let read = |path: &PathBuf| fs::read(path).ok();
    [
        read(&files.certificate),
        read(&files.private_key),
        files.client_ca.as_ref().and_then(read),
    ]
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |error| TlsError::file(path, "certificates", error);
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(wrong)?
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    if found.is_empty() {
        return Err(TlsError::file(path, "certificates", "it holds none"));
    }
    Ok(found)
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// The TLS files cannot be used.
#[derive(Debug)]
pub(crate) struct TlsError {
    what: String,
    source: Source,
}

impl TlsError {
    fn file(path: &std::path::Path, due: &str, source: impl Into<Source>) -> Self {
        Self {
            what: format!("cannot read {due} from the PEM file {}", path.display()),
            source: source.into(),
        }
    }

    fn setup(source: impl Into<Source>) -> Self {
        Self {
            what: "TLS cannot be set up with the given certificate and key".to_owned(),
            source: source.into(),
        }
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for TlsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
