//! Errors as the Connect protocol writes them.

use std::borrow::Cow;

use protoloop_core::{Code, Detail, Error};

use super::{detail, envelope};
use crate::{
    Tables, Writer,
    json::{base64, text::push_string},
    wire::{Payload, Reader},
};

/// The code's name in Connect: lower case, and "canceled" with one l.
fn name(code: Code) -> Cow<'static, str> {
    match code {
        Code::Cancelled => Cow::Borrowed("canceled"),
        code => Cow::Owned(code.name().to_ascii_lowercase()),
    }
}

/// The JSON of an error in Connect: `{"code":"not_found","message":…,"details":[{"type":…,"value":…,"debug":…}]}`.
///
/// The value of a detail is its bytes in base64 without padding; `debug` its JSON, where `tables` know the type.
#[must_use]
pub fn to_connect_json(tables: &Tables, error: &Error) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + error.message().len());
    push(&mut out, tables, error);
    out
}

/// The JSON that ends a stream in Connect: `{"error":…,"metadata":{"name":["value",…]}}`, both left out where there is
/// none.
#[must_use]
pub fn to_connect_end(
    tables: &Tables,
    error: Option<&Error>,
    metadata: &[(&str, Vec<Cow<'_, str>>)],
) -> Vec<u8> {
    let mut out = vec![b'{'];
    if let Some(error) = error {
        out.extend_from_slice(b"\"error\":");
        push(&mut out, tables, error);
    }
    if !metadata.is_empty() {
        if error.is_some() {
            out.push(b',');
        }
        out.extend_from_slice(b"\"metadata\":{");
        for (index, (name, values)) in metadata.iter().enumerate() {
            comma(&mut out, index);
            push_string(&mut out, name);
            out.extend_from_slice(b":[");
            for (index, value) in values.iter().enumerate() {
                comma(&mut out, index);
                push_string(&mut out, value);
            }
            out.push(b']');
        }
        out.push(b'}');
    }
    out.push(b'}');
    out
}

fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn push(out: &mut Vec<u8>, tables: &Tables, error: &Error) {
    out.extend_from_slice(b"{\"code\":");
    push_string(out, &name(error.code()));
    if !error.message().is_empty() {
        out.extend_from_slice(b",\"message\":");
        push_string(out, error.message());
    }
    if !error.details().is_empty() {
        out.extend_from_slice(b",\"details\":[");
        for (index, detail) in error.details().iter().enumerate() {
            comma(out, index);
            push_detail(out, tables, detail);
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn push_detail(out: &mut Vec<u8>, tables: &Tables, detail: &Detail) {
    let mut any = Writer::new();
    detail::write_any(&mut any, detail);
    let any = any.finish();
    let (mut type_url, mut value) = (&[][..], &[][..]);
    let mut reader = Reader::new(&any);
    while let Ok(Some(record)) = reader.record() {
        match (record.number, record.payload) {
            (1, Payload::Len(bytes)) => type_url = bytes,
            (2, Payload::Len(bytes)) => value = bytes,
            _ => {}
        }
    }
    let type_url = String::from_utf8_lossy(type_url);
    out.extend_from_slice(b"{\"type\":");
    push_string(out, type_url.rsplit('/').next().unwrap_or_default());
    out.extend_from_slice(b",\"value\":\"");
    base64::encode(out, value);
    while out.last() == Some(&b'=') {
        out.pop();
    }
    out.extend_from_slice(b"\",\"debug\":");
    envelope::write(out, tables, detail);
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protoloop_schema::Schema;

    use super::*;

    fn tables() -> Arc<Tables> {
        let schema = Schema::from_descriptor_set(&[]).expect("an empty set is a schema");
        Tables::new(&Arc::new(schema))
    }

    #[test]
    fn an_error_has_its_code_its_text_and_its_details() {
        let error = Error::cancelled("so \"be\" it").with_detail(Detail::Other {
            type_url: "type.googleapis.com/acme.v1.Reason".to_owned(),
            value: vec![1, 2].into(),
        });
        assert_eq!(
            String::from_utf8(to_connect_json(&tables(), &error)).unwrap(),
            r#"{"code":"canceled","message":"so \"be\" it","details":[{"type":"acme.v1.Reason","value":"AQI","debug":{"@type":"type.googleapis.com/acme.v1.Reason","value":"AQI="}}]}"#
        );
        let plain = to_connect_json(&tables(), &Error::not_found(""));
        assert_eq!(plain, br#"{"code":"not_found"}"#);
    }

    #[test]
    fn a_stream_ends_with_error_and_metadata() {
        let end = |error: Option<&Error>, metadata: &[(&str, Vec<Cow<'_, str>>)]| {
            String::from_utf8(to_connect_end(&tables(), error, metadata)).unwrap()
        };
        assert_eq!(end(None, &[]), "{}");
        let metadata = [
            ("x-a", vec!["1".into(), "2".into()]),
            ("x-b", vec!["3".into()]),
        ];
        let error = Error::data_loss("gone");
        assert_eq!(
            end(Some(&error), &metadata),
            r#"{"error":{"code":"data_loss","message":"gone"},"metadata":{"x-a":["1","2"],"x-b":["3"]}}"#
        );
        assert_eq!(end(None, &metadata[1..]), r#"{"metadata":{"x-b":["3"]}}"#);
    }
}
