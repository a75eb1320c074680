//! Talking to a cluster.

use kube::{
    Api, Client, Config,
    api::{Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::Value;

use crate::children::{Child, ChildKind};

pub use crate::discovery::discover;

/// Who we are to the API server: its audit log and its priorities tell clients apart by that.
pub const USER_AGENT: &str = concat!("protoloop-operator/", env!("CARGO_PKG_VERSION"));

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Neither a service account nor a kubeconfig says where the cluster is.
    #[error("no cluster is configured: {0}")]
    Config(#[from] kube::config::InferConfigError),
    /// The configuration cannot be used.
    #[error("the cluster's configuration cannot be used: {0}")]
    Client(#[from] kube::Error),
}

/// A client of the cluster that the service account or the kubeconfig names, which says who it is.
///
/// # Errors
/// When neither is there, or what they say cannot be used. Nothing is sent yet.
pub async fn connect(user_agent: &str) -> Result<Client, ConnectError> {
    // Two parts of one process may both ask for it; the first one counts.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut config = Config::infer().await?;
    if let Ok(value) = http::HeaderValue::from_str(user_agent) {
        config.headers.push((http::header::USER_AGENT, value));
    }
    Ok(Client::try_from(config)?)
}

/// The API of a kind of child in one namespace.
#[must_use]
pub fn api(client: &Client, kind: ChildKind, namespace: &str) -> Api<DynamicObject> {
    dynamic(client, &kind.api_resource(), namespace)
}

fn dynamic(client: &Client, resource: &ApiResource, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, resource)
}

/// Applies an object server-side: the fields in it are the manager's, the others stay as they are.
///
/// # Errors
/// What the API server answers; a conflict with another manager's fields unless `force` is given.
pub async fn apply(
    client: &Client,
    child: &Child,
    namespace: &str,
    manager: &str,
    force: bool,
) -> Result<DynamicObject, kube::Error> {
    let params = PatchParams {
        force,
        ..PatchParams::apply(manager)
    };
    let value: Value = child.to_value();
    api(client, child.kind(), namespace)
        .patch(child.name(), &params, &Patch::Apply(value))
        .await
}
