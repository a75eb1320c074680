//! What the operator counts, in Prometheus' text format.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Upper bounds of the histogram's buckets, in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Default)]
struct Counts {
    reconciles: BTreeMap<&'static str, u64>,
    errors: BTreeMap<String, u64>,
    writes: BTreeMap<(&'static str, &'static str), u64>,
    buckets: [u64; BUCKETS.len()],
    seconds: f64,
    count: u64,
}

/// What the operator counts.
#[derive(Debug, Default)]
pub struct Metrics {
    counts: Mutex<Counts>,
}

/// What is true at the moment, beside what was counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// Whether this operator writes.
    pub leads: bool,
    /// Microservices that are known.
    pub services: usize,
    /// Objects of theirs that are known.
    pub objects: usize,
    /// Microservices whose pods are being replaced though their resource has not changed.
    pub rollouts: usize,
}

impl Metrics {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reconcile ended so, after so long.
    pub fn reconciled(&self, result: &'static str, took: Duration) {
        let mut counts = self.counts();
        *counts.reconciles.entry(result).or_default() += 1;
        let seconds = took.as_secs_f64();
        for (bucket, bound) in counts.buckets.iter_mut().zip(BUCKETS) {
            *bucket += u64::from(seconds <= bound);
        }
        counts.seconds += seconds;
        counts.count += 1;
    }

    /// Something failed for this reason.
    pub fn failed(&self, reason: &str) {
        *self.counts().errors.entry(reason.to_owned()).or_default() += 1;
    }

    /// An object of a kind was written: applied, deleted.
    pub fn wrote(&self, verb: &'static str, kind: &'static str) {
        *self.counts().writes.entry((verb, kind)).or_default() += 1;
    }

    /// All of it, as text.
    #[must_use]
    pub fn render(&self, gauges: Gauges) -> String {
        let counts = self.counts();
        let mut text = String::new();
        head(
            &mut text,
            "protoloop_operator_reconciles_total",
            "counter",
            "Reconciles by how they ended.",
        );
        for (result, count) in &counts.reconciles {
            line(
                &mut text,
                format_args!("protoloop_operator_reconciles_total{{result=\"{result}\"}} {count}"),
            );
        }
        head(
            &mut text,
            "protoloop_operator_errors_total",
            "counter",
            "Failures by reason.",
        );
        for (reason, count) in &counts.errors {
            line(
                &mut text,
                format_args!("protoloop_operator_errors_total{{reason=\"{reason}\"}} {count}"),
            );
        }
        head(
            &mut text,
            "protoloop_operator_writes_total",
            "counter",
            "Objects written, by what was done and kind.",
        );
        for ((verb, kind), count) in &counts.writes {
            line(
                &mut text,
                format_args!(
                    "protoloop_operator_writes_total{{verb=\"{verb}\",kind=\"{kind}\"}} {count}"
                ),
            );
        }
        histogram(&mut text, &counts);
        gauge(
            &mut text,
            "protoloop_operator_leader",
            "Whether this operator writes.",
            usize::from(gauges.leads),
        );
        gauge(
            &mut text,
            "protoloop_operator_microservices",
            "Microservices that are known.",
            gauges.services,
        );
        gauge(
            &mut text,
            "protoloop_operator_objects",
            "Objects of theirs that are known.",
            gauges.objects,
        );
        gauge(
            &mut text,
            "protoloop_operator_rollouts",
            "Microservices whose pods are being replaced though their resource has not changed.",
            gauges.rollouts,
        );
        text
    }
}

/// How long reconciles took.
fn histogram(text: &mut String, counts: &Counts) {
    let name = "protoloop_operator_reconcile_seconds";
    head(text, name, "histogram", "How long reconciles took.");
    for (bucket, bound) in counts.buckets.iter().zip(BUCKETS) {
        line(
            text,
            format_args!("{name}_bucket{{le=\"{bound}\"}} {bucket}"),
        );
    }
    line(
        text,
        format_args!("{name}_bucket{{le=\"+Inf\"}} {}", counts.count),
    );
    line(text, format_args!("{name}_sum {}", counts.seconds));
    line(text, format_args!("{name}_count {}", counts.count));
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

fn gauge(text: &mut String, name: &str, help: &str, value: usize) {
    head(text, name, "gauge", help);
    line(text, format_args!("{name} {value}"));
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{arguments}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.reconciled("ok", Duration::from_millis(20));
        metrics.reconciled("error", Duration::from_secs(9));
        metrics.failed("Forbidden");
        metrics.wrote("apply", "Deployment");
        let text = metrics.render(Gauges {
            leads: true,
            services: 2,
            objects: 9,
            rollouts: 3,
        });
        for line in [
            "protoloop_operator_reconciles_total{result=\"ok\"} 1",
            "protoloop_operator_errors_total{reason=\"Forbidden\"} 1",
            "protoloop_operator_writes_total{verb=\"apply\",kind=\"Deployment\"} 1",
            "protoloop_operator_reconcile_seconds_bucket{le=\"0.01\"} 0",
            "protoloop_operator_reconcile_seconds_bucket{le=\"0.025\"} 1",
            "protoloop_operator_reconcile_seconds_bucket{le=\"+Inf\"} 2",
            "protoloop_operator_leader 1",
            "protoloop_operator_microservices 2",
            "protoloop_operator_rollouts 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
