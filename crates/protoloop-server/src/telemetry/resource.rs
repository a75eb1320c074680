//! Who logs, as the environment says it.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The attributes of `OTEL_RESOURCE_ATTRIBUTES` (`key=value,…`, values percent-encoded) with the name of
/// `OTEL_SERVICE_NAME` over them, as OpenTelemetry defines both. A pod gets its own by the downward API.
///
/// What cannot be read is left out, as OpenTelemetry asks: logs are worth more than their labels.
pub(super) fn attributes(environment: impl Fn(&str) -> Option<String>) -> Map<String, Value> {
    let listed = environment("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let pairs = listed.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), Value::from(value.into_owned())))
    });
    let mut attributes: Map<_, _> = pairs.collect();
    if let Some(name) = environment("OTEL_SERVICE_NAME").filter(|name| !name.is_empty()) {
        attributes.insert("service.name".to_owned(), Value::from(name));
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(attributes: &str, name: &str) -> String {
        let read = super::attributes(|key| match key {
            "OTEL_RESOURCE_ATTRIBUTES" => Some(attributes.to_owned()),
            "OTEL_SERVICE_NAME" => Some(name.to_owned()),
            _ => None,
        });
        Value::Object(read).to_string()
    }

    #[test]
    fn attributes_are_read_as_opentelemetry_defines_them() {
        let pod = "k8s.pod.name=shop-1, k8s.namespace.name = prod,service.name=other";
        let read_pod = read(pod, "shop");
        assert_eq!(
            read_pod,
            r#"{"k8s.namespace.name":"prod","k8s.pod.name":"shop-1","service.name":"shop"}"#
        );
        assert_eq!(read("a=1%2C2,=x,b,c=%FF", ""), r#"{"a":"1,2"}"#);
        assert_eq!(read("", ""), "{}");
    }
}
