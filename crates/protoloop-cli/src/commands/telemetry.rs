//! Metrics and traces of the commands that serve.

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use protoloop::{
    observe::Observer,
    otel::{Settings, Telemetry},
};
use tokio::net::TcpListener;

use crate::{
    args::Surface,
    output::{self, BOLD, Failure, RESET},
};

/// What watches the process, if anything was asked to.
pub(super) struct Watching {
    telemetry: Option<Telemetry>,
    /// Where the page is.
    page: Option<SocketAddr>,
    /// When the process was asked to stop.
    stopped: Arc<OnceLock<Instant>>,
    /// How long it may take to stop.
    patience: Duration,
}

/// The last metrics and traces have at least so long, which whoever kills the process must allow for.
const FLUSH: Duration = Duration::from_secs(3);

impl Watching {
    /// Begins to watch what `--metrics` and the environment ask for, and serves the page of metrics.
    pub(super) async fn start(surface: &Surface) -> Result<Self, Failure> {
        let lifecycle = &surface.lifecycle;
        let telemetry = begin(surface)?;
        let page = match (surface.metrics, &telemetry) {
            (Some(address), Some(telemetry)) => serve(address, telemetry).await?,
            _ => None,
        };
        Ok(Self {
            telemetry,
            page,
            stopped: Arc::default(),
            patience: lifecycle.drain_delay.saturating_add(lifecycle.grace_period),
        })
    }

    /// Who is told of every request.
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.telemetry.as_ref().map(Telemetry::observer)
    }

    /// Says where the page is, below what the server says of itself.
    pub(super) fn announce(&self) {
        if let Some(page) = self.page {
            output::line(format_args!(
                "  {BOLD}metrics{RESET}   http://{page}/metrics"
            ));
        }
    }

    /// The same signal; the time that is left counts from it.
    pub(super) fn noticing(
        &self,
        signal: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send {
        let stopped = Arc::clone(&self.stopped);
        async move {
            signal.await;
            stopped.get_or_init(Instant::now);
        }
    }

    /// Tells the last metrics and traces, in what is left of the time to stop.
    pub(super) async fn finish(self) {
        // One that could not start has nobody's patience.
        let left = self
            .stopped
            .get()
            .map(|since| self.patience.saturating_sub(since.elapsed()));
        let left = left.unwrap_or_default();
        if let Some(telemetry) = self.telemetry {
            telemetry.shutdown(left.max(FLUSH)).await;
        }
    }
}

fn begin(surface: &Surface) -> Result<Option<Telemetry>, Failure> {
    let variable = |name: &str| std::env::var(name).ok();
    let settings = Settings::from_environment(surface.metrics.is_some(), variable)
        .map_err(|error| Failure::Other(error.to_string()))?;
    if settings.is_off() {
        return Ok(None);
    }
    Telemetry::start(&settings)
        .map(Some)
        .map_err(|error| Failure::at("telemetry", error))
}

/// Serves the page; answers where.
async fn serve(address: SocketAddr, telemetry: &Telemetry) -> Result<Option<SocketAddr>, Failure> {
    let Some(page) = telemetry.page() else {
        return Ok(None);
    };
    let at = |error| Failure::at(format_args!("--metrics {address}"), error);
    let listener = TcpListener::bind(address).await.map_err(at)?;
    let address = listener.local_addr().map_err(at)?;
    tokio::spawn(page.clone().serve(listener));
    Ok(Some(address))
}
