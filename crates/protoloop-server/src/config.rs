//! What a server can be told, with its defaults.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use protoloop_core::observe::Observer;
use protoloop_gateway::{RestOptions, RpcOptions};

use crate::{port::Cors, sequence::TrustedProxy};

/// Bounds and switches of a server. Every field has a default that is safe on an open port; times are wall-clock.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Connections at once; further ones wait in the listener's queue. 10,000.
    pub max_connections: usize,
    /// Calls in flight on one HTTP/2 connection. 256.
    pub max_concurrent_streams: u32,
    /// Calls in flight on all connections; above it a call gets UNAVAILABLE. 4,096.
    pub max_concurrent_calls: usize,
    /// Bytes of one request message, after decompression. 4 MiB.
    pub max_request_bytes: usize,
    /// Bytes of one response message; a larger one ends the call with OUT_OF_RANGE. 64 MiB.
    pub max_response_bytes: usize,
    /// How deep messages may nest. 100.
    pub max_message_depth: usize,
    /// Bytes of the headers of one request. 16 KiB. Path and query count beside them, up to `max_uri_bytes` of
    /// [`ServerConfig::rest`]: a head that is larger than both bounds together gets a 431 without a body.
    pub max_header_bytes: u32,
    /// Headers of one HTTP/1.1 request. 100.
    pub max_headers: usize,
    /// Time of a unary call whose method has no timeout of its own. 30 s; `None` for no bound.
    pub default_timeout: Option<Duration>,
    /// Time for the headers of a request, for a TLS handshake, and for the message of a unary request. 20 s.
    pub read_timeout: Duration,
    /// A connection without calls is closed after this. 5 min.
    pub idle_timeout: Duration,
    /// How often an HTTP/2 peer is asked for a sign of life. 30 s; `None` for never.
    pub keep_alive_interval: Option<Duration>,
    /// How long it may take to give one. 20 s.
    pub keep_alive_timeout: Duration,
    /// How long the server goes on accepting after it said that it is not ready, so that load balancers can turn away
    /// from it. 0 s; several seconds behind Kubernetes services.
    pub drain_delay: Duration,
    /// How long calls in flight may take after that; then they are cut off. Streams are ended with UNAVAILABLE half
    /// a second before, WebSockets a second. 30 s.
    pub grace_period: Duration,
    /// How old a connection gets, give or take a tenth; then its peer is told to open another one (GOAWAY, or
    /// `Connection: close`), which a balancer of connections may send elsewhere. `None`, the default, for any age.
    pub max_connection_age: Option<Duration>,
    /// How long calls in flight on a connection that is too old may take; then it is cut off. `None`, the default, for as
    /// long as they take.
    pub max_connection_age_grace: Option<Duration>,
    /// How often readiness checks run. 5 s.
    pub check_interval: Duration,
    /// How long one readiness check may take. 2 s.
    pub check_timeout: Duration,
    /// Whether responses are compressed with gzip or zstd, over REST Brotli too, when the client takes it. Off: on a fast
    /// network it costs more than it saves. Compressed requests are always accepted.
    pub compress_responses: bool,
    /// Whether `grpc.reflection.v1` and `v1alpha` are served. On.
    pub reflection: bool,
    /// Which web pages of other origins may call. None: a page of anybody that a person looks at must not reach what
    /// listens on that person's machine or network.
    pub cors: Cors,
    /// Whether requests and answers are held to `google.api.field_behavior`, and hidden fields kept back, for methods
    /// that the standard engine does not serve; see [`FieldBehavior`](crate::FieldBehavior). On. A server in front of
    /// others, which hold to it in their own way, may turn it off.
    pub field_behavior: bool,
    /// How REST requests are read and answered. The bounds of bodies in it are not looked at: those of this
    /// configuration count for every protocol.
    pub rest: RestOptions,
    /// Certificate and key; `None` for plain text (HTTP/1.1 and h2c). Files that change are read again.
    pub tls: Option<TlsFiles>,
    /// Between two looks at the TLS files. 10 s.
    pub tls_interval: Duration,
    /// In which headers a proxy in front of the server says who calls. None: a header says nothing about the caller.
    pub trusted_proxy: TrustedProxy,
    /// Who is told of every request, for metrics and traces. Nobody.
    pub observer: Option<Arc<dyn Observer>>,
}

