//! Structured logs.

mod json;
mod resource;

use std::{env, fmt, io::IsTerminal as _, panic};

use self::{
    json::{JsonLines, JsonMembers},
    resource::attributes,
};

use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, fmt as text, layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum LogFormat {
    /// Text when standard error is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One compact line each, for people.
    Text,
    /// One JSON object per line, for machines.
    Json,
}

/// Sends logs to standard error, and a panic's place and text into the log. For a process that has no subscriber yet.
///
/// `filter` is a list of directives such as `info` or `warn,protoloop_server=debug`. Lines of JSON carry the attributes of
/// `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` as `resource`.
///
/// # Errors
/// When the filter cannot be read, or when the process has a subscriber already.
pub fn init(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| TelemetryError {
        what: format!("the log filter {filter:?} cannot be read"),
        source: Box::new(error),
    })?;
    let terminal = std::io::stderr().is_terminal();
    let lines = match (format, terminal) {
        (LogFormat::Text, _) | (LogFormat::Auto, true) => text::layer()
            .with_writer(std::io::stderr)
            .compact()
            .with_ansi(terminal)
            .with_target(false)
            .boxed(),
        (LogFormat::Json, _) | (LogFormat::Auto, false) => text::layer()
            .event_format(JsonLines::new(attributes(|key| env::var(key).ok())))
            .fmt_fields(JsonMembers)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    let subscriber = Registry::default().with(lines.with_filter(filter));
    subscriber.try_init().map_err(|error| TelemetryError {
        what: "the process has a log subscriber already".to_owned(),
        source: Box::new(error),
    })?;
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        tracing::error!(place, text = info.payload_as_str(), "panic");
    }));
    Ok(())
}

/// Why logging could not be set up.
#[derive(Debug)]
pub struct TelemetryError {
    what: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl fmt::Display for TelemetryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for TelemetryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}
