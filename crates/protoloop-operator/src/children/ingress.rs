//! Ingresses, one per protocol: what a controller speaks to pods is said by an annotation, on the Ingress or on the Service,
//! as each class has it.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule,
    IngressServiceBackend, IngressSpec, IngressTLS, ServiceBackendPort,
};

use super::{
    Child, Context,
    names::{annotate, map},
};
use crate::api::{IngressHost, IngressOptions};

impl Context<'_> {
    pub(super) fn ingresses(&self) -> Vec<Child> {
        let routes = self.service.spec.routes.as_ref();
        let Some(options) = routes.and_then(|routes| routes.ingress.as_ref()) else {
            return Vec::new();
        };
        let http = options
            .http
            .as_ref()
            .map(|host| self.ingress(options, host, "http"));
        let grpc = options
            .grpc
            .as_ref()
            .map(|host| self.ingress(options, host, "grpc"));
        http.into_iter().chain(grpc).map(Child::from).collect()
    }

    fn ingress(&self, options: &IngressOptions, host: &IngressHost, port: &str) -> Ingress {
        let is_grpc = port == "grpc";
        let mut metadata = self.metadata(if is_grpc { "-grpc" } else { "" });
        if is_grpc {
            annotate(
                &mut metadata,
                &grpc_annotations(&options.class_name, self.service.spec.tls.is_some()),
            );
        }
        annotate(&mut metadata, &options.annotations);
        let path = HTTPIngressPath {
            path: Some("/".to_owned()),
            path_type: "Prefix".to_owned(),
            backend: IngressBackend {
                service: Some(IngressServiceBackend {
                    name: self.name(),
                    port: Some(ServiceBackendPort {
                        name: Some(port.to_owned()),
                        number: None,
                    }),
                }),
                resource: None,
            },
        };
        let tls = host.tls_secret.clone().map(|secret| IngressTLS {
            hosts: Some(vec![host.host.clone()]),
            secret_name: Some(secret),
        });
        Ingress {
            metadata,
            spec: Some(IngressSpec {
                ingress_class_name: Some(options.class_name.clone()),
                rules: Some(vec![IngressRule {
                    host: Some(host.host.clone()),
                    http: Some(HTTPIngressRuleValue { paths: vec![path] }),
                }]),
                tls: tls.map(|tls| vec![tls]),
                default_backend: None,
            }),
            status: None,
        }
    }

    /// Annotations of the Service, for classes that look there.
    pub(super) fn ingress_service_annotations(&self) -> BTreeMap<String, String> {
        let routes = self.service.spec.routes.as_ref();
        let ingress = routes
            .and_then(|routes| routes.ingress.as_ref())
            .filter(|ingress| ingress.grpc.is_some());
        let tls = self.service.spec.tls.is_some();
        match ingress.map(|ingress| &*ingress.class_name) {
            Some("traefik") if tls => map([(
                "traefik.ingress.kubernetes.io/service.serversscheme",
                "https",
            )]),
            Some("traefik") => {
                map([("traefik.ingress.kubernetes.io/service.serversscheme", "h2c")])
            }
            Some("contour") if tls => map([("projectcontour.io/upstream-protocol.h2", "grpc")]),
            Some("contour") => map([("projectcontour.io/upstream-protocol.h2c", "grpc")]),
            _ => BTreeMap::new(),
        }
    }
}

/// Annotations of the Ingress itself.
fn grpc_annotations(class: &str, tls: bool) -> BTreeMap<String, String> {
    match class {
        "nginx" if tls => map([("nginx.ingress.kubernetes.io/backend-protocol", "GRPCS")]),
        "nginx" => map([("nginx.ingress.kubernetes.io/backend-protocol", "GRPC")]),
        "haproxy" => map([("haproxy.org/server-proto", "h2")]),
        _ => BTreeMap::new(),
    }
}
