//! What is asked for, by OpenTelemetry's environment variables.

use std::fmt;

/// What a process is asked to tell, and whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// A page for Prometheus.
    pub prometheus: bool,
    /// Spans to a collector.
    pub traces: bool,
    /// Metrics to a collector.
    pub metrics: bool,
}

impl Settings {
    /// Reads `OTEL_SDK_DISABLED`, `OTEL_TRACES_EXPORTER` and `OTEL_METRICS_EXPORTER`. Where no exporter is named, a signal
    /// goes out if there is an endpoint for it (`OTEL_EXPORTER_OTLP_ENDPOINT`, or that of the signal): unlike other programs
    /// none calls a collector on its own machine that nobody spoke of. Whether there is a page says the caller.
    ///
    /// # Errors
    /// Every variable that asks for what is not there.
    pub fn from_environment(
        prometheus: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let variable = |name: &str| {
            let value = variable(name).map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let disabled = variable("OTEL_SDK_DISABLED");
        let disabled = disabled.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let mut problems = Vec::new();
        let mut otlp = |signal: &str| {
            let name = format!("OTEL_{signal}_EXPORTER");
            let Some(listed) = variable(&name) else {
                let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
                return ["OTEL_EXPORTER_OTLP_ENDPOINT", &own]
                    .iter()
                    .any(|name| variable(name).is_some());
            };
            let mut found = false;
            for exporter in listed.split(',').map(str::trim) {
                match exporter {
                    "otlp" => found = true,
                    // The page has an option of its own.
                    "none" | "" => {}
                    "prometheus" if signal == "METRICS" => {}
                    other => problems.push(format!("{name}: {other:?} is not one of otlp, none")),
                }
            }
            found
        };
        let (traces, metrics) = (otlp("TRACES"), otlp("METRICS"));
        if !problems.is_empty() {
            return Err(SettingsError { problems });
        }
        // Often a whole cluster has the variables, so that they are no reason not to start.
        let able = cfg!(feature = "otlp");
        if (traces || metrics) && !disabled && !able {
            tracing::warn!("no collector is told anything: this program was built without `otlp`");
        }
        Ok(Self {
            prometheus,
            traces: traces && !disabled && able,
            metrics: metrics && !disabled && able,
        })
    }

    /// Whether nobody is told anything.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
}

/// Every variable that asks for what is not there.
#[derive(Debug)]
pub struct SettingsError {
    problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("; "))
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<(bool, bool), String> {
        let found = |name: &str| {
            let mut found = variables.iter().filter(|(other, _)| *other == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        let settings = Settings::from_environment(false, found);
        settings
            .map(|settings| (settings.traces, settings.metrics))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_sent_unless_it_is_asked_for() {
        assert_eq!(read(&[]), Ok((false, false)));
        assert_eq!(
            read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]),
            Ok((false, false))
        );
        let none = [
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
        ];
        assert_eq!(read(&none), Ok((false, false)));
        let disabled = [
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_SDK_DISABLED", "True"),
        ];
        assert_eq!(read(&disabled), Ok((false, false)));
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn an_endpoint_or_an_exporter_asks_for_it() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert_eq!(read(&[endpoint]), Ok((true, true)));
        assert_eq!(
            read(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]),
            Ok((false, true))
        );
        assert_eq!(
            read(&[("OTEL_METRICS_EXPORTER", "otlp")]),
            Ok((false, true))
        );
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:4317");
        assert_eq!(read(&[own]), Ok((true, false)));
    }

    #[test]
    fn every_exporter_that_is_not_there_is_named() {
        let wrong = [
            ("OTEL_TRACES_EXPORTER", "zipkin,none"),
            ("OTEL_METRICS_EXPORTER", "statsd"),
        ];
        assert_eq!(
            read(&wrong),
            Err(
                "OTEL_TRACES_EXPORTER: \"zipkin\" is not one of otlp, none; \
                 OTEL_METRICS_EXPORTER: \"statsd\" is not one of otlp, none"
                    .to_owned()
            )
        );
    }

    #[cfg(not(feature = "otlp"))]
    #[test]
    fn a_program_without_otlp_tells_no_collector() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert_eq!(read(&[endpoint]), Ok((false, false)));
    }
}
