//! Reading a message through a mask.

use crate::{Value, View, Writer, mask::Mask};

/// The fields of a message that the mask names. Through a repeated message, each element is projected. Unknown fields
/// are left out, unless the mask is whole.
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
