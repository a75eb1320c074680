//! The configuration files of the cluster's parts.

use std::path::Path;

use crate::{
    Failure, NODE_ADDRESS,
    shell::{make_folder, write},
};

/// Where the name server is reached by pods.
const DNS_ADDRESS: &str = "10.96.0.10";
/// The addresses of pods, and of Services.
const PODS: &str = "10.88.0.0/24";
pub(crate) const SERVICES: &str = "10.96.0.0/16";

/// Writes all of them into the state folder.
pub(crate) fn write_all(state: &Path) -> Result<(), Failure> {
    for folder in ["etcd", "logs", "containerd", "cni", "kubelet"] {
        make_folder(&state.join(folder))?;
    }
    let here = state.display().to_string();
    let files = [
        ("containerd/config.toml", containerd(&here)),
        ("cni/10-ptp.conflist", network(&here)),
        ("kubelet/config.yaml", kubelet(&here)),
        ("proxy.yaml", proxy(&here)),
        ("Corefile", names(&here)),
        ("dns.yaml", name_service()),
    ];
    for (name, text) in files {
        write(&state.join(name), &text)?;
    }
    Ok(())
}

/// `restrict_oom_score_adj` because root in a container lacks CAP_SYS_RESOURCE. The networks of pods lie in the state folder, so that
/// they go with the cluster.
fn containerd(state: &str) -> String {
    format!(
        r#"version = 2
root = "{state}/containerd/root"
state = "{state}/containerd/state"
[grpc]
  address = "{state}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{state}/cni"
"#,
        pause = crate::image::PAUSE,
    )
}

/// Point to point and not a bridge: that would need the kernel's br_netfilter for Services to work.
fn network(state: &str) -> String {
    format!(
        r#"{{"cniVersion": "0.4.0", "name": "ptp", "plugins": [
  {{"type": "ptp", "ipam": {{"type": "host-local", "ranges": [[{{"subnet": "{PODS}"}}]],
    "dataDir": "{state}/cni/ipam", "routes": [{{"dst": "0.0.0.0/0"}}]}}}},
  {{"type": "portmap", "capabilities": {{"portMappings": true}}}}]}}
"#
    )
}

/// Control groups of version 1 will do, and a disk that is nearly full evicts no pods.
fn kubelet(state: &str) -> String {
    format!(
        r#"apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {{anonymous: {{enabled: false}}, x509: {{clientCAFile: {state}/pki/ca.crt}}, webhook: {{enabled: true}}}}
authorization: {{mode: Webhook}}
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
containerRuntimeEndpoint: unix://{state}/containerd.sock
clusterDNS: [{DNS_ADDRESS}]
clusterDomain: cluster.local
evictionHard: {{memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%"}}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 2s
"#
    )
}

fn proxy(state: &str) -> String {
    format!(
        r#"apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: {PODS}
clientConnection: {{kubeconfig: {state}/proxy.conf}}
hostnameOverride: node1
conntrack: {{maxPerCore: 0, min: 0}}
"#
    )
}

fn names(state: &str) -> String {
    format!(
        ".:53 {{
  bind {NODE_ADDRESS}
  kubernetes cluster.local {{
    kubeconfig {state}/admin.conf one-node
  }}
  errors
}}
"
    )
}

/// The name server is a process of the node, so its Service's endpoint is written by hand.
fn name_service() -> String {
    format!(
        r#"apiVersion: v1
kind: Service
metadata: {{name: kube-dns, namespace: kube-system}}
spec: {{clusterIP: {DNS_ADDRESS}, ports: [{{name: dns, port: 53, protocol: UDP}}, {{name: dns-tcp, port: 53, protocol: TCP}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: kube-dns-node, namespace: kube-system, labels: {{kubernetes.io/service-name: kube-dns}}}}
addressType: IPv4
ports: [{{name: dns, port: 53, protocol: UDP}}, {{name: dns-tcp, port: 53, protocol: TCP}}]
endpoints: [{{addresses: ["{NODE_ADDRESS}"], conditions: {{ready: true}}}}]
"#
    )
}
