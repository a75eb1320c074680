//! Options, by their declarations.

use super::{
    body::Printer,
    text::quote,
    wire::{Fields, Value, packed},
};
use crate::{Cardinality, Kind, Schema, descriptor::Type};

/// An option that a text leaves out: `expose`, `path` and `service` of a model, which ask for what is written out.
const MODEL: u32 = 70_100;
const WRITTEN_OUT: [u32; 3] = [1, 11, 12];

/// What a value is to be read as.
#[derive(Clone, Copy)]
struct Shape<'a> {
    /// The schema that knows the type.
    schema: &'a Schema,
    kind: Kind,
    repeated: bool,
}

impl<'a> Printer<'a> {
    /// `name = value` for each option, in the order of the bytes. `extendee` is the options message, `scope` what names
    /// of extensions are relative to.
    pub(super) fn options(&self, extendee: &str, bytes: &[u8], scope: &str) -> Vec<String> {
        let mut written = Vec::new();
        for (number, value) in Fields::new(bytes) {
            let Some((name, shape)) = self.option(extendee, number) else {
                continue;
            };
            let name = match name.strip_prefix('[') {
                Some(extension) => {
                    let full_name = extension.trim_end_matches(']');
                    format!("({})", self.names.spell_in_full(full_name, scope))
                }
                None => name,
            };
            for value in elements(shape, value) {
                let hidden: &[u32] = if number == MODEL { &WRITTEN_OUT } else { &[] };
                if let Some(value) = self.value(shape, value, hidden) {
                    written.push(format!("{name} = {value}"));
                }
            }
        }
        written
    }

    /// The name of a field or, in brackets, extension, and its shape. `None` when it is declared nowhere.
    fn option(&self, message: &str, number: u32) -> Option<(String, Shape<'a>)> {
        for schema in [self.schema, self.standard] {
            let found = schema.message_by_name(message);
            if let Some((_, field)) = found.and_then(|message| message.field_by_number(number)) {
                let shape = Shape {
                    schema,
                    kind: field.kind,
                    repeated: field.cardinality != Cardinality::Singular,
                };
                return Some((field.name.as_ref().to_owned(), shape));
            }
        }
        let extension = self.extensions.get(message, number)?;
        let kind = match extension.r#type {
            Type::Message | Type::Group => {
                Kind::Message(self.schema.message_by_name(&extension.type_name)?.id)
            }
            Type::Enum => Kind::Enum(self.schema.enum_by_name(&extension.type_name)?.id),
            other => crate::read::scalar(other)?,
        };
        let shape = Shape {
            schema: self.schema,
            kind,
            repeated: extension.repeated,
        };
        Some((format!("[{}]", extension.full_name), shape))
    }

    /// `None` when the wire has another type than the declaration.
    fn value(&self, shape: Shape<'a>, value: Value<'_>, hidden: &[u32]) -> Option<String> {
        Some(match (shape.kind, value) {
            (Kind::Bool, Value::Varint(value)) => (value != 0).to_string(),
            (Kind::Int32 | Kind::Int64, Value::Varint(value)) => value.cast_signed().to_string(),
            (Kind::Uint32 | Kind::Uint64, Value::Varint(value)) => value.to_string(),
            (Kind::Sint32 | Kind::Sint64, Value::Varint(value)) => {
                let signed = (value >> 1).cast_signed() ^ -(value & 1).cast_signed();
                signed.to_string()
            }
            (Kind::Fixed32, Value::Fixed32(value)) => value.to_string(),
            (Kind::Sfixed32, Value::Fixed32(value)) => value.cast_signed().to_string(),
            (Kind::Fixed64, Value::Fixed64(value)) => value.to_string(),
            (Kind::Sfixed64, Value::Fixed64(value)) => value.cast_signed().to_string(),
            (Kind::Float, Value::Fixed32(value)) => {
                float(f64::from(f32::from_bits(value)), &f32::from_bits(value))
            }
            (Kind::Double, Value::Fixed64(value)) => {
                float(f64::from_bits(value), &f64::from_bits(value))
            }
            (Kind::String | Kind::Bytes, Value::Bytes(bytes)) => quote(bytes),
            (Kind::Enum(id), Value::Varint(value)) => {
                let values = &shape.schema.enumeration(id).values;
                let number = i32::try_from(value.cast_signed()).ok()?;
                let named = values.iter().find(|value| value.number == number)?;
                named.name.as_ref().to_owned()
            }
            (Kind::Message(id), Value::Bytes(bytes)) => {
                self.aggregate(&shape.schema.message(id).full_name, bytes, hidden)
            }
            _ => return None,
        })
    }

    /// `{ name: value … }`.
    fn aggregate(&self, message: &str, bytes: &[u8], hidden: &[u32]) -> String {
        let mut parts = Vec::new();
        for (number, value) in Fields::new(bytes) {
            let Some((name, shape)) = self
                .option(message, number)
                .filter(|_| !hidden.contains(&number))
            else {
                continue;
            };
            for value in elements(shape, value) {
                if let Some(value) = self.value(shape, value, &[]) {
                    parts.push(format!("{name}: {value}"));
                }
            }
        }
        if parts.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{ {} }}", parts.join(", "))
        }
    }
}

/// The value, or what is packed in it.
fn elements<'v>(shape: Shape<'_>, value: Value<'v>) -> Vec<Value<'v>> {
    match value {
        Value::Bytes(bytes) if shape.repeated && is_packable(shape.kind) => {
            packed(bytes, shape.kind)
        }
        other => vec![other],
    }
}

fn is_packable(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_)
    )
}

/// A number as it was written: a float32 keeps its short form.
fn float(value: f64, written: &dyn std::fmt::Debug) -> String {
    if value.is_nan() {
        "nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else {
        format!("{written:?}")
    }
}
