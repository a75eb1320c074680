//! Setting and removing single fields of an encoded message.

use crate::{View, Writer};

/// Bytes of most fields that are set: a UUID, a timestamp.
const SMALL: usize = 48;

/// Fields to set or to remove, applied to a message in one pass.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The whole encoded field by number, empty to remove it; in order of numbers.
    fields: Vec<(u32, Vec<u8>)>,
}

impl Patch {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Sets a field to what `write` writes, which must be that field only; when nothing is written, removes it.
    pub fn set(&mut self, number: u32, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::with_capacity(SMALL);
        write(&mut writer);
        self.put(number, writer.finish());
    }

    /// Removes a field.
    pub fn remove(&mut self, number: u32) {
        self.put(number, Vec::new());
    }

    fn put(&mut self, number: u32, bytes: Vec<u8>) {
        let at = self.fields.partition_point(|field| field.0 < number);
        match self.fields.get_mut(at) {
            Some(field) if field.0 == number => field.1 = bytes,
            _ => self.fields.insert(at, (number, bytes)),
        }
    }

    /// The message with the changes; canonical when the message was and each field is written so.
    #[must_use]
    pub fn apply(&self, message: &View<'_>) -> Vec<u8> {
        let added: usize = self.fields.iter().map(|field| field.1.len()).sum();
        let mut changed = Vec::with_capacity(message.bytes().len() + added);
        let mut patches = self.fields.iter().peekable();
        for (number, raw) in message.raw_fields() {
            // Fields that the table does not know stand at the end of a canonical message.
            let known = message.table().field(number).is_some();
            while let Some((_, bytes)) = patches.next_if(|patch| !known || patch.0 <= number) {
                changed.extend_from_slice(bytes);
            }
            if !self.holds(number) {
                changed.extend_from_slice(raw);
            }
        }
        patches.for_each(|(_, bytes)| changed.extend_from_slice(bytes));
        changed
    }

    fn holds(&self, number: u32) -> bool {
        self.fields
            .binary_search_by_key(&number, |field| field.0)
            .is_ok()
    }
}
