//! How it is found out that a pod can work.
//!
//! Liveness never depends on anything outside the pod: a database that is away would have all pods killed.

use k8s_openapi::{
    api::core::v1::{GRPCAction, HTTPGetAction, Probe, TCPSocketAction},
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::Context;
use crate::api::{ProbeKind, Source};

/// Seconds between two questions while a pod starts.
const STARTUP_PERIOD: i32 = 2;

/// The service names under which our servers tell, over gRPC health, whether they can work, and whether they live at all.
const READINESS: &str = "readiness";
const LIVENESS: &str = "liveness";

#[derive(Debug, Default)]
pub(super) struct ContainerProbes {
    pub(super) startup: Option<Probe>,
    pub(super) liveness: Option<Probe>,
    pub(super) readiness: Option<Probe>,
}

/// What is asked about.
#[derive(Clone, Copy)]
enum About {
    Readiness,
    Liveness,
}

impl Context<'_> {
    pub(super) fn probes(&self) -> ContainerProbes {
        let kind = self.probe_kind();
        if kind == ProbeKind::Off {
            return ContainerProbes::default();
        }
        let seconds = self.service.spec.probes.startup_seconds;
        let startup = Probe {
            period_seconds: Some(STARTUP_PERIOD),
            failure_threshold: Some((seconds / STARTUP_PERIOD).max(1)),
            timeout_seconds: Some(2),
            ..self.probe(kind, About::Liveness)
        };
        let liveness = Probe {
            period_seconds: Some(10),
            failure_threshold: Some(6),
            timeout_seconds: Some(5),
            ..self.probe(kind, About::Liveness)
        };
        let readiness = Probe {
            period_seconds: Some(5),
            failure_threshold: Some(2),
            timeout_seconds: Some(3),
            ..self.probe(kind, About::Readiness)
        };
        ContainerProbes {
            startup: Some(startup),
            liveness: Some(liveness),
            readiness: Some(readiness),
        }
    }

    fn probe_kind(&self) -> ProbeKind {
        let listening = self.listening();
        match (self.service.spec.probes.kind, &self.service.spec.tls) {
            (ProbeKind::Auto, Some(tls)) if tls.client_certificates || listening.http.is_none() => {
                ProbeKind::Tcp
            }
            (ProbeKind::Auto, Some(_)) => ProbeKind::Http,
            (ProbeKind::Auto, None) if listening.grpc.is_some() => ProbeKind::Grpc,
            (ProbeKind::Auto, None) => ProbeKind::Http,
            (given, _) => given,
        }
    }

    fn probe(&self, kind: ProbeKind, about: About) -> Probe {
        let listening = self.listening();
        let grpc = listening.grpc.or(listening.http).unwrap_or_default();
        let http = listening.http.or(listening.grpc).unwrap_or_default();
        let mut probe = Probe::default();
        match kind {
            ProbeKind::Grpc | ProbeKind::Auto => {
                probe.grpc = Some(GRPCAction {
                    port: grpc,
                    service: self.health_service(about),
                });
            }
            ProbeKind::Http => probe.http_get = Some(self.http_probe(http, about)),
            ProbeKind::Tcp | ProbeKind::Off => {
                probe.tcp_socket = Some(TCPSocketAction {
                    host: None,
                    port: IntOrString::Int(grpc),
                });
            }
        }
        probe
    }

    /// Of an image it is known only that the empty name stands for the server.
    fn health_service(&self, about: About) -> Option<String> {
        let ours = !matches!(self.source, Source::Image(_));
        let given = self.service.spec.probes.service.clone();
        match (about, ours) {
            (About::Readiness, true) => Some(given.unwrap_or_else(|| READINESS.to_owned())),
            (About::Readiness, false) => Some(given.unwrap_or_default()),
            (About::Liveness, true) => Some(LIVENESS.to_owned()),
            (About::Liveness, false) => Some(String::new()),
        }
    }

    fn http_probe(&self, port: i32, about: About) -> HTTPGetAction {
        let probes = &self.service.spec.probes;
        let path = match about {
            About::Readiness => &probes.ready_path,
            About::Liveness => &probes.live_path,
        };
        let scheme = if self.service.spec.tls.is_some() {
            "HTTPS"
        } else {
            "HTTP"
        };
        HTTPGetAction {
            path: Some(path.clone()),
            port: IntOrString::Int(port),
            scheme: Some(scheme.to_owned()),
            ..HTTPGetAction::default()
        }
    }
}
