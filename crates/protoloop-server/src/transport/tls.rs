//! TLS by rustls with aws-lc-rs.

use std::{fmt, io, path::PathBuf, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig as RustlsConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use tokio::net::TcpStream;
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
