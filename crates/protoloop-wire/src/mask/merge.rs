//! Updating a message by a mask.

use crate::{Patch, View, mask::Mask};

/// `base` with the fields that the mask names taken from `update`. A named field that `update` does not hold is removed;
/// setting a member of a oneof removes the others. Both are canonical messages of one type, and so is the result.
#[must_use]
pub fn merge(base: &View<'_>, update: &View<'_>, mask: &Mask) -> Vec<u8> {
    if mask.is_whole() {
        return update.bytes().to_vec();
    }
    let mut patch = Patch::default();
    for (number, part) in mask.fields() {
        let Some(field) = base.table().field(number) else {
            continue;
        };
        if update.has(number)
            && let Some(oneof) = field.oneof()
            && let Some(present) = base.which_oneof(oneof)
            && present != number
        {
            patch.remove(present);
        }
        let (new, old) = (update.message(number), base.message(number));
        let nested = !part.is_whole() && (new.is_some() || old.is_some());
        if let (true, Some(id)) = (nested, field.message()) {
            let empty = View::new(base.tables(), id, &[]);
            let merged = merge(&old.unwrap_or(empty), &new.unwrap_or(empty), part);
            patch.set(number, |writer| {
                writer.value(
                    field,
                    &crate::Value::Message(View::new(base.tables(), id, &merged)),
                );
            });
        } else {
            patch.set(number, |writer| {
                for (present, raw) in update.raw_fields() {
                    if present == number {
                        writer.raw(raw);
                    }
                }
            });
        }
    }
    patch.apply(base)
}
