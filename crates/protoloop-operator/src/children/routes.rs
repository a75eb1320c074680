//! Routes of the Gateway API, as the schema asks for them.

use super::{
    BackendRef, BackendTlsPolicy, BackendTlsPolicySpec, BackendValidation, Child, Context,
    GrpcMatch, GrpcMethodMatch, GrpcRoute, GrpcRouteRule, GrpcRouteSpec, HttpMatch, HttpPathMatch,
    HttpRoute, HttpRouteRule, HttpRouteSpec, ParentRef, PathMatch, PolicyTarget,
};
use crate::api::{GrpcRouteOptions, HttpRouteOptions, ParentReference};

/// As many matches as a rule may have.
const PER_RULE: usize = 64;
/// As many as a route may have.
const PER_ROUTE: usize = 128;

/// What every server of ours answers beside the schema's services.
const REFLECTION: [&str; 3] = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
];

impl Context<'_> {
    pub(super) fn routes(&self) -> Vec<Child> {
        let Some(routes) = &self.service.spec.routes else {
            return Vec::new();
        };
        let apis = self.facts.apis;
        let grpc = routes.grpc.as_ref().filter(|_| apis.grpc_route);
        let http = routes.http.as_ref().filter(|_| apis.http_route);
        let mut all: Vec<Child> = Vec::new();
        all.extend(grpc.map(|options| self.grpc_route(options).into()));
        all.extend(http.map(|options| self.http_route(options).into()));
        if !all.is_empty() {
            all.extend(self.backend_tls().map(Child::from));
        }
        all
    }

    /// That Gateways speak TLS to the pods, where those do and the certificate's name is told.
    fn backend_tls(&self) -> Option<BackendTlsPolicy> {
        let tls = self.service.spec.tls.as_ref();
        let tls = tls.filter(|_| self.facts.apis.backend_tls_policy)?;
        let hostname = tls.hostname.clone()?;
        let target = |kind: &str, name: String| PolicyTarget {
            group: String::new(),
            kind: kind.to_owned(),
            name,
        };
        let authorities = tls.authorities.clone();
        Some(BackendTlsPolicy {
            metadata: self.metadata(""),
            spec: BackendTlsPolicySpec {
                target_refs: vec![target("Service", self.name())],
                validation: BackendValidation {
                    well_known: authorities.is_none().then(|| "System".to_owned()),
                    ca_certificate_refs: authorities
                        .map(|name| target("ConfigMap", name))
                        .into_iter()
                        .collect(),
                    hostname,
                },
            },
        })
    }

    fn grpc_route(&self, options: &GrpcRouteOptions) -> GrpcRoute {
        let backends = vec![self.backend(self.service.spec.service.ports.grpc)];
        let mut services = self
            .facts
            .surface
            .as_ref()
            .map(|surface| surface.services.clone())
            .unwrap_or_default();
        if options.reflection && !services.is_empty() {
            services.extend(REFLECTION.map(str::to_owned));
        }
        // What cannot be listed is let through as a whole.
        if services.len() > PER_ROUTE {
            services.clear();
        }
        let matches: Vec<_> = services.into_iter().map(exact_service).collect();
        let rule = |matches: &[GrpcMatch]| GrpcRouteRule {
            matches: matches.to_vec(),
            backend_refs: backends.clone(),
        };
        let rules = match matches.is_empty() {
            true => vec![rule(&[])],
            false => matches.chunks(PER_RULE).map(rule).collect(),
        };
        GrpcRoute {
            metadata: self.metadata(""),
            spec: GrpcRouteSpec {
                parent_refs: options.parent_refs.iter().map(parent).collect(),
                hostnames: options.hostnames.clone(),
                rules,
            },
        }
    }

    fn http_route(&self, options: &HttpRouteOptions) -> HttpRoute {
        let known = self
            .facts
            .surface
            .as_ref()
            .map(|surface| &*surface.paths)
            .unwrap_or_default();
        let everything = [PathMatch::Prefix("/".to_owned())];
        let paths = match options.all_paths || known.is_empty() {
            true => &everything,
            false => known,
        };
        let rule = |paths: &[PathMatch]| HttpRouteRule {
            matches: paths.iter().map(http_match).collect(),
            backend_refs: vec![self.backend(self.service.spec.service.ports.http)],
        };
        HttpRoute {
            metadata: self.metadata(""),
            spec: HttpRouteSpec {
                parent_refs: options.parent_refs.iter().map(parent).collect(),
                hostnames: options.hostnames.clone(),
                rules: paths.chunks(PER_RULE).map(rule).collect(),
            },
        }
    }

    fn backend(&self, port: i32) -> BackendRef {
        BackendRef {
            group: String::new(),
            kind: "Service".to_owned(),
            name: self.name(),
            port,
            weight: 1,
        }
    }
}

fn exact_service(service: String) -> GrpcMatch {
    GrpcMatch {
        method: GrpcMethodMatch {
            kind: "Exact".to_owned(),
            service,
        },
    }
}

fn http_match(path: &PathMatch) -> HttpMatch {
    let (kind, value) = match path {
        PathMatch::Exact(path) => ("Exact", path),
        PathMatch::Prefix(path) => ("PathPrefix", path),
    };
    HttpMatch {
        path: HttpPathMatch {
            kind: kind.to_owned(),
            value: value.clone(),
        },
    }
}

fn parent(reference: &ParentReference) -> ParentRef {
    ParentRef {
        group: "gateway.networking.k8s.io".to_owned(),
        kind: "Gateway".to_owned(),
        namespace: reference.namespace.clone(),
        name: reference.name.clone(),
        section_name: reference.section_name.clone(),
    }
}
