//! A namespace of Kubernetes for one test.

use std::{ffi::OsStr, process::Command, time::Duration};

use protoloop_cluster::{Cluster, shell};
use serde_json::Value;

use super::kept;

/// A namespace that takes restricted pods only, and goes with the test.
pub(crate) struct Namespace {
    pub(crate) cluster: &'static Cluster,
    pub(crate) name: &'static str,
}

impl Namespace {
    /// A fresh one; `None` where there is no cluster.
    pub(crate) fn new(name: &'static str) -> Option<Self> {
        let cluster = kept::cluster()?;
        let here = Self { cluster, name };
        here.kubectl(&["create", "namespace", name]);
        let level = "pod-security.kubernetes.io/enforce=restricted";
        here.kubectl(&["label", "namespace", name, level]);
        Some(here)
    }

    /// Runs kubectl in the namespace.
    #[track_caller]
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.try_kubectl(arguments)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }

    pub(crate) fn try_kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        shell::output(
            self.cluster
                .command("kubectl")
                .args(["--namespace", self.name])
                .args(arguments),
        )
    }

    /// Runs a program in the cluster's network.
    #[track_caller]
    pub(crate) fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
        let mut command: Command = self.cluster.command(program);
        shell::output(command.args(arguments)).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Sends JSON to a URL by curl, and answers what comes back.
    #[track_caller]
    pub(crate) fn post(&self, url: &str, json: &str) -> String {
        self.try_post(url, json)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }

    pub(crate) fn try_post(&self, url: &str, json: &str) -> Result<String, String> {
        let mut curl = self.cluster.command("curl");
        shell::output(curl.args(["-sS", "--fail", "--json", json, url]))
    }

    /// An object as JSON.
    #[track_caller]
    pub(crate) fn get(&self, object: &str) -> Value {
        let text = self.kubectl(&["get", object, "--output", "json"]);
        serde_json::from_str(&text).expect("kubectl writes JSON")
    }

    /// The address of a Service.
    #[track_caller]
    pub(crate) fn address(&self, service: &str) -> String {
        let path = "jsonpath={.spec.clusterIP}";
        self.kubectl(&["get", "service", service, "--output", path])
    }

    /// The names of everything that a chart could have made here.
    pub(crate) fn objects(&self) -> Vec<String> {
        let kinds = "all,configmaps,secrets,serviceaccounts,networkpolicies,ingresses,poddisruptionbudgets,horizontalpodautoscalers,roles,rolebindings,leases,persistentvolumeclaims,endpointslices";
        let all = self.kubectl(&["get", kinds, "--output", "name"]);
        let of_kubernetes = ["configmap/kube-root-ca.crt", "serviceaccount/default"];
        all.lines()
            .filter(|name| !name.is_empty() && !of_kubernetes.contains(name))
            .map(str::to_owned)
            .collect()
    }

    /// Waits until nothing is left.
    #[track_caller]
    pub(crate) fn is_empty_soon(&self) {
        let asked = shell::wait("an empty namespace", Duration::from_secs(90), || {
            let left = self.objects();
            match left.is_empty() {
                true => Ok(()),
                false => Err(left.join(", ")),
            }
        });
        asked.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

impl Drop for Namespace {
    #[allow(clippy::print_stderr, reason = "the harness shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            for arguments in [
                &["get", "all", "--output", "wide"][..],
                &["get", "events", "--sort-by=.lastTimestamp"][..],
                &[
                    "logs",
                    "--selector=app.kubernetes.io/instance",
                    "--tail=8",
                    "--prefix",
                ][..],
            ] {
                let shown = self.try_kubectl(arguments);
                eprintln!("{}", shown.unwrap_or_else(|failure| failure));
            }
        }
        // The cluster goes soon, too.
        let _ = self.try_kubectl(&["delete", "namespace", self.name, "--wait=false"]);
    }
}
