//! Log lines as JSON objects.
//!
//! A server writes a line per call, so what a line costs is paid by every call. The subscriber's own JSON keeps the fields of
//! a span as text and parses them again for each line; here they are members already and are copied.

mod members;
#[cfg(test)]
mod tests;
mod time;

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber, field};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

use self::members::{Members, quoted};

/// A line per event: `resource` where there are attributes, `timestamp`, `level`, the event's fields, `target`, and the
/// innermost `span` with its fields and its `name`.
#[derive(Clone, Debug)]
pub(super) struct JsonLines {
    /// What every line begins with: `{`, or `{"resource":{…},`.
    head: Box<str>,
}

impl JsonLines {
    /// Lines of a process with these attributes.
    pub(super) fn new(resource: Map<String, Value>) -> Self {
        let head = match resource.is_empty() {
            true => "{".to_owned(),
            false => format!("{{\"resource\":{},", Value::Object(resource)),
        };
        Self { head: head.into() }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        line.write_str(&self.head)?;
        line.write_str("\"timestamp\":\"")?;
        time::now(&mut line)?;
        line.write_str("\",\"level\":\"")?;
        line.write_str(metadata.level().as_str())?;
        line.write_str("\",")?;
        if has_members(event) {
            context.format_fields(line.by_ref(), event)?;
            line.write_char(',')?;
        }
        line.write_str("\"target\":")?;
        quoted(&mut line, &LogTarget::of(event))?;
        if let Some(span) = context.event_scope().and_then(|mut scope| scope.next()) {
            line.write_str(",\"span\":{")?;
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                line.write_str(fields)?;
                line.write_char(',')?;
            }
            line.write_str("\"name\":")?;
            quoted(&mut line, span.name())?;
            line.write_char('}')?;
        }
        line.write_str("}\n")
    }
}

/// Fields as members of a JSON object, without its braces.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonMembers;

impl<'w> FormatFields<'w> for JsonMembers {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members::first_of(writer);
        fields.record(&mut members);
        members.finish()
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let mut members = match current.is_empty() {
            true => Members::first_of(current.as_writer()),
            false => Members::more_of(current.as_writer()),
        };
        fields.record(&mut members);
        members.finish()
    }
}

/// Whether there is a field that is shown.
fn has_members(event: &Event<'_>) -> bool {
    event.fields().any(|field| members::is_shown(field.name()))
}

/// Where an event comes from. Libraries that use the `log` crate say it in a field.
struct LogTarget(Option<String>);

impl LogTarget {
    fn of(event: &Event<'_>) -> std::borrow::Cow<'static, str> {
        let target = event.metadata().target();
        if target != "log" {
            return target.into();
        }
        let mut said = Self(None);
        event.record(&mut said);
        said.0.map_or(target.into(), Into::into)
    }
}

impl field::Visit for LogTarget {
    fn record_str(&mut self, field: &field::Field, value: &str) {
        if field.name() == "log.target" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &field::Field, _: &dyn fmt::Debug) {}
}
