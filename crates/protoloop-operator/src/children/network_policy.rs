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
        let egress = options.egress.as_deref().map(egress).transpose()?;
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

/// The cluster's DNS, and who is named.
fn egress(rules: &[EgressRule]) -> Result<Vec<NetworkPolicyEgressRule>, RenderError> {
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
