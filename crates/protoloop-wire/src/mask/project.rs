//! Reading a message through a mask.

use crate::{FieldTable, Value, View, Writer, mask::Mask};

/// The fields of a message that the mask names. Through a repeated message, each element is projected; of a map, the keys
/// that are named. Unknown fields are left out, unless the mask is whole.
#[must_use]
pub fn project(message: &View<'_>, mask: &Mask) -> Vec<u8> {
    if mask.is_whole() {
        return message.bytes().to_vec();
    }
    let mut out = Writer::with_capacity(message.bytes().len());
    for (record, (_, raw)) in message.records().zip(message.raw_fields()) {
        let (Some(field), Some(part)) = (
            message.table().field(record.number),
            mask.field(record.number),
        ) else {
            continue;
        };
        match message.value(field, &record.payload) {
            Some(Value::Message(entry)) if field.is_map() && !part.is_whole() => {
                project_entry(&entry, field, part, raw, &mut out);
            }
            Some(Value::Message(inner)) if !part.is_whole() => {
                let inner = View::new(message.tables(), inner.table().id(), inner.bytes());
                let projected = project(&inner, part);
                let projected = View::new(message.tables(), inner.table().id(), &projected);
                out.value(field, &Value::Message(projected));
            }
            _ => out.raw(raw),
        }
    }
    out.finish()
}

/// The entry of a map, where the mask names its key.
fn project_entry(entry: &View<'_>, field: &FieldTable, mask: &Mask, raw: &[u8], out: &mut Writer) {
    // Canonical entries have both.
    let (Some(key), Some(value)) = (entry.get(1), entry.get(2)) else {
        return;
    };
    match (mask.key(&key), value) {
        (None, _) => {}
        (Some(part), Value::Message(value)) if !part.is_whole() => {
            let projected = project(&value, part);
            let projected = View::new(value.tables(), value.table().id(), &projected);
            out.map_entry(value.tables(), field, &key, &Value::Message(projected));
        }
        (Some(_), _) => out.raw(raw),
    }
}
