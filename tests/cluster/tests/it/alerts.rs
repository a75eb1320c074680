//! The alerts of the operator's chart: Prometheus' own tool tries them, and what they ask for is there.

use std::{fs, process::Command};

use protoloop_cluster::shell;

use crate::support::{
    find,
    helm::{chart, helm, objects},
    root,
};

const RULES: &str = "helm/protoloop-operator/alerts.yaml";

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn each_fires_when_it_should_and_only_then() {
    let Some(promtool) = find("PROTOLOOP_TEST_PROMTOOL") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    for path in [RULES, "tests/cluster/alerts.test.yaml"] {
        let name = path.rsplit('/').next().expect("paths have ends");
        fs::write(folder.path().join(name), text(path)).expect("the folder is ours");
    }
    for words in [
        ["check", "rules", "alerts.yaml"],
        ["test", "rules", "alerts.test.yaml"],
    ] {
        let mut promtool = Command::new(&promtool);
        promtool.args(words).current_dir(folder.path());
        shell::output(&mut promtool).unwrap_or_else(|failure| panic!("{failure}"));
    }
    let tried = text("tests/cluster/alerts.test.yaml");
    let rules = text(RULES);
    let alerts = rules.lines().filter_map(|line| line.split_once("alert: "));
    for (_, alert) in alerts {
        assert!(tried.contains(alert), "{alert} is not tried");
    }
}

#[test]
fn the_metrics_that_they_ask_for_are_there() {
    let there = text("docs/reference/telemetry.md")
        + &text("crates/protoloop-operator/src/controller/metrics.rs");
    let rules = text(RULES);
    let words = rules.split(|next: char| !next.is_ascii_alphanumeric() && next != '_');
    let families = ["rpc_", "http_server_", "db_client_", "protoloop_operator_"];
    let labels = ["rpc_method"];
    let metrics = words.filter(|word| families.iter().any(|family| word.starts_with(family)));
    let mut asked = 0;
    for metric in metrics.filter(|word| !labels.contains(word)) {
        // A label is told in OpenTelemetry's spelling.
        let name = metric.strip_suffix("_seconds_count").unwrap_or(metric);
        let dotted = name.replace('_', ".");
        let known = there.contains(name)
            || there.contains(&dotted)
            || there.replace('.', "_").contains(name);
        assert!(known, "{metric}");
        asked += 1;
    }
    assert!(asked > 10, "{asked}");
}

#[test]
fn the_chart_brings_them_where_there_is_an_operator_of_prometheus() {
    let rule = "monitoring.coreos.com/v1/PrometheusRule";
    for (api, there) in [(None, false), (Some(rule), true)] {
        let Some(mut helm) = helm() else { return };
        helm.args(["template", "x", &chart("protoloop-operator")])
            .args(["--set", "alerts.enabled=true,alerts.labels.release=p"]);
        if let Some(api) = api {
            helm.args(["--api-versions", api]);
        }
        let text = shell::output(&mut helm).unwrap_or_else(|failure| panic!("{failure}"));
        let objects = objects(&text);
        let found = objects.iter().find(|one| one["kind"] == "PrometheusRule");
        assert_eq!(found.is_some(), there);
        if let Some(found) = found {
            assert_eq!(found["metadata"]["labels"]["release"], "p");
            let groups = found["spec"]["groups"].as_array().map_or(0, Vec::len);
            assert_eq!(groups, 2, "{found}");
        }
    }
}
