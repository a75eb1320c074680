//! The types whose JSON form is special.

use protoloop_schema::WellKnown;

use super::{Encoder, Stop};
use crate::{
    MessageTable,
    json::{
        mask::{is_only_proto, to_json},
        number::push_f64,
        text::push_string,
        time::{push_duration, push_timestamp},
    },
    scalar::raw_of,
    wire::{Payload, Reader},
};

impl Encoder<'_> {
    pub(super) fn well_known(
        &mut self,
        kind: WellKnown,
        table: &MessageTable,
        bytes: &[u8],
    ) -> Result<(), Stop> {
        match kind {
            WellKnown::Any => self.any(bytes),
            WellKnown::Timestamp => self.timestamp(bytes),
            WellKnown::Duration => self.duration(bytes),
            WellKnown::FieldMask => self.field_mask(bytes),
            WellKnown::Struct => self.structure(table, bytes),
            WellKnown::Value => self.dynamic(table, bytes),
            WellKnown::ListValue => self.list_value(table, bytes),
            WellKnown::Empty => self.object(table, bytes),
            WellKnown::BoolValue
            | WellKnown::Int32Value
            | WellKnown::Int64Value
            | WellKnown::Uint32Value
            | WellKnown::Uint64Value
            | WellKnown::FloatValue
            | WellKnown::DoubleValue
            | WellKnown::StringValue
            | WellKnown::BytesValue => self.wrapper(table, bytes),
        }
    }

    fn timestamp(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let (seconds, nanos) = seconds_and_nanos(bytes)?;
        self.out.push(b'"');
        if !push_timestamp(self.out, seconds, nanos) {
            return Err(Stop::error(format!(
                "the timestamp of {seconds} s and {nanos} ns is not between the years 1 and 9999"
            )));
        }
        self.out.push(b'"');
        Ok(())
    }

    fn duration(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let (seconds, nanos) = seconds_and_nanos(bytes)?;
        self.out.push(b'"');
        if !push_duration(self.out, seconds, nanos) {
            return Err(Stop::error(format!(
                "the duration of {seconds} s and {nanos} ns is out of range or has mixed signs"
            )));
        }
        self.out.push(b'"');
        Ok(())
    }

    /// `paths` in lowerCamelCase, joined by commas; only those that come back as they were. `*`, the whole, is a path too.
    fn field_mask(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.out.push(b'"');
        let (mut first, mut whole) = (true, false);
        let mut reader = Reader::new(bytes);
        while let Some(record) = reader.record()? {
            let (1, Payload::Len(path)) = (record.number, record.payload) else {
                continue;
            };
            whole |= path == b"*";
            if !std::mem::take(&mut first) {
                // All fields and a part of them would not come back.
                if whole {
                    return Err(no_mask_path(path));
                }
                self.out.push(b',');
            }
            let text = std::str::from_utf8(path).map_err(|_| no_mask_path(path))?;
            if self.options.proto_mask_paths && is_only_proto(text, self.out) {
                self.out.extend_from_slice(path);
            } else if !to_json(text, self.out) {
                return Err(no_mask_path(path));
            }
        }
        self.out.push(b'"');
        Ok(())
    }

    /// A wrapper is its value; one without is the value's default.
    fn wrapper(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        let Some(field) = table.field(1) else {
            return Err(Stop::error("the wrapper type has no field 1"));
        };
        let mut value = None;
        let mut reader = Reader::new(bytes);
        while let Some(record) = reader.record()? {
            if record.number == 1 && record.payload.wire_type() == field.wire_type() {
                value = Some(record.payload);
            }
        }
        match value {
            Some(payload) => {
                self.element_always(field, &payload)?;
            }
            None => {
                self.default_value(field);
            }
        }
        Ok(())
    }

    fn structure(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        self.only_field(table, bytes, b"{}")
    }

    fn list_value(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        self.only_field(table, bytes, b"[]")
    }

    /// The list or map in field 1 as the value itself.
    fn only_field(&mut self, table: &MessageTable, bytes: &[u8], empty: &[u8]) -> Result<(), Stop> {
        let mut reader = Reader::new(bytes);
        let mut written = false;
        while let Some(record) = reader.record()? {
            let Some(field) = table
                .field(record.number)
                .filter(|field| field.wire_type() == record.payload.wire_type())
            else {
                continue;
            };
            if written {
                return Err(Stop::Disorder);
            }
            let start = self.out.len();
            written = self.value(field, &record, &mut reader, bytes)?;
            if !written {
                self.out.truncate(start);
            }
        }
        if !written {
            self.out.extend_from_slice(empty);
        }
        Ok(())
    }

    /// `google.protobuf.Value`: the JSON value it stands for; one that is not set reads as null.
    fn dynamic(&mut self, table: &MessageTable, bytes: &[u8]) -> Result<(), Stop> {
        let mut found = None;
        let mut reader = Reader::new(bytes);
        while let Some(record) = reader.record()? {
            let Some(field) = table
                .field(record.number)
                .filter(|field| field.wire_type() == record.payload.wire_type())
            else {
                continue;
            };
            if found.is_some() && field.message().is_some() {
                return Err(Stop::Disorder);
            }
            found = Some((field, record.payload));
        }
        match found {
            None => self.out.extend_from_slice(b"null"),
            Some((field, payload)) => match (field.number(), payload) {
                (2, Payload::Fixed64(bits)) => {
                    let value = f64::from_bits(bits);
                    if !value.is_finite() {
                        return Err(Stop::error(
                            "google.protobuf.Value cannot hold NaN or an infinity",
                        ));
                    }
                    push_f64(self.out, value);
                }
                (_, payload) => {
                    self.element_always(field, &payload)?;
                }
            },
        }
        Ok(())
    }

    /// `google.protobuf.Any`: the packed message with its type.
    pub(super) fn type_member(&mut self, type_url: &str) {
        self.separate(true);
        self.text_key("@type");
        push_string(self.out, type_url);
    }
}

fn no_mask_path(path: &[u8]) -> Stop {
    Stop::error(format!(
        "the field mask path {:?} has no JSON form: it must be lower_snake_case",
        String::from_utf8_lossy(path)
    ))
}

/// Fields 1 (int64) and 2 (int32) of a timestamp or duration.
fn seconds_and_nanos(bytes: &[u8]) -> Result<(i64, i32), Stop> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        match (
            record.number,
            raw_of(&record.payload, crate::WireType::Varint),
        ) {
            (1, Some(raw)) => seconds = raw as i64,
            (2, Some(raw)) => nanos = raw as i32,
            _ => {}
        }
    }
    Ok((seconds, nanos))
}
