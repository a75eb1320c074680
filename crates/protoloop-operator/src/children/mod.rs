//! From a [`Microservice`] and some [`Facts`] to every object that it becomes.
//!
//! [`render`] is the one definition of names, labels, ports, probes and the rest. It is pure: what depends on a cluster (which
//! optional APIs there are, which revision of the schema may be served, what Secrets hold) is told by [`Facts`].
//!
//! Later steps win: the defaults here, then the fields of the resource, then `podTemplate`, then `objectOverrides`.

mod child;
mod container;
mod deployment;
mod environment;
mod facts;
mod gateway_api;
mod ingress;
mod monitor;
mod names;
mod network_policy;
mod overrides;
mod probes;
mod routes;
mod scaling;
mod schema;
mod service;
mod surface;

use kube::ResourceExt as _;

use crate::api::{Microservice, Source};

pub use child::{Child, ChildKind};
pub use container::{CONTAINER, pod_security, restricted};
pub use environment::{datasource, describe};
pub use facts::{Apis, Facts};
pub use gateway_api::{
    BackendRef, BackendTlsPolicy, BackendTlsPolicySpec, BackendValidation, GrpcMatch,
    GrpcMethodMatch, GrpcRoute, GrpcRouteRule, GrpcRouteSpec, HttpMatch, HttpPathMatch, HttpRoute,
    HttpRouteRule, HttpRouteSpec, ParentRef, PolicyTarget,
};
pub use monitor::{ServiceMonitor, ServiceMonitorEndpoint, ServiceMonitorSpec};
pub use names::{
    CHECKSUM, INSTANCE, MANAGED_BY, NAME, PART_OF, SCHEMA, VERSION, labels, selector, selector_text,
};
pub use scaling::{ScaledObject, ScaledObjectSpec, effective_minimum};
#[cfg(feature = "controller")]
pub(crate) use schema::hexadecimal;
pub use schema::{Content, Release, digest, files_of, revision_name};
pub use surface::{PathMatch, Surface};

/// Why a resource cannot be rendered: what the API server cannot check of it is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// None or several of schema, image and gateway.
    #[error("give exactly one of spec.schema, spec.image and spec.gateway")]
    NoSource,
    /// A field that is not what Kubernetes takes there.
    #[error("{path}: {problem}")]
    Field {
        /// `spec.volumes[2]`.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl RenderError {
    fn field(path: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Self::Field {
            path: path.into(),
            problem: problem.to_string(),
        }
    }
}

/// What renders one resource.
#[derive(Clone, Copy)]
struct Context<'a> {
    service: &'a Microservice,
    source: Source<'a>,
    facts: &'a Facts,
}

/// Every object that `service` becomes, in the order in which they are applied: what pods need comes before them.
///
/// Without [`Facts::release`] a service with a schema has no Deployment: there is nothing that could be served.
///
/// # Errors
/// The first field that does not fit.
pub fn render(service: &Microservice, facts: &Facts) -> Result<Vec<Child>, RenderError> {
    let source = service.spec.source().ok_or(RenderError::NoSource)?;
    let context = Context {
        service,
        source,
        facts,
    };
    let mut children = Vec::new();
    children.extend(context.service_account());
    children.extend(context.schema_config_map());
    children.extend(context.services()?);
    children.extend(context.network_policy()?);
    children.extend(context.deployment()?);
    children.extend(context.scaler()?);
    children.extend(context.disruption_budget()?);
    children.extend(context.routes());
    children.extend(context.ingresses());
    children.extend(context.service_monitor());
    overrides::apply(&service.spec.object_overrides, children)
}

/// The same objects as YAML documents, for people and for `kubectl apply -f`.
///
/// # Errors
/// When an object cannot be written, which no object of [`render`] is known for.
pub fn to_yaml(children: &[Child]) -> Result<String, RenderError> {
    let documents = children.iter().map(|child| yaml(&child.to_value()));
    Ok(documents.collect::<Result<Vec<_>, _>>()?.join("---\n"))
}

/// One object as a YAML document.
///
/// # Errors
/// As [`to_yaml`].
pub fn yaml(value: &serde_json::Value) -> Result<String, RenderError> {
    serde_saphyr::to_string(value).map_err(|error| RenderError::field("YAML", error))
}

impl Context<'_> {
    fn name(&self) -> String {
        self.service.name_any()
    }
}

#[cfg(test)]
mod tests;
