//! What an upstream can be told, with its defaults.

use std::{fmt, path::PathBuf, time::Duration};

use crate::{RetryPolicy, address::Address};

/// One upstream. Every field but the address has a default.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// `http://host:port` (plain text) or `https://host:port` (TLS). Several addresses of the same service are separated
    /// by commas, and a name may stand for several: calls go to those that answer.
    pub url: String,
    /// Certificates; for `https` only.
    pub tls: UpstreamTls,
    /// Time for a TCP connection with its handshakes. 5 s.
    pub connect_timeout: Duration,
    /// How often names are looked up again. 30 s; at once while nothing answers.
    pub resolve_interval: Duration,
    /// How often `grpc.health.v1` is asked, where the upstream has it. 5 s.
    pub health_interval: Duration,
    /// How long a health check may take; two late ones in a row end the connection. 3 s.
    pub health_timeout: Duration,
    /// Bytes of one response message, after decompression. 64 MiB.
    pub max_response_bytes: usize,
    /// When and how often a call is tried again.
    pub retry: RetryPolicy,
}

/// Certificates for TLS to an upstream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpstreamTls {
    /// PEM file with the authorities to trust; the system's when left out.
    pub ca: Option<PathBuf>,
    /// PEM file with the certificate chain to show, leaf first, and with its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name that the upstream's certificate must have; that of the URL when left out.
    pub server_name: Option<String>,
}

impl UpstreamConfig {
    /// An upstream at a URL, everything else by default.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            tls: UpstreamTls::default(),
            connect_timeout: Duration::from_secs(5),
            resolve_interval: Duration::from_secs(30),
            health_interval: Duration::from_secs(5),
            health_timeout: Duration::from_secs(3),
            max_response_bytes: 64 << 20,
            retry: RetryPolicy::default(),
        }
    }

    /// # Errors
    /// The URL is none of an upstream, or certificates are given for plain text.
    pub(crate) fn address(&self) -> Result<Address, ConfigError> {
        let wrong = |text| ConfigError(format!("upstream {}: {text}", self.url));
        let address: Address = self.url.parse().map_err(wrong)?;
        if !address.tls && self.tls != UpstreamTls::default() {
            return Err(wrong(
                "certificates are for https://; this is plain text".to_owned(),
            ));
        }
        Ok(address)
    }
}

/// An upstream that cannot be used as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(pub(crate) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}
