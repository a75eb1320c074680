//! The text of a path or query value to protobuf bytes.

use protoloop_core::{Error, Result};
use protoloop_schema::{Kind, MessageId, WellKnown};
use protoloop_wire::{FieldTable, Tables, Value, Writer, mask};

use super::json_value as json;

/// Encodes one value of `field` of the message `parent`, tag included. `name` is the field as errors name it.
///
/// # Errors
/// INVALID_ARGUMENT saying what was expected.
pub(super) fn encode(
    tables: &Tables,
    parent: MessageId,
    field: &FieldTable,
    name: &str,
    text: &str,
) -> Result<Vec<u8>> {
    match field.well_known() {
        Some(known) => well_known(tables, parent, field, known, name, text),
        None if field.kind() == Kind::Bytes => json::text(tables, parent, field, name, text),
        None => {
            let value = scalar(tables, field.kind(), text)
                .map_err(|expected| refused(name, text, &expected))?;
            let mut writer = Writer::with_capacity(text.len() + 8);
            writer.value(field, &value);
            Ok(writer.finish())
        }
    }
}

/// Encodes one entry of the map `field`, tag included.
///
/// # Errors
/// INVALID_ARGUMENT saying what was expected.
pub(super) fn encode_entry(
    tables: &Tables,
    field: &FieldTable,
    name: &str,
    key: &str,
    text: &str,
) -> Result<Vec<u8>> {
    let entry = field.message().map(|id| tables.message(id));
    let parts = entry.and_then(|entry| Some((entry.id(), entry.field(1)?, entry.field(2)?)));
    let Some((entry, key_field, value_field)) = parts else {
        return Err(Error::internal_error(format!(
            "{name}: a map without an entry type"
        )));
    };
    let key = encode(tables, entry, key_field, name, key)?;
    let value = encode(tables, entry, value_field, name, text)?;
    let mut writer = Writer::with_capacity(key.len() + value.len() + 8);
    let open = writer.open(field.number());
    writer.raw(&key);
    writer.raw(&value);
    writer.close(open);
    Ok(writer.finish())
}

/// The value, or what was expected.
fn scalar<'a>(tables: &Tables, kind: Kind, text: &'a str) -> Result<Value<'a>, String> {
    let value = match kind {
        Kind::String => Some(Value::String(text)),
        Kind::Bool => match text {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => integer(text).map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => integer(text).map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => integer(text).map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => integer(text).map(Value::U64),
        Kind::Double => double(text).map(Value::F64),
        Kind::Float => float(text).map(Value::F32),
        Kind::Enum(id) => {
            let table = tables.enumeration(id);
            let named = table
                .number_of(text)
                .or_else(|| (table.is_null_value() && text == "null").then_some(0));
            let number = named.or_else(|| integer(text).filter(|number| table.accepts(*number)));
            number.map(Value::Enum)
        }
        Kind::Bytes | Kind::Message(_) | Kind::Group(_) => None,
    };
    value.ok_or_else(|| expected(tables, kind))
}

/// Decimal digits with an optional minus sign, within the range of the type.
fn integer<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.starts_with('+') {
        return None;
    }
    text.parse().ok()
}

/// JSON's number form, and the three that JSON has no number for.
fn double(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') => {
            text.parse().ok().filter(|value: &f64| value.is_finite())
        }
        _ => None,
    }
}

fn float(text: &str) -> Option<f32> {
    let wide = double(text)?;
    let narrow: f32 = if wide.is_finite() {
        text.parse().ok()?
    } else {
        wide as f32
    };
    (narrow.is_finite() == wide.is_finite()).then_some(narrow)
}

fn expected(tables: &Tables, kind: Kind) -> String {
    match kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "a 32-bit integer".to_owned(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "a 64-bit integer".to_owned(),
        Kind::Uint32 | Kind::Fixed32 => "an integer from 0 to 4294967295".to_owned(),
        Kind::Uint64 | Kind::Fixed64 => "an integer from 0 to 18446744073709551615".to_owned(),
        Kind::Double | Kind::Float => "a number in range, NaN, Infinity or -Infinity".to_owned(),
        Kind::Enum(id) => format!("a name or number of {}", tables.enumeration(id).full_name()),
        Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_) => "a value".to_owned(),
    }
}

/// Types with a JSON form of their own.
fn well_known(
    tables: &Tables,
    parent: MessageId,
    field: &FieldTable,
    known: WellKnown,
    name: &str,
    text: &str,
) -> Result<Vec<u8>> {
    match known {
        WellKnown::FieldMask => field_mask(field, name, text),
        WellKnown::Any
        | WellKnown::Struct
        | WellKnown::Value
        | WellKnown::ListValue
        | WellKnown::Empty => json::literal(tables, parent, field, name, text),
        WellKnown::BoolValue => match text {
            "true" | "1" => json::literal(tables, parent, field, name, "true"),
            "false" | "0" => json::literal(tables, parent, field, name, "false"),
            _ => Err(refused(name, text, "true or false")),
        },
        WellKnown::Timestamp
        | WellKnown::Duration
        | WellKnown::Int32Value
        | WellKnown::Int64Value
        | WellKnown::Uint32Value
        | WellKnown::Uint64Value
        | WellKnown::FloatValue
        | WellKnown::DoubleValue
        | WellKnown::StringValue
        | WellKnown::BytesValue => json::text(tables, parent, field, name, text),
    }
}

/// Comma-separated paths, in JSON's lowerCamelCase or in proto names; `*` is the whole.
fn field_mask(field: &FieldTable, name: &str, text: &str) -> Result<Vec<u8>> {
    let mut writer = Writer::with_capacity(text.len() + 16);
    let open = writer.open(field.number());
    let paths =
        mask::paths(text).map_err(|what| Error::invalid_field(name, format!("has {what}")))?;
    for path in paths {
        // Every other part of the split stands in backticks.
        let mut names = path.split('`').step_by(2);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        if path != "*" && !names.all(|name| name.bytes().all(is_name)) {
            return Err(refused(name, text, "field paths joined by commas"));
        }
        writer.string(1, &snake_case(path));
    }
    writer.close(open);
    Ok(writer.finish())
}

/// A map key in backticks stays as it is.
fn snake_case(path: &str) -> String {
    let mut snake = String::with_capacity(path.len() + 4);
    let mut quoted = false;
    for c in path.chars() {
        quoted ^= c == '`';
        if c.is_ascii_uppercase() && !quoted {
            snake.push('_');
            snake.push(c.to_ascii_lowercase());
        } else {
            snake.push(c);
        }
    }
    snake
}

fn refused(name: &str, text: &str, expected: &str) -> Error {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Error::invalid_field(name, format!("expected {expected}, found {shown:?}"))
}
