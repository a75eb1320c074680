//! The Deployment, and the account that its pods run as.

use std::collections::BTreeMap;

use k8s_openapi::{
    DeepMerge as _,
    api::{
        apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment},
        core::v1::{
            ConfigMapVolumeSource, EmptyDirVolumeSource, LocalObjectReference, PodSpec,
            PodTemplateSpec, SecretVolumeSource, ServiceAccount, TopologySpreadConstraint, Volume,
        },
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, ObjectMeta},
        util::intstr::IntOrString,
    },
};
use serde_json::Value;

use super::{
    CHECKSUM, Child, Context, RenderError, SCHEMA, container,
    names::{annotate, labels},
};
use crate::api::{KeySelector, Source};

impl Context<'_> {
    /// The name of the account that pods run as.
    pub(super) fn account(&self) -> String {
        let named = self.service.spec.service_account.name.clone();
        named.unwrap_or_else(|| self.name())
    }

    pub(super) fn service_account(&self) -> Option<Child> {
        let options = &self.service.spec.service_account;
        if options.name.is_some() {
            return None;
        }
        let mut metadata = self.metadata("");
        annotate(&mut metadata, &options.annotations);
        let account = ServiceAccount {
            metadata,
            automount_service_account_token: Some(options.automount_token),
            ..ServiceAccount::default()
        };
        Some(account.into())
    }

    pub(super) fn deployment(&self) -> Result<Option<Child>, RenderError> {
        if matches!(self.source, Source::Schema(_)) && self.release().is_none() {
            return Ok(None);
        }
        let rollout = &self.service.spec.rollout;
        let spec = DeploymentSpec {
            replicas: self.replicas(),
            selector: LabelSelector {
                match_labels: Some(self.selector()),
                match_expressions: None,
            },
            strategy: Some(self.strategy()?),
            min_ready_seconds: Some(rollout.min_ready_seconds),
            progress_deadline_seconds: Some(rollout.progress_deadline_seconds),
            revision_history_limit: Some(rollout.revision_history_limit),
            template: self.template()?,
            ..DeploymentSpec::default()
        };
        let deployment = Deployment {
            metadata: self.metadata(""),
            spec: Some(spec),
            status: None,
        };
        Ok(Some(deployment.into()))
    }

    /// `None` where somebody else decides.
    fn replicas(&self) -> Option<i32> {
        let spec = &self.service.spec;
        match (spec.operation.stopped, &spec.autoscaling) {
            (true, _) => Some(0),
            (false, Some(_)) => None,
            (false, None) => Some(spec.replicas),
        }
    }

    /// Two pods cannot share the file of a SQLite database.
    fn strategy(&self) -> Result<DeploymentStrategy, RenderError> {
        let datasource = self.service.spec.datasource.as_ref();
        let url = datasource.and_then(|datasource| datasource.url.as_deref());
        if url.is_some_and(|url| url.starts_with("sqlite:")) {
            return Ok(DeploymentStrategy {
                type_: Some("Recreate".to_owned()),
                rolling_update: None,
            });
        }
        let rollout = &self.service.spec.rollout;
        Ok(DeploymentStrategy {
            type_: Some("RollingUpdate".to_owned()),
            rolling_update: Some(RollingUpdateDeployment {
                max_surge: Some(int_or_percent("spec.rollout.maxSurge", &rollout.max_surge)?),
                max_unavailable: Some(int_or_percent(
                    "spec.rollout.maxUnavailable",
                    &rollout.max_unavailable,
                )?),
            }),
        })
    }

    fn template(&self) -> Result<PodTemplateSpec, RenderError> {
        let mut annotations = BTreeMap::new();
        if let Some(checksum) = &self.facts.checksum {
            annotations.insert(CHECKSUM.to_owned(), checksum.clone());
        }
        if let Some(release) = self.release() {
            annotations.insert(SCHEMA.to_owned(), release.digest.clone());
        }
        let mut metadata = ObjectMeta {
            labels: Some(labels(self.service, self.facts)),
            ..ObjectMeta::default()
        };
        annotate(&mut metadata, &annotations);
        annotate(&mut metadata, &self.service.spec.annotations);
        let mut template = PodTemplateSpec {
            metadata: Some(metadata),
            spec: Some(self.pod()?),
        };
        if let Some(given) = &self.service.spec.pod_template {
            let given = serde_json::from_value(given.clone());
            template
                .merge_from(given.map_err(|error| RenderError::field("spec.podTemplate", error))?);
            // Whatever was merged in: what the Deployment selects by must stay.
            let metadata = template.metadata.get_or_insert_default();
            metadata
                .labels
                .get_or_insert_default()
                .extend(self.selector());
        }
        Ok(template)
    }

    fn pod(&self) -> Result<PodSpec, RenderError> {
        let spec = &self.service.spec;
        let secrets = match self.source {
            Source::Image(image) => &*image.pull_secrets,
            Source::Schema(_) | Source::Gateway(_) => spec
                .runtime
                .as_ref()
                .map_or(&[][..], |runtime| &*runtime.pull_secrets),
        };
        let secrets: Vec<_> = secrets
            .iter()
            .map(|name| LocalObjectReference { name: name.clone() })
            .collect();
        let our_image = !matches!(self.source, Source::Image(_));
        Ok(PodSpec {
            containers: vec![self.container()],
            volumes: Some(self.volumes()?),
            service_account_name: Some(self.account()),
            automount_service_account_token: Some(spec.service_account.automount_token),
            enable_service_links: Some(false),
            image_pull_secrets: (!secrets.is_empty()).then_some(secrets),
            node_selector: (!spec.placement.node_selector.is_empty())
                .then(|| spec.placement.node_selector.clone()),
            priority_class_name: spec.placement.priority_class.clone(),
            security_context: Some(container::pod_security(our_image)),
            termination_grace_period_seconds: Some(self.grace_period()),
            topology_spread_constraints: self.spread(),
            ..PodSpec::default()
        })
    }

    /// Longer than everything that a pod may do at its end.
    fn grace_period(&self) -> i64 {
        let termination = &self.service.spec.termination;
        termination.drain_seconds + termination.grace_seconds + 5
    }

    /// Pods of one template spread; those of another may stand where they like, or a rollout would be crooked.
    fn spread(&self) -> Option<Vec<TopologySpreadConstraint>> {
        let over = |key: &str| TopologySpreadConstraint {
            max_skew: 1,
            topology_key: key.to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            label_selector: Some(LabelSelector {
                match_labels: Some(self.selector()),
                match_expressions: None,
            }),
            match_label_keys: Some(vec!["pod-template-hash".to_owned()]),
            ..TopologySpreadConstraint::default()
        };
        let keys = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];
        self.service
            .spec
            .placement
            .spread
            .then(|| keys.map(over).into())
    }

    fn volumes(&self) -> Result<Vec<Volume>, RenderError> {
        let mut all = vec![Volume {
            name: "tmp".to_owned(),
            empty_dir: Some(EmptyDirVolumeSource::default()),
            ..Volume::default()
        }];
        all.extend(self.release().map(super::Release::volume));
        all.extend(self.service.spec.tls.as_ref().map(|tls| Volume {
            name: "tls".to_owned(),
            secret: Some(SecretVolumeSource {
                secret_name: Some(tls.secret.clone()),
                ..SecretVolumeSource::default()
            }),
            ..Volume::default()
        }));
        if let Source::Gateway(gateway) = self.source {
            all.extend(
                gateway
                    .descriptor_set
                    .as_ref()
                    .map(|key| from_config_map("descriptors", key)),
            );
            all.extend(
                gateway
                    .rules
                    .as_ref()
                    .map(|key| from_config_map("rules", key)),
            );
        }
        for (position, own) in self.service.spec.volumes.iter().enumerate() {
            let parsed: Volume = serde_json::from_value(own.clone())
                .map_err(|error| RenderError::field(format!("spec.volumes[{position}]"), error))?;
            all.retain(|ours| ours.name != parsed.name);
            all.push(parsed);
        }
        Ok(all)
    }
}

fn from_config_map(name: &str, key: &KeySelector) -> Volume {
    Volume {
        name: name.to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: key.name.clone(),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// A number of pods, or a share of them.
pub(super) fn int_or_percent(path: &str, value: &Value) -> Result<IntOrString, RenderError> {
    serde_json::from_value(value.clone()).map_err(|error| RenderError::field(path, error))
}