/// PEM files for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1.
    pub private_key: PathBuf,
    /// Certificate authorities of clients; when given, a client must show a certificate of one of them.
    pub client_ca: Option<PathBuf>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_concurrent_streams: 256,
            max_concurrent_calls: 4096,
            max_request_bytes: 4 << 20,
            max_response_bytes: 64 << 20,
            max_message_depth: 100,
            max_header_bytes: 16 << 10,
            max_headers: 100,
            default_timeout: Some(Duration::from_secs(30)),
            read_timeout: Duration::from_secs(20),
            idle_timeout: Duration::from_secs(300),
            keep_alive_interval: Some(Duration::from_secs(30)),
            keep_alive_timeout: Duration::from_secs(20),
            drain_delay: Duration::ZERO,
            grace_period: Duration::from_secs(30),
            max_connection_age: None,
            max_connection_age_grace: None,
            check_interval: Duration::from_secs(5),
            check_timeout: Duration::from_secs(2),
            compress_responses: false,
            reflection: true,
            cors: Cors::Off,
            field_behavior: true,
            rest: RestOptions::default(),
            tls: None,
            tls_interval: Duration::from_secs(10),
            trusted_proxy: TrustedProxy::default(),
            observer: None,
        }
    }
}

impl ServerConfig {
    /// What the RPC protocols are told.
    pub(crate) fn rpc_options(&self) -> RpcOptions {
        let mut options = RpcOptions {
            max_message_bytes: self.max_request_bytes,
            max_response_bytes: self.max_response_bytes,
            compress: self.compress_responses,
            ..RpcOptions::default()
        };
        options.decode.size = self.max_request_bytes;
        options.decode.depth = self.max_message_depth;
        options
    }

    /// Checks every field; nothing is opened or bound.
    ///
    /// # Errors
    /// All wrong fields at once, each with the values it may have.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let counts = [
            ("max_connections", self.max_connections),
            (
                "max_concurrent_streams",
                self.max_concurrent_streams as usize,
            ),
            ("max_concurrent_calls", self.max_concurrent_calls),
            ("max_request_bytes", self.max_request_bytes),
            ("max_response_bytes", self.max_response_bytes),
            ("max_message_depth", self.max_message_depth),
            ("max_headers", self.max_headers),
        ];
        let times = [
            (
                "default_timeout",
                self.default_timeout.unwrap_or(Duration::MAX),
            ),
            ("read_timeout", self.read_timeout),
            ("idle_timeout", self.idle_timeout),
            (
                "keep_alive_interval",
                self.keep_alive_interval.unwrap_or(Duration::MAX),
            ),
            ("keep_alive_timeout", self.keep_alive_timeout),
            (
                "max_connection_age",
                self.max_connection_age.unwrap_or(Duration::MAX),
            ),
            ("check_interval", self.check_interval),
            ("check_timeout", self.check_timeout),
            ("tls_interval", self.tls_interval),
        ];
        let counts = counts.iter().filter(|(_, value)| *value == 0);
        let mut problems: Vec<_> = counts
            .map(|(name, _)| format!("{name}: must be at least 1"))
            .collect();
        let times = times.iter().filter(|(_, value)| value.is_zero());
        problems.extend(times.map(|(name, _)| format!("{name}: must be longer than zero")));
        if self.max_header_bytes < MIN_HEADER_BYTES {
            problems.push(format!(
                "max_header_bytes: must be at least {MIN_HEADER_BYTES}"
            ));
        }
        if self.max_request_bytes > u32::MAX as usize {
            problems.push("max_request_bytes: a gRPC message has at most 4 GiB".to_owned());
        }
        self.cors.check(&mut problems);
        self.trusted_proxy.check(&mut problems);
        if problems.is_empty() {
            return Ok(());
        }
        Err(ConfigError { problems })
    }
}

/// The HTTP/1.1 reader needs a buffer of this size at least.
const MIN_HEADER_BYTES: u32 = 8 << 10;

/// Every wrong field of a [`ServerConfig`].
#[derive(Debug)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// One text per wrong field: its name, and what it may be.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server configuration: {}", self.problems.join("; "))
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        ServerConfig::default().validate().expect("valid");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let config = ServerConfig {
            max_connections: 0,
            max_header_bytes: 10,
            read_timeout: Duration::ZERO,
            cors: Cors::Origins(vec!["shop.example".to_owned()]),
            ..ServerConfig::default()
        };
        let error = config.validate().expect_err("wrong");
        insta::assert_snapshot!(error.problems().join("\n"), @r#"
            max_connections: must be at least 1
            read_timeout: must be longer than zero
            max_header_bytes: must be at least 8192
            cors: "shop.example" must be a scheme and a host in small letters, such as https://shop.example
        "#);
    }
}
