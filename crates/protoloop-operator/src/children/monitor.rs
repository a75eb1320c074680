//! What we write of `monitoring.coreos.com/v1`.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::{Deserialize, Serialize};

use super::{Child, Context, names::COMPONENT};

/// A ServiceMonitor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceMonitor {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// What is monitored.
    pub spec: ServiceMonitorSpec,
}

/// What is monitored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceMonitorSpec {
    /// Which Services.
    pub selector: LabelSelector,
    /// Where they show metrics.
    pub endpoints: Vec<ServiceMonitorEndpoint>,
}

/// Where metrics are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMonitorEndpoint {
    /// The name of the Service's port.
    pub port: String,
    /// The path.
    pub path: String,
    /// `http` or `https`.
    pub scheme: String,
    /// How often they are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
}

impl Context<'_> {
    pub(super) fn service_monitor(&self) -> Option<Child> {
        let spec = &self.service.spec;
        let options = spec
            .service_monitor
            .as_ref()
            .filter(|_| self.facts.apis.service_monitor)?;
        let metrics = spec.metrics.as_ref()?;
        let mut metadata = self.metadata("");
        let labels = options
            .labels
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()));
        metadata.labels.get_or_insert_default().extend(labels);
        let mut selector = self.selector();
        let ours = metadata
            .labels
            .as_ref()
            .and_then(|labels| labels.get(COMPONENT));
        selector.extend(ours.map(|component| (COMPONENT.to_owned(), component.clone())));
        let listening = self.listening();
        let port = match (listening.metrics, listening.http) {
            (Some(_), _) => "metrics",
            (None, Some(_)) => "http",
            (None, None) => "grpc",
        };
        let tls = spec.tls.is_some() && port != "metrics";
        let monitor = ServiceMonitor {
            metadata,
            spec: ServiceMonitorSpec {
                selector: LabelSelector {
                    match_labels: Some(selector),
                    match_expressions: None,
                },
                endpoints: vec![ServiceMonitorEndpoint {
                    port: port.to_owned(),
                    path: metrics.path.clone(),
                    scheme: if tls { "https" } else { "http" }.to_owned(),
                    interval: options.interval.clone(),
                }],
            },
        };
        Some(monitor.into())
    }
}
