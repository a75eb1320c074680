//! Errors as JSON objects.

use protoloop_core::{Detail, Error};

use super::detail;
use crate::{
    Tables,
    json::{EncodeOptions, encode_any, number::push_integer, text::push_string, time},
};

/// The JSON object that carries an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// AIP-193: `{"error":{"code":404,"message":…,"status":"NOT_FOUND","details":[{"@type":…,…}]}}`.
    #[default]
    Envelope,
    /// A bare `google.rpc.Status`: `{"code":5,"message":…,"details":[…]}`.
    Status,
    /// RFC 9457: `{"type":"about:blank","title":"Not Found","status":404,"detail":…,"code":"NOT_FOUND","details":[…]}`,
    /// of the media type `application/problem+json`. The title is the status's own phrase, given with the shape.
    Problem(&'static str),
}

/// The body of an HTTP answer that carries an error; `http_status` is the answer's.
///
/// Details of a foreign type are written by `tables` where those know the type, else with their bytes in base64 as
/// `value`; no detail can make the error itself unreadable.
#[must_use]
pub fn to_json(tables: &Tables, error: &Error, http_status: u16, shape: Shape) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + error.message().len());
    if shape == Shape::Envelope {
        out.extend_from_slice(b"{\"error\":");
    }
    let mut object = Object::new(&mut out);
    match shape {
        Shape::Envelope => {
            object.number("code", i64::from(http_status));
            object.text("message", error.message());
            object.text("status", error.code().name());
        }
        Shape::Status => {
            object.number("code", i64::from(error.code().as_i32()));
            object.text("message", error.message());
        }
        Shape::Problem(title) => {
            object.text("type", "about:blank");
            object.text("title", title);
            object.number("status", i64::from(http_status));
            object.text("detail", error.message());
            object.text("code", error.code().name());
        }
    }
    if !error.details().is_empty() {
        object.key("details");
        object.out.push(b'[');
        for (index, detail) in error.details().iter().enumerate() {
            if index > 0 {
                object.out.push(b',');
            }
            write(object.out, tables, detail);
        }
        object.out.push(b']');
    }
    object.close();
    if shape == Shape::Envelope {
        out.push(b'}');
    }
    out
}

/// A detail as the JSON of its `Any`.
pub(super) fn write(out: &mut Vec<u8>, tables: &Tables, detail: &Detail) {
    if let Detail::Other { type_url, value } = detail {
        return foreign(out, tables, type_url, value);
    }
    let mut object = Object::new(out);
    if let Some(name) = detail::name(detail) {
        object.text("@type", &format!("{}{name}", detail::PREFIX));
    }
    match detail {
        Detail::ErrorInfo {
            reason,
            domain,
            metadata,
        } => {
            object.text("reason", reason);
            object.text("domain", domain);
            if !metadata.is_empty() {
                object.key("metadata");
                let mut inner = Object::new(object.out);
                for (key, value) in metadata {
                    inner.text(key, value);
                }
                inner.close();
            }
        }
        Detail::BadRequest(violations) => object.list("fieldViolations", violations, |inner, v| {
            inner.text("field", &v.field);
            inner.text("description", &v.description);
            inner.text_unless_empty("reason", &v.reason);
        }),
        Detail::PreconditionFailure(violations) => {
            object.list("violations", violations, |inner, v| {
                inner.text("type", &v.kind);
                inner.text("subject", &v.subject);
                inner.text("description", &v.description);
            });
        }
        Detail::QuotaFailure(violations) => object.list("violations", violations, |inner, v| {
            inner.text("subject", &v.subject);
            inner.text("description", &v.description);
        }),
        Detail::ResourceInfo {
            resource_type,
            resource_name,
            description,
        } => {
            object.text("resourceType", resource_type);
            object.text("resourceName", resource_name);
            object.text_unless_empty("description", description);
        }
        Detail::RetryInfo { retry_delay } => {
            let seconds = i64::try_from(retry_delay.as_secs()).unwrap_or(i64::MAX);
            let mut text = Vec::new();
            if time::push_duration(&mut text, seconds, retry_delay.subsec_nanos() as i32) {
                object.text("retryDelay", &String::from_utf8_lossy(&text));
            }
        }
        Detail::Help(links) => object.list("links", links, |inner, link| {
            inner.text("description", &link.description);
            inner.text("url", &link.url);
        }),
        Detail::LocalizedMessage { locale, message } => {
            object.text("locale", locale);
            object.text("message", message);
        }
        // `Other` is written above; a kind added later shows as an empty object until it is named here.
        _ => {}
    }
    object.close();
}

fn foreign(out: &mut Vec<u8>, tables: &Tables, type_url: &str, value: &[u8]) {
    if encode_any(tables, type_url, value, &EncodeOptions::default(), out).is_ok() {
        return;
    }
    let mut object = Object::new(out);
    object.text("@type", type_url);
    object.key("value");
    object.out.push(b'"');
    crate::json::base64::encode(object.out, value);
    object.out.push(b'"');
    object.close();
}

/// A JSON object being written.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        push_string(self.out, key);
        self.out.push(b':');
    }

    fn number(&mut self, key: &str, value: i64) {
        self.key(key);
        push_integer(self.out, value);
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_string(self.out, value);
    }

    fn text_unless_empty(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.text(key, value);
        }
    }

    fn list<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut Object<'_>, &T)) {
        self.key(key);
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            let mut inner = Object::new(self.out);
            write(&mut inner, item);
            inner.close();
        }
        self.out.push(b']');
    }

    fn close(self) {
        self.out.push(b'}');
    }
}
