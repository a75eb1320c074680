//! Field names to field indices, without SipHash and without a second string compare in the common case.

use super::FieldTable;

/// An open-addressing table from JSON and proto names to field indices.
#[derive(Debug)]
pub(super) struct NameIndex {
    /// Hash and `field index * 2 + (1 for the proto name)`, or [`EMPTY`].
    slots: Box<[(u32, u32)]>,
    mask: usize,
}

const EMPTY: u32 = u32::MAX;

impl NameIndex {
    pub(super) fn new(fields: &[FieldTable]) -> Self {
        let size = (fields.len() * 4).next_power_of_two().max(4);
        let mut index = Self {
            slots: vec![(0, EMPTY); size].into_boxed_slice(),
            mask: size - 1,
        };
        // JSON names first, so that they win over a proto name of the same spelling.
        for (position, field) in fields.iter().enumerate() {
            index.insert(fields, field.json_name(), position as u32 * 2);
        }
        for (position, field) in fields.iter().enumerate() {
            index.insert(fields, field.name(), position as u32 * 2 + 1);
        }
        index
    }

    fn insert(&mut self, fields: &[FieldTable], name: &str, entry: u32) {
        if self.get(fields, name.as_bytes()).is_some() {
            return;
        }
        let hash = hash(name.as_bytes());
        let mut at = hash as usize & self.mask;
        while self.slots[at].1 != EMPTY {
            at = (at + 1) & self.mask;
        }
        self.slots[at] = (hash, entry);
    }

    #[inline]
    pub(super) fn get(&self, fields: &[FieldTable], name: &[u8]) -> Option<usize> {
        let hash = hash(name);
        let mut at = hash as usize & self.mask;
        loop {
            let (found, entry) = self.slots[at];
            if entry == EMPTY {
                return None;
            }
            if found == hash {
                let index = (entry / 2) as usize;
                let field = &fields[index];
                let candidate = if entry % 2 == 0 {
                    field.json_name()
                } else {
                    field.name()
                };
                if candidate.as_bytes() == name {
                    return Some(index);
                }
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// Length, first and last eight bytes, mixed: names of one message differ there, or the compare tells them apart.
#[inline]
pub(super) fn hash(name: &[u8]) -> u32 {
    let mut head = [0u8; 8];
    let mut tail = [0u8; 8];
    let take = name.len().min(8);
    head[..take].copy_from_slice(&name[..take]);
    tail[..take].copy_from_slice(&name[name.len() - take..]);
    let mixed = (u64::from_le_bytes(head) ^ (name.len() as u64))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(29)
        ^ u64::from_le_bytes(tail);
    let mixed = mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 32) as u32
}
