//! The reference says what there is.

use protoloop_telemetry::{Definition, Kind, METRICS};

const REFERENCE: &str = include_str!("../../../../docs/reference/telemetry.md");

/// The name that Prometheus sees.
fn of_prometheus(metric: &Definition) -> String {
    let unit = match metric.unit {
        "s" => "_seconds",
        "By" => "_bytes",
        _ => "",
    };
    let total = match metric.kind {
        Kind::Counter => "_total",
        _ => "",
    };
    format!("{}{unit}{total}", metric.name.replace('.', "_"))
}

fn row(metric: &Definition) -> String {
    let attributes: Vec<_> = metric
        .attributes
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    format!(
        "| `{}` | `{}` | {} | {} | {} | {} |",
        metric.name,
        of_prometheus(metric),
        metric.kind.name(),
        if metric.unit.is_empty() {
            ""
        } else {
            metric.unit
        },
        attributes.join(", "),
        metric.description,
    )
}

#[test]
fn every_metric_has_its_row() {
    let rows: Vec<_> = METRICS.iter().map(row).collect();
    let written: Vec<_> = REFERENCE
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let written: Vec<_> = written
        .into_iter()
        .filter(|line| line.matches(" | ").count() == 5)
        .collect();
    assert_eq!(written, rows, "write these rows:\n{}", rows.join("\n"));
}
