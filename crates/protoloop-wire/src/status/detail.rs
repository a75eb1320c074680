//! Details as `google.rpc` messages in an `Any`.

use std::time::Duration;

use bytes::Bytes;
use protoloop_core::{Detail, FieldViolation, HelpLink, PreconditionViolation, QuotaViolation};

use super::write_text;
use crate::{
    Writer,
    error::WireError,
    wire::{Payload, Reader},
};

pub(super) const PREFIX: &str = "type.googleapis.com/google.rpc.";

/// The message name of a detail within `google.rpc`; `None` for a foreign one.
pub(super) fn name(detail: &Detail) -> Option<&'static str> {
    Some(match detail {
        Detail::ErrorInfo { .. } => "ErrorInfo",
        Detail::BadRequest(_) => "BadRequest",
        Detail::PreconditionFailure(_) => "PreconditionFailure",
        Detail::QuotaFailure(_) => "QuotaFailure",
        Detail::ResourceInfo { .. } => "ResourceInfo",
        Detail::RetryInfo { .. } => "RetryInfo",
        Detail::Help(_) => "Help",
        Detail::LocalizedMessage { .. } => "LocalizedMessage",
        _ => return None,
    })
}

/// The fields of the `Any` that holds a detail.
pub(super) fn write_any(out: &mut Writer, detail: &Detail) {
    if let Detail::Other { type_url, value } = detail {
        write_text(out, 1, type_url);
        if !value.is_empty() {
            out.bytes(2, value);
        }
        return;
    }
    let Some(name) = name(detail) else { return };
    let type_url = out.open(1);
    out.raw(PREFIX.as_bytes());
    out.raw(name.as_bytes());
    out.close(type_url);
    let value = out.open(2);
    write(out, detail);
    if out.is_open_empty(&value) {
        out.cancel(value);
    } else {
        out.close(value);
    }
}

fn write(out: &mut Writer, detail: &Detail) {
    match detail {
        Detail::ErrorInfo {
            reason,
            domain,
            metadata,
        } => {
            write_text(out, 1, reason);
            write_text(out, 2, domain);
            each(out, 3, metadata, |out, (key, value)| {
                out.string(1, key);
                out.string(2, value);
            });
        }
        Detail::BadRequest(violations) => each(out, 1, violations, |out, violation| {
            write_text(out, 1, &violation.field);
            write_text(out, 2, &violation.description);
            write_text(out, 3, &violation.reason);
        }),
        Detail::PreconditionFailure(violations) => each(out, 1, violations, |out, violation| {
            write_text(out, 1, &violation.kind);
            write_text(out, 2, &violation.subject);
            write_text(out, 3, &violation.description);
        }),
        Detail::QuotaFailure(violations) => each(out, 1, violations, |out, violation| {
            write_text(out, 1, &violation.subject);
            write_text(out, 2, &violation.description);
        }),
        Detail::ResourceInfo {
            resource_type,
            resource_name,
            description,
        } => {
            write_text(out, 1, resource_type);
            write_text(out, 2, resource_name);
            write_text(out, 4, description);
        }
        Detail::RetryInfo { retry_delay } => nested(out, 1, |out| {
            if retry_delay.as_secs() > 0 {
                out.uint64(1, retry_delay.as_secs());
            }
            if retry_delay.subsec_nanos() > 0 {
                out.uint32(2, retry_delay.subsec_nanos());
            }
        }),
        Detail::Help(links) => each(out, 1, links, |out, link| {
            write_text(out, 1, &link.description);
            write_text(out, 2, &link.url);
        }),
        Detail::LocalizedMessage { locale, message } => {
            write_text(out, 1, locale);
            write_text(out, 2, message);
        }
        // `Other` is written by `write_any`; a kind added later has no name and never gets here.
        _ => {}
    }
}

/// A message of field `number` for each of the items.
fn each<T>(
    out: &mut Writer,
    number: u32,
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut Writer, T),
) {
    for item in items {
        nested(out, number, |out| write(out, item));
    }
}

