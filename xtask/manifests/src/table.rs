//! The table of values in a chart's README, from the schema and the defaults.

use std::fmt::Write as _;

use serde_json::Value;

/// What is Kubernetes' own: the table says so and goes no deeper.
const OF_KUBERNETES: [&str; 8] = [
    "env",
    "envFrom",
    "resources",
    "volumes",
    "volumeMounts",
    "podTemplate",
    "objectOverrides",
    "global",
];

/// One row per value.
#[must_use]
pub fn table(schema: &Value, defaults: &Value) -> String {
    let mut text = "| value | default | |\n|---|---|---|\n".to_owned();
    rows(&mut text, "", schema, Some(defaults));
    text
}

fn rows(text: &mut String, above: &str, schema: &Value, defaults: Option<&Value>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return;
    };
    for (name, property) in properties {
        let path = match above {
            "" => name.clone(),
            _ => format!("{above}.{name}"),
        };
        let default = defaults.and_then(|defaults| defaults.get(name));
        let goes_on =
            property.get("properties").is_some() && !OF_KUBERNETES.contains(&name.as_str());
        let shown = default
            .filter(|_| !goes_on)
            .map(Value::to_string)
            .unwrap_or_default();
        let shown = if shown.is_empty() {
            shown
        } else {
            format!("`{shown}`")
        };
        let about = property
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let about = about
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace('|', "\\|");
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| `{path}` | {shown} | {about}{} |",
            choices(property)
        );
        if goes_on {
            rows(text, &path, property, default);
        }
    }
}

fn choices(property: &Value) -> String {
    let Some(choices) = property.get("enum").and_then(Value::as_array) else {
        return String::new();
    };
    let choices: Vec<_> = choices.iter().filter_map(Value::as_str).collect();
    format!(" One of {}.", choices.join(", "))
}
