//! The types whose JSON form is special.

use protoloop_schema::{Kind, WellKnown};

use super::Decoder;
use crate::{
    MessageTable,
    json::{
        JsonError,
        mask::{is_only_proto, to_proto},
        time::{parse_duration, parse_timestamp},
    },
    mask,
};

type Result<T> = std::result::Result<T, JsonError>;

impl Decoder<'_> {
    pub(super) fn well_known(&mut self, kind: WellKnown, table: &MessageTable) -> Result<()> {
        match kind {
            WellKnown::Any => self.any(),
            WellKnown::Timestamp => self.time(
                parse_timestamp,
                "an RFC 3339 timestamp such as \"2025-01-31T12:00:00Z\", years 1 to 9999",
            ),
            WellKnown::Duration => self.time(
                parse_duration,
                "a duration in seconds such as \"1.5s\", at most 315576000000s",
            ),
            WellKnown::FieldMask => self.field_mask(),
            WellKnown::Struct | WellKnown::ListValue => self.only_field(table),
            WellKnown::Value => self.dynamic(table),
            WellKnown::Empty => self.object(table, None),
            WellKnown::BoolValue
            | WellKnown::Int32Value
            | WellKnown::Int64Value
            | WellKnown::Uint32Value
            | WellKnown::Uint64Value
            | WellKnown::FloatValue
            | WellKnown::DoubleValue
            | WellKnown::StringValue
            | WellKnown::BytesValue => self.only_field(table),
        }
    }

    fn time(&mut self, parse: fn(&str) -> Option<(i64, i32)>, what: &str) -> Result<()> {
        let start = self.lexer.pos();
        let text = self.lexer.string(what)?;
        let Some((seconds, nanos)) = parse(&text) else {
            return Err(JsonError::at(start, format!("expected {what}")));
        };
        if seconds != 0 {
            self.out.int64(1, seconds);
        }
        if nanos != 0 {
            self.out.int32(2, nanos);
        }
        Ok(())
    }

    /// Comma-separated paths in lowerCamelCase, which become snake_case; `*` is the whole.
    fn field_mask(&mut self) -> Result<()> {
        let start = self.lexer.pos();
        let text = self
            .lexer
            .string("a field mask: comma-separated paths")?
            .into_owned();
        if text.is_empty() {
            return Ok(());
        }
        let paths = mask::paths(&text)
            .map_err(|what| JsonError::at(start, format!("the field mask has {what}")))?;
        if paths.iter().map(|path| path.len() + 1).sum::<usize>() != text.len() + 1 {
            return Err(JsonError::at(start, "the field mask has blanks"));
        }
        for path in paths {
            let lenient = self.options.proto_mask_paths;
            let open = self.out.open(1);
            let out = self.out.buffer();
            if lenient && is_only_proto(path, out) {
                out.extend_from_slice(path.as_bytes());
            } else if !to_proto(path, out) {
                return Err(JsonError::at(
                    start,
                    format!("the field mask path {path:?} is not in lowerCamelCase"),
                ));
            }
            self.out.close(open);
        }
        Ok(())
    }

    /// Field 1 in the place of the message: wrappers, Struct and ListValue.
    fn only_field(&mut self, table: &MessageTable) -> Result<()> {
        match table.field(1) {
            Some(field) => self.value(field),
            None => Err(self.lexer.error("the type has no field 1")),
        }
    }

    /// `google.protobuf.Value`: any JSON value.
    fn dynamic(&mut self, table: &MessageTable) -> Result<()> {
        let number = match self.lexer.peek() {
            Some(b'n') => 1,
            Some(b'-' | b'0'..=b'9') => 2,
            Some(b'"') => 3,
            Some(b't' | b'f') => 4,
            Some(b'{') => 5,
            Some(b'[') => 6,
            _ => return Err(self.lexer.unexpected("a JSON value")),
        };
        let Some(field) = table.field(number) else {
            return Err(self.lexer.error("google.protobuf.Value lacks a field"));
        };
        match field.kind() {
            Kind::Message(id) => self.nested(field, self.tables.message(id)),
            _ => self.scalar(field).map(|_| ()),
        }
    }
}
