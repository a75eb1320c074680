//! How many pods run: the HorizontalPodAutoscaler, KEDA's ScaledObject, the PodDisruptionBudget.

use k8s_openapi::{
    api::{
        autoscaling::v2::{
            CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior,
            HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget, ResourceMetricSource,
        },
        policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec},
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Child, Context, RenderError, deployment::int_or_percent};
use crate::api::{Autoscaling, AutoscalingClass, MicroserviceSpec};

/// How many pods run at least, whoever decides.
#[must_use]
pub fn effective_minimum(spec: &MicroserviceSpec) -> i32 {
    match (spec.operation.stopped, &spec.autoscaling) {
        (true, _) => 0,
        (false, Some(scaling)) => scaling.min_replicas,
        (false, None) => spec.replicas,
    }
}

/// `keda.sh/v1alpha1` ScaledObject.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScaledObject {
    /// Its metadata.
    pub metadata: ObjectMeta,
    /// What is scaled by what.
    pub spec: ScaledObjectSpec,
}

/// What is scaled by what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaledObjectSpec {
    /// The Deployment.
    pub scale_target_ref: ScaleTarget,
    /// Never fewer pods.
    pub min_replica_count: i32,
    /// Never more.
    pub max_replica_count: i32,
    /// What KEDA looks at.
    pub triggers: Vec<Value>,
}

/// What KEDA scales.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleTarget {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Context<'_> {
    /// Whatever decides on the number of pods, while any run.
    pub(super) fn scaler(&self) -> Result<Option<Child>, RenderError> {
        let spec = &self.service.spec;
        let Some(scaling) = spec
            .autoscaling
            .as_ref()
            .filter(|_| !spec.operation.stopped)
        else {
            return Ok(None);
        };
        match scaling.class {
            AutoscalingClass::Hpa => Ok(Some(self.autoscaler(scaling)?.into())),
            AutoscalingClass::Keda if self.facts.apis.scaled_object => {
                Ok(Some(self.scaled_object(scaling).into()))
            }
            AutoscalingClass::Keda | AutoscalingClass::External => Ok(None),
        }
    }

    fn autoscaler(&self, scaling: &Autoscaling) -> Result<HorizontalPodAutoscaler, RenderError> {
        let mut metrics = Vec::new();
        let alone = scaling.cpu.is_none() && scaling.memory.is_none() && scaling.metrics.is_empty();
        let cpu = scaling.cpu.or_else(|| alone.then_some(80));
        metrics.extend(cpu.map(|percent| utilization("cpu", percent)));
        metrics.extend(scaling.memory.map(|percent| utilization("memory", percent)));
        for (position, metric) in scaling.metrics.iter().enumerate() {
            let path = || format!("spec.autoscaling.metrics[{position}]");
            let metric = serde_json::from_value(metric.clone());
            metrics.push(metric.map_err(|error| RenderError::field(path(), error))?);
        }
        let behavior: Option<HorizontalPodAutoscalerBehavior> = scaling
            .behavior
            .clone()
            .map(serde_json::from_value)
            .transpose()
            .map_err(|error| RenderError::field("spec.autoscaling.behavior", error))?;
        Ok(HorizontalPodAutoscaler {
            metadata: self.metadata(""),
            spec: Some(HorizontalPodAutoscalerSpec {
                scale_target_ref: CrossVersionObjectReference {
                    api_version: Some("apps/v1".to_owned()),
                    kind: "Deployment".to_owned(),
                    name: self.name(),
                },
                min_replicas: Some(scaling.min_replicas),
                max_replicas: scaling.max_replicas,
                metrics: Some(metrics),
                behavior,
            }),
            status: None,
        })
    }

    fn scaled_object(&self, scaling: &Autoscaling) -> ScaledObject {
        ScaledObject {
            metadata: self.metadata(""),
            spec: ScaledObjectSpec {
                scale_target_ref: ScaleTarget {
                    api_version: "apps/v1".to_owned(),
                    kind: "Deployment".to_owned(),
                    name: self.name(),
                },
                min_replica_count: scaling.min_replicas,
                max_replica_count: scaling.max_replicas,
                triggers: scaling.triggers.clone(),
            },
        }
    }

    /// One pod alone may always be taken away, or no node could ever be emptied.
    pub(super) fn disruption_budget(&self) -> Result<Option<Child>, RenderError> {
        let disruption = &self.service.spec.disruption;
        if !disruption.enabled || effective_minimum(&self.service.spec) < 2 {
            return Ok(None);
        }
        let budget = PodDisruptionBudget {
            metadata: self.metadata(""),
            spec: Some(PodDisruptionBudgetSpec {
                max_unavailable: Some(int_or_percent(
                    "spec.disruption.maxUnavailable",
                    &disruption.max_unavailable,
                )?),
                selector: Some(LabelSelector {
                    match_labels: Some(self.selector()),
                    match_expressions: None,
                }),
                // A pod that does not work is worth no protection.
                unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
                ..PodDisruptionBudgetSpec::default()
            }),
            status: None,
        };
        Ok(Some(budget.into()))
    }
}

fn utilization(resource: &str, percent: i32) -> MetricSpec {
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource {
            name: resource.to_owned(),
            target: MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(percent),
                ..MetricTarget::default()
            },
        }),
        ..MetricSpec::default()
    }
}
