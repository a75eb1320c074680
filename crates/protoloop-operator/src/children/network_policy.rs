//! Who may call the pods and whom they may call.

use k8s_openapi::{
    api::networking::v1::{
        NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
        NetworkPolicyPort, NetworkPolicySpec,
    },
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};
use serde_json::Value;

use super::{Child, Context, RenderError, names::map};
use crate::api::{EgressRule, NetworkPolicyOptions};

impl Context<'_> {
    pub(super) fn network_policy(&self) -> Result<Option<Child>, RenderError> {
        let Some(options) = &self.service.spec.network_policy else {
            return Ok(None);
        };
        let collector = self.service.spec.telemetry.as_ref();
        let collector = collector.and_then(|telemetry| telemetry.endpoint.as_deref());
        let egress = options.egress.as_deref();
        let egress = egress.map(|rules| egress_rules(rules, collector));
        let egress = egress.transpose()?;
        let mut kinds = vec!["Ingress".to_owned()];
        kinds.extend(egress.as_ref().map(|_| "Egress".to_owned()));
        let policy = NetworkPolicy {
            metadata: self.metadata(""),
            spec: Some(NetworkPolicySpec {
                pod_selector: Some(LabelSelector {
                    match_labels: Some(self.selector()),
                    match_expressions: None,
                }),
                policy_types: Some(kinds),
                ingress: Some(self.ingress_rules(options)?),
                egress,
            }),
        };
        Ok(Some(policy.into()))
    }

    fn ingress_rules(
        &self,
        options: &NetworkPolicyOptions,
    ) -> Result<Vec<NetworkPolicyIngressRule>, RenderError> {
        let listening = self.listening();
        let http = listening.http.filter(|_| !listening.is_shared());
        let service: Vec<_> = [listening.grpc, http]
            .into_iter()
            .flatten()
            .map(tcp)
            .collect();
        let mut rules = vec![NetworkPolicyIngressRule {
            from: Some(callers(
                "spec.networkPolicy.callers",
                options.callers.as_deref(),
            )?),
            ports: Some(service),
        }];
        let metrics = self.service.spec.metrics.as_ref();
        let port = listening
            .metrics
            .or_else(|| metrics.and(listening.http.or(listening.grpc)));
        if let Some(port) =
            port.filter(|_| options.monitors.is_some() || listening.metrics.is_some())
        {
            rules.push(NetworkPolicyIngressRule {
                from: Some(callers(
                    "spec.networkPolicy.monitors",
                    options.monitors.as_deref(),
                )?),
                ports: Some(vec![tcp(port)]),
            });
        }
        Ok(rules)
    }
}

/// These peers, or every pod of the namespace.
fn callers(path: &str, given: Option<&[Value]>) -> Result<Vec<NetworkPolicyPeer>, RenderError> {
    match given {
        Some(given) => peers(path, given),
        None => Ok(vec![NetworkPolicyPeer {
            pod_selector: Some(LabelSelector::default()),
            ..NetworkPolicyPeer::default()
        }]),
    }
}

fn peers(path: &str, given: &[Value]) -> Result<Vec<NetworkPolicyPeer>, RenderError> {
    let parse = |(position, peer): (usize, &Value)| {
        serde_json::from_value(peer.clone())
            .map_err(|error| RenderError::field(format!("{path}[{position}]"), error))
    };
    given.iter().enumerate().map(parse).collect()
}

/// The cluster's DNS, the port of the collector of telemetry wherever that is, and who is named.
fn egress_rules(
    rules: &[EgressRule],
    collector: Option<&str>,
) -> Result<Vec<NetworkPolicyEgressRule>, RenderError> {
    let dns = NetworkPolicyEgressRule {
        to: Some(vec![NetworkPolicyPeer {
            namespace_selector: Some(LabelSelector {
                match_labels: Some(map([("kubernetes.io/metadata.name", "kube-system")])),
                match_expressions: None,
            }),
            ..NetworkPolicyPeer::default()
        }]),
        ports: Some(vec![port("UDP", 53), tcp(53)]),
    };
    let mut all = vec![dns];
    all.extend(collector.map(|endpoint| NetworkPolicyEgressRule {
        to: None,
        ports: Some(vec![tcp(port_of(endpoint))]),
    }));
    for (position, rule) in rules.iter().enumerate() {
        let to = peers(
            &format!("spec.networkPolicy.egress[{position}].to"),
            &rule.to,
        )?;
        let ports: Vec<_> = rule.ports.iter().copied().map(tcp).collect();
        all.push(NetworkPolicyEgressRule {
            to: (!to.is_empty()).then_some(to),
            ports: (!ports.is_empty()).then_some(ports),
        });
    }
    Ok(all)
}

/// The port of a URL.
fn port_of(endpoint: &str) -> i32 {
    let authority = endpoint.split('/').nth(2).unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port.parse());
    match (port, endpoint.starts_with("https:")) {
        (Some(Ok(port)), _) => port,
        (_, true) => 443,
        (_, false) => 80,
    }
}

fn tcp(number: i32) -> NetworkPolicyPort {
    port("TCP", number)
}

fn port(protocol: &str, number: i32) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(IntOrString::Int(number)),
        end_port: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_has_a_port() {
        for (endpoint, port) in [
            ("http://collector.monitoring:4317", 4317),
            ("http://collector:4317/path:9/x", 4317),
            ("https://otlp.example.com", 443),
            ("http://[::1]:4317/", 4317),
            ("http://[::1]/", 80),
            ("http://collector", 80),
        ] {
            assert_eq!(port_of(endpoint), port, "{endpoint}");
        }
    }
}
