//! The kinds of objects that a resource becomes.

use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{ConfigMap, Service, ServiceAccount},
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Map, Value};

use super::{
    Apis, BackendTlsPolicy, GrpcRoute, HttpRoute, RenderError, ScaledObject, ServiceMonitor,
};

macro_rules! children {
    ($($name:ident, $kind:literal, $group:literal, $version:literal, $plural:literal;)*) => {
        /// An object.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Child {
            $(#[doc = concat!("`", $kind, "`, ", $plural, ".")] $name(Box<$name>),)*
        }

        /// The kind of an object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ChildKind {
            $(#[doc = concat!("`", $kind, "`, ", $plural, ".")] $name,)*
        }

        impl ChildKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// `Deployment`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $kind,)* }
            }

            /// How the API server calls it.
            #[must_use]
            pub fn api_resource(self) -> ApiResource {
                let (group, version, plural) = match self { $(Self::$name => ($group, $version, $plural),)* };
                ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, self.as_str()), plural)
            }
        }

        impl Child {
            /// Its kind.
            #[must_use]
            pub fn kind(&self) -> ChildKind {
                match self { $(Self::$name(_) => ChildKind::$name,)* }
            }

            /// Its metadata.
            #[must_use]
            pub fn metadata(&self) -> &ObjectMeta {
                match self { $(Self::$name(object) => &object.metadata,)* }
            }

            pub(super) fn metadata_mut(&mut self) -> &mut ObjectMeta {
                match self { $(Self::$name(object) => &mut object.metadata,)* }
            }

            fn body(&self) -> serde_json::Result<Value> {
                match self { $(Self::$name(object) => serde_json::to_value(object),)* }
            }

            /// The object of a kind that JSON describes.
            pub(super) fn parse(kind: ChildKind, value: Value) -> Result<Self, RenderError> {
                let wrong = |error| RenderError::field("spec.objectOverrides", format_args!("{}: {error}", kind.as_str()));
                Ok(match kind { $(ChildKind::$name => Self::$name(serde_json::from_value(value).map_err(wrong)?),)* })
            }
        }

        $(impl From<$name> for Child {
            fn from(object: $name) -> Self {
                Self::$name(Box::new(object))
            }
        })*
    };
}

children! {
    ServiceAccount, "ServiceAccount", "", "v1", "serviceaccounts";
    ConfigMap, "ConfigMap", "", "v1", "configmaps";
    Service, "Service", "", "v1", "services";
    NetworkPolicy, "NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies";
    Deployment, "Deployment", "apps", "v1", "deployments";
    HorizontalPodAutoscaler, "HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers";
    ScaledObject, "ScaledObject", "keda.sh", "v1alpha1", "scaledobjects";
    PodDisruptionBudget, "PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets";
    GrpcRoute, "GRPCRoute", "gateway.networking.k8s.io", "v1", "grpcroutes";
    HttpRoute, "HTTPRoute", "gateway.networking.k8s.io", "v1", "httproutes";
    BackendTlsPolicy, "BackendTLSPolicy", "gateway.networking.k8s.io", "v1", "backendtlspolicies";
    Ingress, "Ingress", "networking.k8s.io", "v1", "ingresses";
    ServiceMonitor, "ServiceMonitor", "monitoring.coreos.com", "v1", "servicemonitors";
}

impl ChildKind {
    /// Whether a cluster with these optional APIs has it.
    #[must_use]
    pub fn is_in(self, apis: Apis) -> bool {
        match self {
            Self::GrpcRoute => apis.grpc_route,
            Self::HttpRoute => apis.http_route,
            Self::BackendTlsPolicy => apis.backend_tls_policy,
            Self::ScaledObject => apis.scaled_object,
            Self::ServiceMonitor => apis.service_monitor,
            Self::ServiceAccount
            | Self::ConfigMap
            | Self::Service
            | Self::NetworkPolicy
            | Self::Deployment
            | Self::HorizontalPodAutoscaler
            | Self::PodDisruptionBudget
            | Self::Ingress => true,
        }
    }
}

impl Child {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// The whole object as the API server takes it, `apiVersion` and `kind` included.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let resource = self.kind().api_resource();
        let mut object = Map::new();
        object.insert("apiVersion".to_owned(), resource.api_version.into());
        object.insert("kind".to_owned(), resource.kind.into());
        // Types of this crate and of k8s-openapi have string keys only, the one thing that JSON cannot do without.
        if let Ok(Value::Object(body)) = self.body() {
            object.extend(body);
        }
        Value::Object(object)
    }
}
