//! Fields as members of a JSON object.

use std::{
    error::Error,
    fmt::{self, Write as _},
};

use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::format::Writer;

/// Whether a field is part of a line. What the bridge from the `log` crate adds to its events is told as the event's own.
pub(super) fn is_shown(name: &str) -> bool {
    !name.starts_with("log.")
}

/// Writes each field that it visits as `"name":value`, with commas between.
pub(super) struct Members<'w> {
    out: Writer<'w>,
    first: bool,
    outcome: fmt::Result,
}

impl<'w> Members<'w> {
    /// Those at the beginning of an object.
    pub(super) fn first_of(out: Writer<'w>) -> Self {
        Self {
            out,
            first: true,
            outcome: Ok(()),
        }
    }

    /// Those behind others.
    pub(super) fn more_of(out: Writer<'w>) -> Self {
        Self {
            first: false,
            ..Self::first_of(out)
        }
    }

    pub(super) fn finish(self) -> fmt::Result {
        self.outcome
    }

    fn member(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'w>) -> fmt::Result) {
        let name = field.name();
        if self.outcome.is_err() || !is_shown(name) {
            return;
        }
        self.outcome = (|| {
            if !std::mem::take(&mut self.first) {
                self.out.write_char(',')?;
            }
            quoted(&mut self.out, name.strip_prefix("r#").unwrap_or(name))?;
            self.out.write_char(':')?;
            value(&mut self.out)
        })();
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, |out| match value.is_finite() {
            true => write!(out, "{value}"),
            false => write!(out, "\"{value}\""),
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, |out| write!(out, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, |out| write!(out, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, |out| {
            out.write_str(if value { "true" } else { "false" })
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, |out| quoted(out, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.member(field, |out| quoted_display(out, format_args!("{value}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, |out| quoted_display(out, format_args!("{value:?}")));
    }
}

/// Writes a text as a JSON string.
pub(super) fn quoted(out: &mut Writer<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    Escaped(out).write_str(text)?;
    out.write_char('"')
}

fn quoted_display(out: &mut Writer<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    out.write_char('"')?;
    Escaped(out).write_fmt(text)?;
    out.write_char('"')
}

/// Text within a JSON string: quotation marks, backslashes and control characters are escaped (RFC 8259 §7).
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        while let Some(at) = text.bytes().position(special) {
            self.0.write_str(&text[..at])?;
            match text.as_bytes()[at] {
                b'\n' => self.0.write_str("\\n")?,
                b'\t' => self.0.write_str("\\t")?,
                b'\r' => self.0.write_str("\\r")?,
                byte @ (b'"' | b'\\') => write!(self.0, "\\{}", char::from(byte))?,
                byte => write!(self.0, "\\u{byte:04x}")?,
            }
            text = &text[at + 1..];
        }
        self.0.write_str(text)
    }
}
