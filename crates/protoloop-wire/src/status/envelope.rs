//! The AIP-193 JSON envelope.

use protoloop_core::{Detail, Error};

use super::detail;
use crate::{
    Tables,
    json::{EncodeOptions, encode_any, number::push_integer, text::push_string, time},
};

/// The body of an HTTP answer that carries an error (AIP-193):
/// `{"error":{"code":404,"message":…,"status":"NOT_FOUND","details":[{"@type":…,…}]}}`.
///
/// `http_status` becomes `code`. Details of a foreign type are written by `tables` where those know the type, else with
/// their bytes in base64 as `value`; no detail can make the error itself unreadable.
#[must_use]
pub fn to_json(tables: &Tables, error: &Error, http_status: u16) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + error.message().len());
    out.extend_from_slice(b"{\"error\":{\"code\":");
    push_integer(&mut out, http_status);
    out.extend_from_slice(b",\"message\":");
    push_string(&mut out, error.message());
    out.extend_from_slice(b",\"status\":");
    push_string(&mut out, error.code().name());
    if !error.details().is_empty() {
        out.extend_from_slice(b",\"details\":[");
        for (index, detail) in error.details().iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write(&mut out, tables, detail);
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
    out
}

fn write(out: &mut Vec<u8>, tables: &Tables, detail: &Detail) {
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
