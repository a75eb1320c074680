//! TLS to an upstream, by rustls with aws-lc-rs.

use std::{io, path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{ConfigError, UpstreamTls};

/// Makes a TLS stream of a TCP one.
#[derive(Clone)]
pub(crate) struct Connector {
    connector: TlsConnector,
    /// Instead of the host's name.
    server_name: Option<ServerName<'static>>,
}

impl Connector {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, or holds something else than it should.
    pub(crate) fn new(tls: &UpstreamTls) -> Result<Self, ConfigError> {
        // The provider is named here and no default installed: a library must not decide for the whole process.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(setup)?
            .with_root_certificates(roots(tls.ca.as_deref())?);
        let mut config = match &tls.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| file(key, "a private key", &error))?;
                builder
                    .with_client_auth_cert(certificates(certificate)?, key)
                    .map_err(setup)?
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let server_name = tls.server_name.clone().map(|name| {
            ServerName::try_from(name.clone())
                .map_err(|_| ConfigError(format!("{name:?} is no name of a server")))
        });
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server_name: server_name.transpose()?,
        })
    }

    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<TlsStream<TcpStream>> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned()).map_err(io::Error::other)?,
        };
        let stream = self.connector.connect(name, stream).await?;
        // Without ALPN there would be HTTP/2 frames sent to whoever is there.
        if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the server does not offer HTTP/2 by ALPN"));
        }
        Ok(stream)
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in certificates(path)? {
            roots
                .add(certificate)
                .map_err(|error| file(path, "authorities", &error))?;
        }
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let causes: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
        return Err(ConfigError(format!(
            "the system has no certificates to trust ({}); give an authority of your own",
            causes.join("; ")
        )));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let wrong = |error| file(path, "certificates", &error);
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(wrong)?
        .collect::<Result<_, _>>()
        .map_err(wrong)?;
    if found.is_empty() {
        return Err(file(path, "certificates", &"it holds none"));
    }
    Ok(found)
}

fn file(path: &Path, due: &str, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError(format!(
        "cannot read {due} from the PEM file {}: {error}",
        path.display()
    ))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn setup(error: rustls::Error) -> ConfigError {
    ConfigError(format!("TLS cannot be set up: {error}"))
}
