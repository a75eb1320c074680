use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use tracing::Level;
use tracing_subscriber::{fmt, layer::SubscriberExt as _};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written meanwhile, a value per line, without their times.
fn lines(resource: Map<String, Value>, act: impl FnOnce()) -> Vec<Value> {
    let written = Written::default();
    let writer = written.clone();
    let layer = fmt::layer()
        .event_format(JsonLines::new(resource))
        .fmt_fields(JsonMembers)
        .with_writer(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
    let text = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect(line);
            let time = line
                .as_object_mut()
                .and_then(|line| line.remove("timestamp"));
            assert!(time.is_some_and(|time| time.is_string()), "{line}");
            line
        })
        .collect()
}

#[test]
fn an_event_has_its_fields_and_those_of_its_span() {
    let lines = lines(Map::new(), || {
        let outer = tracing::error_span!("outer", hidden = 1);
        let span = tracing::error_span!(parent: &outer, "call", rpc.system = "grpc", trace_id = %"00af", late = tracing::field::Empty);
        tracing::info!(parent: &span, code = "OK", duration_ms = 0.125, "done");
        span.record("late", true);
        span.in_scope(|| tracing::warn!(count = 3_u64, less = -1, r#type = "t", "in {}", "scope"));
        tracing::event!(target: "else", Level::ERROR, nan = f64::NAN);
    });
    let span = json!({"rpc.system": "grpc", "trace_id": "00af", "name": "call"});
    let late = json!({"rpc.system": "grpc", "trace_id": "00af", "late": true, "name": "call"});
    let target = module_path!();
    assert_eq!(
        lines,
        [
            json!({"level": "INFO", "message": "done", "code": "OK", "duration_ms": 0.125, "target": target, "span": span}),
            json!({"level": "WARN", "message": "in scope", "count": 3, "less": -1, "type": "t", "target": target, "span": late}),
            json!({"level": "ERROR", "nan": "NaN", "target": "else"}),
        ]
    );
}

#[test]
fn a_span_without_fields_gets_some_later() {
    let lines = lines(Map::new(), || {
        let span = tracing::error_span!("bare", late = tracing::field::Empty);
        tracing::info!(parent: &span, "one");
        span.record("late", "now");
        tracing::info!(parent: &span, "two");
    });
    assert_eq!(lines[0]["span"], json!({"name": "bare"}));
    assert_eq!(lines[1]["span"], json!({"late": "now", "name": "bare"}));
}

#[test]
fn what_json_reserves_is_escaped() {
    let text = "\"quoted\\\" \u{0} \u{1f}\n\r\t \u{7f} ü €";
    let error = io::Error::other(text);
    let lines = lines(Map::new(), || {
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::info!(text, error, debug = ?"a\"b", "{text}");
    });
    let [line] = &lines[..] else {
        panic!("one line is due: {lines:?}")
    };
    assert_eq!(line["text"], text);
    assert_eq!(line["error"], text);
    assert_eq!(line["message"], text);
    assert_eq!(line["debug"], "\"a\\\"b\"");
}

#[test]
fn the_resource_comes_first() {
    let resource = Map::from_iter([("service.name".to_owned(), Value::from("shop"))]);
    let lines = lines(resource, || tracing::info!("up"));
    assert_eq!(lines[0]["resource"], json!({"service.name": "shop"}));
    assert_eq!(lines[0]["message"], "up");
}
