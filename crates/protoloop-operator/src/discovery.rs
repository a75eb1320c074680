//! Which optional APIs a cluster has.

use kube::Client;

use crate::children::{Apis, ChildKind};

/// Asks the API server for the optional groups. Every account may do that.
///
/// # Errors
/// When it does not answer; a group that is not there is no error.
pub async fn discover(client: &Client) -> Result<Apis, kube::Error> {
    let (routes, monitors, scaled) = tokio::try_join!(
        kinds(client, ChildKind::HttpRoute),
        kinds(client, ChildKind::ServiceMonitor),
        kinds(client, ChildKind::ScaledObject),
    )?;
    let has = |kinds: &[String], kind: ChildKind| kinds.iter().any(|one| one == kind.as_str());
    Ok(Apis {
        grpc_route: has(&routes, ChildKind::GrpcRoute),
        http_route: has(&routes, ChildKind::HttpRoute),
        backend_tls_policy: has(&routes, ChildKind::BackendTlsPolicy),
        service_monitor: has(&monitors, ChildKind::ServiceMonitor),
        scaled_object: has(&scaled, ChildKind::ScaledObject),
    })
}

/// The kinds of the group and version that `kind` is of; none where there is no such group.
async fn kinds(client: &Client, kind: ChildKind) -> Result<Vec<String>, kube::Error> {
    let resource = kind.api_resource();
    match client.list_api_group_resources(&resource.api_version).await {
        Ok(list) => Ok(list
            .resources
            .into_iter()
            .map(|resource| resource.kind)
            .collect()),
        Err(kube::Error::Api(status)) if matches!(status.code, 403 | 404) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
