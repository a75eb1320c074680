//! The Services: one with an address, and one without for clients that balance by themselves.
//!
//! One HTTP/2 connection through an address stays at one pod, so a gRPC client that knows all pods balances better.

use k8s_openapi::{
    api::core::v1::{Service, ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};

use super::{
    Child, Context, RenderError,
    names::{COMPONENT, annotate},
};

/// HTTP/2 without TLS, as the Gateway API and meshes call it.
const H2C: &str = "kubernetes.io/h2c";

impl Context<'_> {
    pub(super) fn services(&self) -> Result<Vec<Child>, RenderError> {
        Ok(vec![self.service().into(), self.headless().into()])
    }

    fn service(&self) -> Service {
        let options = &self.service.spec.service;
        let mut metadata = self.metadata("");
        annotate(&mut metadata, &options.annotations);
        annotate(&mut metadata, &self.ingress_service_annotations());
        Service {
            metadata,
            spec: Some(ServiceSpec {
                type_: Some(options.kind.as_str().to_owned()),
                selector: Some(self.selector()),
                ports: Some(self.service_ports()),
                traffic_distribution: options.traffic_distribution.clone(),
                ..ServiceSpec::default()
            }),
            status: None,
        }
    }

    fn headless(&self) -> Service {
        let mut metadata = self.metadata("-headless");
        // So that who selects the service by its labels, as monitoring does, does not see every pod twice.
        metadata
            .labels
            .get_or_insert_default()
            .insert(COMPONENT.to_owned(), "headless".to_owned());
        let listening = self.listening();
        let http = listening.http.filter(|_| !listening.is_shared());
        let ports = [
            listening.grpc.map(|port| self.port("grpc", port, "grpc")),
            http.map(|port| self.port("http", port, "http")),
        ];
        Service {
            metadata,
            spec: Some(ServiceSpec {
                cluster_ip: Some("None".to_owned()),
                publish_not_ready_addresses: Some(false),
                selector: Some(self.selector()),
                ports: Some(ports.into_iter().flatten().collect()),
                ..ServiceSpec::default()
            }),
            status: None,
        }
    }

    fn service_ports(&self) -> Vec<ServicePort> {
        let numbers = &self.service.spec.service.ports;
        let listening = self.listening();
        let ports = [
            listening
                .grpc
                .map(|_| self.port("grpc", numbers.grpc, "grpc")),
            listening
                .http
                .map(|_| self.port("http", numbers.http, listening.http_name())),
            listening.metrics.map(|port| ServicePort {
                app_protocol: Some("http".to_owned()),
                ..self.port("metrics", port, "metrics")
            }),
        ];
        ports.into_iter().flatten().collect()
    }

    /// A port called `name`, at the container's port `target`.
    fn port(&self, name: &str, number: i32, target: &str) -> ServicePort {
        let protocol = match (self.service.spec.tls.is_some(), name) {
            (true, _) => "https",
            (false, "grpc") => H2C,
            // WebSockets and old clients come by HTTP/1.1, which h2c would forbid.
            (false, _) => "http",
        };
        ServicePort {
            name: Some(name.to_owned()),
            port: number,
            target_port: Some(IntOrString::String(target.to_owned())),
            protocol: Some("TCP".to_owned()),
            app_protocol: Some(protocol.to_owned()),
            node_port: None,
        }
    }
}
