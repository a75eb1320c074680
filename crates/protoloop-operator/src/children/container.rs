//! The service's container.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, ContainerPort, Lifecycle, LifecycleHandler, PodSecurityContext,
        ResourceRequirements, SeccompProfile, SecurityContext, SleepAction, VolumeMount,
    },
    apimachinery::pkg::api::resource::Quantity,
};

use super::{
    Context, Release,
    environment::{DESCRIPTORS_FOLDER, RULES_FOLDER, TLS_FOLDER},
    names::runtime_image,
};
use crate::api::Source;

/// The name of the service's container.
pub const CONTAINER: &str = "service";
/// Where `protoloop serve` and `protoloop gateway` listen in pods.
pub(super) const LISTEN: &str = "0.0.0.0";
/// One port for every protocol.
pub(super) const RUNTIME_PORT: i32 = 8080;
/// Where `protoloop serve` and `protoloop gateway` show metrics, unless the resource says otherwise.
const METRICS_PORT: i32 = 9464;
/// The user of our images: nobody that a node knows.
const USER: i64 = 65532;

/// Where the container listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listening {
    pub(super) grpc: Option<i32>,
    /// The same number as `grpc` where one port answers both.
    pub(super) http: Option<i32>,
    /// Where it is neither of them.
    pub(super) metrics: Option<i32>,
}

impl Listening {
    /// Whether gRPC and HTTP come in by one port. Its name is `grpc` then: a pod may name a port only once.
    pub(super) fn is_shared(&self) -> bool {
        self.grpc.is_some() && self.grpc == self.http
    }

    /// The name of the container's port for HTTP.
    pub(super) fn http_name(&self) -> &'static str {
        if self.is_shared() { "grpc" } else { "http" }
    }

    fn ports(&self) -> Vec<ContainerPort> {
        let http = self.http.filter(|_| !self.is_shared());
        let named = [
            ("grpc", self.grpc),
            ("http", http),
            ("metrics", self.metrics),
        ];
        let given = named
            .into_iter()
            .filter_map(|(name, port)| Some((name, port?)));
        given
            .map(|(name, port)| ContainerPort {
                name: Some(name.to_owned()),
                container_port: port,
                protocol: Some("TCP".to_owned()),
                ..ContainerPort::default()
            })
            .collect()
    }
}

/// What the restricted profile of pod security asks of a container, and a root file system that nobody writes to.
#[must_use]
pub fn restricted() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: None,
        }),
        read_only_root_filesystem: Some(true),
        ..SecurityContext::default()
    }
}

/// What the restricted profile asks of a pod. `our_image` says that the image's user is known to be ours; an image of somebody
/// else has a user of its own, which may not be root.
#[must_use]
pub fn pod_security(our_image: bool) -> PodSecurityContext {
    let user = our_image.then_some(USER);
    PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: user,
        run_as_group: user,
        fs_group: user,
        seccomp_profile: Some(SeccompProfile {
            type_: "RuntimeDefault".to_owned(),
            localhost_profile: None,
        }),
        ..PodSecurityContext::default()
    }
}

impl Context<'_> {
    pub(super) fn listening(&self) -> Listening {
        let given = self.service.spec.metrics.as_ref();
        let metrics = match self.source {
            Source::Image(_) => given.and_then(|metrics| metrics.port),
            // They have a port of their own, so that who calls does not see them.
            Source::Schema(_) | Source::Gateway(_) => {
                given.map(|metrics| metrics.port.unwrap_or(METRICS_PORT))
            }
        };
        let (grpc, http) = match self.source {
            Source::Image(image) => (image.ports.grpc, image.ports.http),
            Source::Schema(_) | Source::Gateway(_) => (Some(RUNTIME_PORT), Some(RUNTIME_PORT)),
        };
        Listening {
            grpc,
            http,
            metrics: metrics.filter(|port| Some(*port) != grpc && Some(*port) != http),
        }
    }

    pub(super) fn container(&self) -> Container {
        let spec = &self.service.spec;
        let (image, pull_policy, command) = match self.source {
            Source::Image(image) => (&*image.name, image.pull_policy, image.command.clone()),
            Source::Schema(_) | Source::Gateway(_) => {
                let policy = spec.runtime.as_ref().map(|runtime| runtime.pull_policy);
                (
                    runtime_image(self.service, self.facts),
                    policy.unwrap_or_default(),
                    Vec::new(),
                )
            }
        };
        let arguments = self.arguments();
        let probes = self.probes();
        Container {
            name: CONTAINER.to_owned(),
            image: Some(image.to_owned()),
            image_pull_policy: Some(pull_policy.as_str().to_owned()),
            command: (!command.is_empty()).then_some(command),
            args: (!arguments.is_empty()).then_some(arguments),
            ports: Some(self.listening().ports()),
            env: Some(self.environment()),
            env_from: (!spec.env_from.is_empty()).then(|| spec.env_from.clone()),
            resources: Some(spec.resources.clone().unwrap_or_else(requested)),
            volume_mounts: Some(self.mounts()),
            startup_probe: probes.startup,
            liveness_probe: probes.liveness,
            readiness_probe: probes.readiness,
            lifecycle: self.lifecycle(),
            security_context: Some(restricted()),
            // So that the status of the resource can tell why a pod ended.
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ..Container::default()
        }
    }

    /// Our own programs wait by themselves, saying that they are not ready; of others it is not known.
    fn lifecycle(&self) -> Option<Lifecycle> {
        let seconds = self.service.spec.termination.drain_seconds;
        let waits = matches!(self.source, Source::Image(_)) && seconds > 0;
        waits.then(|| Lifecycle {
            pre_stop: Some(LifecycleHandler {
                sleep: Some(SleepAction { seconds }),
                ..LifecycleHandler::default()
            }),
            ..Lifecycle::default()
        })
    }

    fn mounts(&self) -> Vec<VolumeMount> {
        let mount = |name: &str, path: &str, read_only: bool| VolumeMount {
            name: name.to_owned(),
            mount_path: path.to_owned(),
            read_only: read_only.then_some(true),
            ..VolumeMount::default()
        };
        let mut all = vec![mount("tmp", "/tmp", false)];
        all.extend(self.release().map(|_| Release::mount()));
        if self.service.spec.tls.is_some() {
            all.push(mount("tls", TLS_FOLDER, true));
        }
        if let Source::Gateway(gateway) = self.source {
            let set = gateway.descriptor_set.as_ref();
            all.extend(set.map(|_| mount("descriptors", DESCRIPTORS_FOLDER, true)));
            let rules = gateway.rules.as_ref();
            all.extend(rules.map(|_| mount("rules", RULES_FOLDER, true)));
        }
        for own in &self.service.spec.volume_mounts {
            all.retain(|ours| ours.mount_path != own.mount_path);
            all.push(own.clone());
        }
        all
    }
}

/// What is requested where nothing is said: enough for an autoscaler to count by.
fn requested() -> ResourceRequirements {
    let quantity = |text: &str| Quantity(text.to_owned());
    let requests = [("cpu", "100m"), ("memory", "64Mi")];
    let requests: BTreeMap<_, _> = requests
        .into_iter()
        .map(|(name, amount)| (name.to_owned(), quantity(amount)))
        .collect();
    ResourceRequirements {
        requests: Some(requests),
        ..ResourceRequirements::default()
    }
}
