//! Updating a message by a mask.

use crate::{FieldTable, Patch, Value, View, Writer, map_key, mask::Mask};

/// `base` with the fields that the mask names taken from `update`. A named field that `update` does not hold is removed,
/// and so is a named key of a map; setting a member of a oneof removes the others. Both are canonical messages of one
/// type, and so is the result.
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
        if field.is_map() && !part.is_whole() {
            patch.set(number, |writer| {
                merge_map(base, update, field, part, writer);
            });
        } else if let (true, Some(id)) = (nested, field.message()) {
            let empty = View::new(base.tables(), id, &[]);
            let merged = merge(&old.unwrap_or(empty), &new.unwrap_or(empty), part);
            patch.set(number, |writer| {
                writer.value(
                    field,
                    &Value::Message(View::new(base.tables(), id, &merged)),
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

/// The entries of a map: those of `base` in their order, of which the named ones are changed, then the new ones.
fn merge_map(
    base: &View<'_>,
    update: &View<'_>,
    field: &FieldTable,
    mask: &Mask,
    out: &mut Writer,
) {
    let number = field.number();
    let mut added: Vec<&(Box<str>, Mask)> = mask.keys().iter().collect();
    for old in entries(base, number) {
        match added
            .iter()
            .position(|(text, _)| map_key::is(&old.key, text))
        {
            None => out.raw(old.raw),
            Some(at) => {
                let (text, part) = added.remove(at);
                let new = entries(update, number).find(|new| map_key::is(&new.key, text));
                merge_entry(Some(old), new, field, part, out);
            }
        }
    }
    for (text, part) in added {
        let new = entries(update, number).find(|new| map_key::is(&new.key, text));
        merge_entry(None, new, field, part, out);
    }
}

/// An entry of a map.
#[derive(Clone, Copy)]
struct Entry<'a> {
    key: Value<'a>,
    value: Value<'a>,
    raw: &'a [u8],
}

/// The entries of a map; canonical ones have key and value.
fn entries<'a>(message: &View<'a>, number: u32) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    let raw = message
        .raw_fields()
        .filter_map(move |(found, raw)| (found == number).then_some(raw));
    message
        .repeated(number)
        .zip(raw)
        .filter_map(|(entry, raw)| {
            let entry = entry.as_message()?;
            let (key, value) = (entry.get(1)?, entry.get(2)?);
            Some(Entry { key, value, raw })
        })
}

fn message(entry: Option<Entry<'_>>) -> Option<View<'_>> {
    entry.and_then(|entry| entry.value.as_message())
}

fn merge_entry(
    old: Option<Entry<'_>>,
    new: Option<Entry<'_>>,
    field: &FieldTable,
    part: &Mask,
    out: &mut Writer,
) {
    let Some(any) = old.or(new) else { return };
    if part.is_whole() {
        new.iter().for_each(|new| out.raw(new.raw));
    } else if let Some(view) = any.value.as_message() {
        let (tables, id) = (view.tables(), view.table().id());
        let (old, new) = (message(old), message(new));
        let empty = View::new(tables, id, &[]);
        let merged = merge(&old.unwrap_or(empty), &new.unwrap_or(empty), part);
        let merged = Value::Message(View::new(tables, id, &merged));
        out.map_entry(tables, field, &any.key, &merged);
    }
}
