//! What watches a process, and gives what it saw to others.

use std::{fmt, sync::Arc, time::Duration};

use opentelemetry::{Key, metrics::MeterProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::{Resource, error::OTelSdkResult, metrics::SdkMeterProvider};
use prometheus::Registry;
use protoloop_core::observe::Observer;
use tokio::sync::oneshot;

use crate::{
    Page, Settings,
    observer::OtelObserver,
    process,
    spans::{CallIds, Spans},
};

/// Watches a process as its [`Settings`] ask.
pub struct Telemetry {
    observer: Arc<dyn Observer>,
    page: Option<Page>,
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
}

/// The name of a service that nobody named.
const SERVICE: &str = "protoloop";

impl Telemetry {
    /// Begins to watch. Who it is that tells comes from `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`; how much of the
    /// calls is traced, from `OTEL_TRACES_SAMPLER` and its argument; how and when a collector is told, from the other
    /// variables of OpenTelemetry. To be called within a tokio runtime.
    ///
    /// # Errors
    /// Where a collector cannot be told as the variables say.
    pub fn start(settings: &Settings) -> Result<Self, TelemetryError> {
        let resource = resource();
        let mut meters = SdkMeterProvider::builder().with_resource(resource.clone());
        let mut page = None;
        if settings.prometheus {
            let registry = Registry::new();
            let exporter = opentelemetry_prometheus::exporter()
                .with_registry(registry.clone())
                .scope_info_enabled(false)
                .build()
                .map_err(|error| TelemetryError(error.to_string()))?;
            meters = meters.with_reader(exporter);
            page = Some(Page::new(registry));
        }
        #[cfg(feature = "otlp")]
        if settings.metrics {
            let exporter = opentelemetry_otlp::MetricExporter::builder()
                .with_tonic()
                .build()
                .map_err(|error| TelemetryError(error.to_string()))?;
            meters = meters.with_periodic_exporter(exporter);
        }
        let meters = meters.build();
        let tracers = match settings.traces {
            true => tracers(resource)?,
            false => None,
        };
        let meter = meters.meter("protoloop");
        process::watch(&meter);
        let spans = tracers.as_ref().map(Spans::new);
        Ok(Self {
            observer: Arc::new(OtelObserver::new(meter, spans)),
            page,
            meters,
            tracers,
        })
    }

    /// What the parts of the process tell of their work.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.observer)
    }

    /// The page for Prometheus, where it was asked for.
    #[must_use]
    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// Tells what has not been told yet, within a time, and ends.
    pub async fn shutdown(self, within: Duration) {
        let Self {
            meters, tracers, ..
        } = self;
        let traces = tracers
            .map(|tracers| flushing("traces", move || tracers.shutdown_with_timeout(within)));
        let metrics = flushing("metrics", move || meters.shutdown_with_timeout(within));
        let both = async {
            // A sender that is gone has had its say.
            if let Some(traces) = traces {
                drop(traces.await);
            }
            drop(metrics.await);
        };
        if tokio::time::timeout(within, both).await.is_err() {
            tracing::warn!("the collector did not take the last metrics and traces in time");
        }
    }
}

/// Waits for a last export on a thread that nobody has to wait for: a runtime's own would keep the runtime from ending.
fn flushing(
    what: &'static str,
    shutdown: impl FnOnce() -> OTelSdkResult + Send + 'static,
) -> oneshot::Receiver<()> {
    let (done, waiting) = oneshot::channel();
    std::thread::spawn(move || {
        if let Err(error) = shutdown() {
            tracing::warn!(what, %error, "not all of the last were told");
        }
        // Whoever waited may have given up.
        let _ = done.send(());
    });
    waiting
}

fn resource() -> Resource {
    let found = Resource::builder().build();
    let named = found
        .get(&Key::from_static_str("service.name"))
        .is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let mut builder = Resource::builder().with_attributes([
        opentelemetry::KeyValue::new("telemetry.distro.name", "protoloop"),
        opentelemetry::KeyValue::new("telemetry.distro.version", env!("CARGO_PKG_VERSION")),
    ]);
    if !named {
        builder = builder.with_service_name(SERVICE);
    }
    builder.build()
}

#[cfg(feature = "otlp")]
fn tracers(resource: Resource) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .build()
        .map_err(|error| TelemetryError(error.to_string()))?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_id_generator(CallIds::default())
        .with_batch_exporter(exporter)
        .build();
    Ok(Some(provider))
}

#[cfg(not(feature = "otlp"))]
fn tracers(_: Resource) -> Result<Option<SdkTracerProvider>, TelemetryError> {
    let _ = CallIds::default;
    Err(TelemetryError(
        "this program was built without OTLP".to_owned(),
    ))
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("observer", &self.observer)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

/// Why a process cannot be watched as it was asked for.
#[derive(Debug)]
pub struct TelemetryError(String);

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TelemetryError {}
