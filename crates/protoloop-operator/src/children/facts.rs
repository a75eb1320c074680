//! What a resource alone does not tell.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

use super::{Release, Surface};

/// What a resource alone does not tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The image that serves schemas and gateways, unless the resource names one.
    pub runtime_image: String,
    /// Who keeps the objects: the label `app.kubernetes.io/managed-by`.
    pub managed_by: String,
    /// Which optional APIs there are.
    pub apis: Apis,
    /// The schema that may be served now; looked at for sources of that kind.
    pub release: Option<Release>,
    /// What the service answers, where its schema is known.
    pub surface: Option<Surface>,
    /// Digest of the data of the Secrets and ConfigMaps that pods refer to; another one replaces the pods.
    pub checksum: Option<String>,
    /// Who owns the objects; nobody where no resource is in the cluster.
    pub owner: Option<OwnerReference>,
}

/// Optional APIs of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apis {
    /// `gateway.networking.k8s.io/v1` with GRPCRoute.
    pub grpc_route: bool,
    /// `gateway.networking.k8s.io/v1` with HTTPRoute.
    pub http_route: bool,
    /// `gateway.networking.k8s.io/v1` with BackendTLSPolicy.
    pub backend_tls_policy: bool,
    /// `monitoring.coreos.com/v1` with ServiceMonitor.
    pub service_monitor: bool,
    /// `keda.sh/v1alpha1` with ScaledObject.
    pub scaled_object: bool,
}

impl Apis {
    /// All of them.
    pub const ALL: Self = Self {
        grpc_route: true,
        http_route: true,
        backend_tls_policy: true,
        service_monitor: true,
        scaled_object: true,
    };
}
