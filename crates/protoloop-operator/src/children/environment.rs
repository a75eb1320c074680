//! Environment variables.

use k8s_openapi::api::core::v1::{EnvVar, EnvVarSource, ObjectFieldSelector, SecretKeySelector};

use super::{Context, container::LISTEN, container::RUNTIME_PORT, names, schema};
use crate::api::{Datasource, GatewaySource, KeySelector, MigrationMode, Source, Upstream};

/// Where the container sees the certificate.
pub(super) const TLS_FOLDER: &str = "/etc/protoloop/tls";
/// Where the container sees the descriptor set of upstreams.
pub(super) const DESCRIPTORS_FOLDER: &str = "/etc/protoloop/descriptors";
/// Where the container sees the routes of a gateway.
pub(super) const RULES_FOLDER: &str = "/etc/protoloop/rules";

fn value(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        ..EnvVar::default()
    }
}

fn field(name: &str, path: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                api_version: Some("v1".to_owned()),
                field_path: path.to_owned(),
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}

fn secret(name: &str, selector: &KeySelector) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: selector.name.clone(),
                key: selector.key.clone(),
                optional: None,
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}

/// The variable with the database's URL, for pods and for the Jobs that migrate.
#[must_use]
pub fn datasource(datasource: &Datasource) -> Option<EnvVar> {
    let url = datasource
        .url
        .as_deref()
        .map(|url| value("PROTOLOOP_DB", url));
    url.or_else(|| {
        datasource
            .secret
            .as_ref()
            .map(|key| secret("PROTOLOOP_DB", key))
    })
}

/// The variables by which a process knows which pod it is, and telemetry of what.
#[must_use]
pub fn describe(service: &str) -> Vec<EnvVar> {
    vec![
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
        field("POD_UID", "metadata.uid"),
        field("NODE_NAME", "spec.nodeName"),
        value("OTEL_SERVICE_NAME", service),
    ]
}

/// Attributes of the resource that telemetry speaks of.
const ATTRIBUTES: &str = "service.namespace=$(POD_NAMESPACE),service.instance.id=$(POD_UID),\
k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME),k8s.pod.uid=$(POD_UID),k8s.node.name=$(NODE_NAME)";

impl Context<'_> {
    /// What the container is told, in an order in which each variable stands behind those that it refers to.
    pub(super) fn environment(&self) -> Vec<EnvVar> {
        let mut all = describe(&self.name());
        all.extend(self.telemetry());
        if let Some(found) = self.service.spec.datasource.as_ref().and_then(datasource) {
            all.push(found);
        }
        match self.source {
            Source::Schema(_) => {
                all.extend(self.runtime());
                all.extend(self.migrate());
            }
            Source::Gateway(gateway) => {
                all.extend(self.runtime());
                all.extend(of_gateway(gateway));
            }
            Source::Image(_) => {}
        }
        for own in &self.service.spec.env {
            match all.iter_mut().find(|ours| ours.name == own.name) {
                Some(ours) => *ours = own.clone(),
                None => all.push(own.clone()),
            }
        }
        all
    }

    fn telemetry(&self) -> Vec<EnvVar> {
        let mut attributes = ATTRIBUTES.to_owned();
        let labels = names::labels(self.service, self.facts);
        if let Some(version) = labels.get(names::VERSION) {
            attributes += &format!(",service.version={version}");
        }
        let mut all = Vec::new();
        if let Some(telemetry) = &self.service.spec.telemetry {
            for (key, value) in &telemetry.attributes {
                attributes += &format!(",{key}={value}");
            }
            if let Some(endpoint) = &telemetry.endpoint {
                all.push(value("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint));
            }
            if let Some(percent) = telemetry.sampled_percent {
                all.push(value("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"));
                all.push(value(
                    "OTEL_TRACES_SAMPLER_ARG",
                    format!("{:.2}", f64::from(percent) / 100.0),
                ));
            }
        }
        all.insert(0, value("OTEL_RESOURCE_ATTRIBUTES", attributes));
        all
    }

    /// What `protoloop serve` and `protoloop gateway` are told.
    fn runtime(&self) -> Vec<EnvVar> {
        let termination = &self.service.spec.termination;
        let seconds = |name: &str, seconds: i64| value(name, format!("{seconds}s"));
        let mut all = vec![
            value("PROTOLOOP_LISTEN", format!("{LISTEN}:{RUNTIME_PORT}")),
            seconds("PROTOLOOP_DRAIN_DELAY", termination.drain_seconds),
            seconds("PROTOLOOP_GRACE_PERIOD", termination.grace_seconds),
        ];
        if let Some(port) = self.listening().metrics {
            all.push(value("PROTOLOOP_METRICS", format!("{LISTEN}:{port}")));
        }
        if termination.max_connection_age_seconds > 0 {
            all.push(seconds(
                "PROTOLOOP_MAX_CONNECTION_AGE",
                termination.max_connection_age_seconds,
            ));
        }
        if let Some(tls) = &self.service.spec.tls {
            all.push(value("PROTOLOOP_TLS_CERT", format!("{TLS_FOLDER}/tls.crt")));
            all.push(value("PROTOLOOP_TLS_KEY", format!("{TLS_FOLDER}/tls.key")));
            if tls.client_certificates {
                all.push(value(
                    "PROTOLOOP_TLS_CLIENT_CA",
                    format!("{TLS_FOLDER}/ca.crt"),
                ));
            }
        }
        all
    }

    /// Whether a pod migrates, waits for who does, or refuses to start.
    fn migrate(&self) -> Option<EnvVar> {
        let url = self
            .service
            .spec
            .datasource
            .as_ref()?
            .url
            .as_deref()
            .unwrap_or_default();
        if url.starts_with("memory:") {
            return None;
        }
        let how = match self.service.spec.migrations.mode {
            // A file that one pod has is brought up to date by that pod; a Job would need the same volume.
            MigrationMode::Job if url.starts_with("sqlite:") => "apply",
            MigrationMode::Job => "wait",
            MigrationMode::OnStart => "apply",
            MigrationMode::Never => "check",
        };
        Some(value("PROTOLOOP_MIGRATE", how))
    }

    /// The program's arguments: what is served, and what the resource adds.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = match self.source {
            Source::Schema(_) => {
                let path = self
                    .release()
                    .map_or(schema::FOLDER.to_owned(), super::Release::path);
                vec!["serve".to_owned(), path]
            }
            Source::Gateway(_) => vec!["gateway".to_owned()],
            Source::Image(_) => Vec::new(),
        };
        arguments.extend(self.service.spec.args.iter().cloned());
        arguments
    }
}

fn of_gateway(gateway: &GatewaySource) -> Vec<EnvVar> {
    let written = |upstream: &Upstream| match &upstream.selector {
        Some(selector) => format!("{selector}={}", upstream.url),
        None => upstream.url.clone(),
    };
    let upstreams: Vec<_> = gateway.upstreams.iter().map(written).collect();
    let mut all = vec![value("PROTOLOOP_UPSTREAM", upstreams.join(" "))];
    if let Some(set) = &gateway.descriptor_set {
        all.push(value(
            "PROTOLOOP_DESCRIPTORS",
            format!("{DESCRIPTORS_FOLDER}/{}", set.key),
        ));
    }
    if let Some(rules) = &gateway.rules {
        all.push(value(
            "PROTOLOOP_CONFIG",
            format!("{RULES_FOLDER}/{}", rules.key),
        ));
    }
    if gateway.unbound {
        all.push(value("PROTOLOOP_UNBOUND", "true"));
    }
    all
}
