//! Writing related rows into the rows that they belong to.

use bytes::Bytes;
use protoloop_wire::{View, Writer};

/// The related rows of one navigation field.
#[derive(Debug)]
pub(in crate::engine) struct Attached {
    /// The navigation field.
    pub(in crate::engine) field: u32,
    /// Encoded rows.
    pub(in crate::engine) messages: Vec<Bytes>,
    /// Positions in `messages`, those of one row behind those of the row before.
    of_rows: Vec<usize>,
    /// Where those of each row end.
    ends: Vec<usize>,
}

impl Attached {
    pub(in crate::engine) fn new(field: u32) -> Self {
        Self {
            field,
            messages: Vec::new(),
            of_rows: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Says which messages belong to the next row.
    pub(in crate::engine) fn add(&mut self, messages: &[usize]) {
        self.of_rows.extend_from_slice(messages);
        self.ends.push(self.of_rows.len());
    }

    fn of_row(&self, index: usize) -> impl Iterator<Item = &Bytes> {
        let end = self.ends.get(index).copied().unwrap_or(0);
        let start = match index {
            0 => 0,
            _ => self.ends.get(index - 1).copied().unwrap_or(end),
        };
        let places = self.of_rows.get(start..end).unwrap_or_default();
        places.iter().map(|at| &self.messages[*at])
    }
}

/// The row with its related rows, in order of the field numbers; `None` when it has none. `attached` is in that order.
pub(in crate::engine) fn attach(
    row: &View<'_>,
    attached: &[Attached],
    index: usize,
) -> Option<Bytes> {
    let messages = attached.iter().flat_map(|attached| attached.of_row(index));
    let added: usize = messages.map(|message| message.len() + 8).sum();
    if added == 0 {
        return None;
    }
    let mut out = Writer::with_capacity(row.bytes().len() + added);
    let mut waiting = attached.iter().peekable();
    for (number, raw) in row.raw_fields() {
        // Fields that the table does not know stand at the end.
        let known = row.table().field(number).is_some();
        while let Some(next) = waiting.next_if(|next| !known || next.field < number) {
            next.of_row(index)
                .for_each(|row| out.bytes(next.field, row));
        }
        out.raw(raw);
    }
    for next in waiting {
        next.of_row(index)
            .for_each(|row| out.bytes(next.field, row));
    }
    Some(out.finish().into())
}
