//! Who logs, as the environment says it.

use std::io::{self, Write};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use tracing_subscriber::fmt::MakeWriter;

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

/// Standard error, where each line is a JSON object that gets `resource` as its first member.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    /// `{"resource":{…},`, or nothing where there are no attributes.
    head: Option<Box<[u8]>>,
}

impl Labelled {
    pub(super) fn new(attributes: Map<String, Value>) -> Self {
        let head = (!attributes.is_empty()).then(|| {
            let head = format!("{{\"resource\":{},", Value::Object(attributes));
            head.into_bytes().into()
        });
        Self { head }
    }

    /// A line as it is written. The subscriber hands each one over as a whole.
    fn line(&self, line: &[u8]) -> Option<Vec<u8>> {
        let head = self.head.as_deref()?;
        let rest = line.strip_prefix(b"{")?;
        Some([head, rest].concat())
    }
}

impl<'a> MakeWriter<'a> for Labelled {
    type Writer = Lines<'a>;

    fn make_writer(&'a self) -> Lines<'a> {
        Lines(self)
    }
}

/// Writes lines to standard error.
#[derive(Debug)]
pub(super) struct Lines<'a>(&'a Labelled);

impl Write for Lines<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut out = io::stderr().lock();
        match self.0.line(line) {
            Some(labelled) => out.write_all(&labelled)?,
            None => out.write_all(line)?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
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

    #[test]
    fn a_line_gets_them_in_front() {
        let mut attributes = Map::new();
        attributes.insert("service.name".to_owned(), Value::from("shop"));
        let labelled = Labelled::new(attributes);
        let line = labelled.line(b"{\"level\":\"INFO\"}\n");
        assert_eq!(
            line.as_deref(),
            Some(&b"{\"resource\":{\"service.name\":\"shop\"},\"level\":\"INFO\"}\n"[..])
        );
        assert_eq!(labelled.line(b"text\n"), None);
        assert_eq!(Labelled::new(Map::new()).line(b"{}"), None);
    }
}
