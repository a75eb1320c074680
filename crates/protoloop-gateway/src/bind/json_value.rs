//! Values and bodies in JSON.

use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{FieldTable, Tables, json};

/// One value of `field` of the message `parent` from its JSON text, tag included; one element where it is repeated.
///
/// # Errors
/// INVALID_ARGUMENT naming the field as `name`.
pub(super) fn literal(
    tables: &Tables,
    parent: MessageId,
    field: &FieldTable,
    name: &str,
    text: &str,
) -> Result<Vec<u8>> {
    let list;
    let text = if field.is_singular() {
        text
    } else {
        list = format!("[{text}]");
        &list
    };
    let options = json::DecodeOptions::default();
    json::decode_field(tables, parent, field.number(), text.as_bytes(), &options)
        .map_err(|error| Error::invalid_field(name, error.message()))
}

/// The same from the content of a JSON string.
///
/// # Errors
/// As [`literal`].
pub(super) fn text(
    tables: &Tables,
    parent: MessageId,
    field: &FieldTable,
    name: &str,
    content: &str,
) -> Result<Vec<u8>> {
    literal(tables, parent, field, name, &quoted(content))
}

fn quoted(content: &str) -> String {
    let mut quoted = String::with_capacity(content.len() + 2);
    quoted.push('"');
    for c in content.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() => quoted += &format!("\\u{:04x}", u32::from(c)),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
