//! What the commands that serve share: logs, the listener, and what they say when they are ready.

use std::net::SocketAddr;

use protoloop::{
    Schema, ServerConfig, TlsFiles,
    rest::{ErrorFormat, Forms, PathProfile, RestOptions, UnknownQuery},
    telemetry,
};
use tokio::net::TcpListener;

use crate::{
    args::{LogFormat, RestErrors, RestForms, RestPaths, Surface},
    output::{self, BOLD, Failure, RESET},
    routes,
};

impl Surface {
    pub(super) fn start_logs(&self) -> Result<(), Failure> {
        let format = match self.log_format {
            Some(LogFormat::Text) => telemetry::LogFormat::Text,
            Some(LogFormat::Json) => telemetry::LogFormat::Json,
            None => telemetry::LogFormat::Auto,
        };
        telemetry::init(format, &self.log).map_err(|error| Failure::at("--log", error))
    }

    pub(super) fn config(&self) -> ServerConfig {
        let mut config = ServerConfig {
            rest: self.rest(),
            compress_responses: self.compress,
            cors: self.cors.clone(),
            drain_delay: self.lifecycle.drain_delay,
            grace_period: self.lifecycle.grace_period,
            max_connection_age: self.lifecycle.max_connection_age,
            max_connection_age_grace: self.lifecycle.max_connection_age_grace,
            ..ServerConfig::default()
        };
        if let (Some(certificate), Some(private_key)) = (&self.tls_cert, &self.tls_key) {
            config.tls = Some(TlsFiles {
                certificate: certificate.clone(),
                private_key: private_key.clone(),
                client_ca: self.tls_client_ca.clone(),
            });
        }
        config
    }

    fn rest(&self) -> RestOptions {
        let mut rest = RestOptions {
            path: match self.rest_paths {
                RestPaths::Google => PathProfile::Google,
                RestPaths::GrpcGateway => PathProfile::GrpcGateway,
                RestPaths::Envoy => PathProfile::Envoy,
            },
            error_format: match self.rest_errors {
                RestErrors::Envelope => ErrorFormat::Envelope,
                RestErrors::Status => ErrorFormat::Status,
            },
            forms: match self.rest_forms {
                RestForms::SameOrigin => Forms::SameOrigin,
                RestForms::Anywhere => Forms::FromAnywhere,
                RestForms::Refuse => Forms::Refuse,
            },
            ..RestOptions::default()
        };
        if self.ignore_unknown {
            rest.unknown_query = UnknownQuery::Ignore;
            rest.decode.ignore_unknown = true;
        }
        rest
    }

    pub(super) async fn bind(&self) -> Result<(TcpListener, SocketAddr), Failure> {
        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|error| Failure::at(format_args!("--listen {}", self.listen), error))?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::at(self.listen, error))?;
        Ok((listener, address))
    }

    /// Says what is served and where, each surface with a URL to click or to paste.
    pub(super) fn announce(&self, schema: &Schema, address: SocketAddr) {
        let scheme = if self.tls_cert.is_some() {
            "https"
        } else {
            "http"
        };
        let root = format!("{scheme}://{address}");
        if self.routes {
            routes::show(schema);
        }
        let first_get = routes::first_collection(schema).unwrap_or_else(|| "/".to_owned());
        output::line(format_args!("  {BOLD}REST{RESET}      {root}{first_get}"));
        output::line(format_args!(
            "  {BOLD}gRPC{RESET}      {address}  (with reflection)"
        ));
        output::line(format_args!("  {BOLD}gRPC-Web{RESET}  {root}"));
        output::line(format_args!("  {BOLD}Connect{RESET}   {root}"));
        output::line(format_args!("  {BOLD}health{RESET}    {root}/readyz"));
    }
}