fn nested(out: &mut Writer, number: u32, write: impl FnOnce(&mut Writer)) {
    let open = out.open(number);
    write(out);
    out.close(open);
}

/// The detail in an encoded `Any`.
pub(super) fn read_any(any: &[u8]) -> Result<Detail, WireError> {
    let fields = Texts::read(any)?;
    let type_url = fields.text(1);
    let value = fields.bytes(2);
    let name = type_url.rsplit_once('/').map_or("", |(_, name)| name);
    let known = name
        .strip_prefix("google.rpc.")
        .and_then(|name| read(name, value).ok().flatten());
    Ok(known.unwrap_or_else(|| Detail::Other {
        type_url,
        value: Bytes::copy_from_slice(value),
    }))
}

/// `None` for a message that [`Detail`] does not know, or one that holds more than it can.
fn read(name: &str, value: &[u8]) -> Result<Option<Detail>, WireError> {
    let fields = Texts::read(value)?;
    Ok(Some(match name {
        "ErrorInfo" => Detail::ErrorInfo {
            reason: fields.text(1),
            domain: fields.text(2),
            metadata: fields.each(3, |entry| (entry.text(1), entry.text(2)))?,
        },
        "BadRequest" => Detail::BadRequest(fields.each(1, |violation| FieldViolation {
            field: violation.text(1),
            description: violation.text(2),
            reason: violation.text(3),
        })?),
        "PreconditionFailure" => {
            Detail::PreconditionFailure(fields.each(1, |violation| PreconditionViolation {
                kind: violation.text(1),
                subject: violation.text(2),
                description: violation.text(3),
            })?)
        }
        "QuotaFailure" => Detail::QuotaFailure(fields.each(1, |violation| QuotaViolation {
            subject: violation.text(1),
            description: violation.text(2),
        })?),
        "ResourceInfo" => Detail::ResourceInfo {
            resource_type: fields.text(1),
            resource_name: fields.text(2),
            description: fields.text(4),
        },
        "RetryInfo" => match delay(fields.bytes(1))? {
            Some(retry_delay) => Detail::RetryInfo { retry_delay },
            None => return Ok(None),
        },
        "Help" => Detail::Help(fields.each(1, |link| HelpLink {
            description: link.text(1),
            url: link.text(2),
        })?),
        "LocalizedMessage" => Detail::LocalizedMessage {
            locale: fields.text(1),
            message: fields.text(2),
        },
        _ => return Ok(None),
    }))
}

/// A `google.protobuf.Duration` that is not negative.
fn delay(bytes: &[u8]) -> Result<Option<Duration>, WireError> {
    let (mut seconds, mut nanos) = (0u64, 0u64);
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        match (record.number, record.payload) {
            (1, Payload::Varint(raw)) => seconds = raw,
            (2, Payload::Varint(raw)) => nanos = raw,
            _ => {}
        }
    }
    let in_range = i64::try_from(seconds).is_ok() && nanos < 1_000_000_000;
    Ok(in_range.then(|| Duration::new(seconds, nanos as u32)))
}

/// The length-delimited fields of a message.
struct Texts<'a>(Vec<(u32, &'a [u8])>);

impl<'a> Texts<'a> {
    fn read(message: &'a [u8]) -> Result<Self, WireError> {
        let mut fields = Vec::new();
        let mut reader = Reader::new(message);
        while let Some(record) = reader.record()? {
            if let Payload::Len(bytes) = record.payload {
                fields.push((record.number, bytes));
            }
        }
        Ok(Self(fields))
    }

    fn all(&self, number: u32) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |field| field.0 == number)
            .map(|field| field.1)
    }

    /// The last value; empty when absent.
    fn bytes(&self, number: u32) -> &'a [u8] {
        self.all(number).last().unwrap_or_default()
    }

    fn text(&self, number: u32) -> String {
        String::from_utf8_lossy(self.bytes(number)).into_owned()
    }

    /// Every message of a repeated field.
    fn each<T>(&self, number: u32, make: impl Fn(Self) -> T) -> Result<Vec<T>, WireError> {
        self.all(number)
            .map(|message| Self::read(message).map(&make))
            .collect()
    }
}
