//! `google.protobuf.Any`.

use protoloop_schema::WellKnown;

use super::{Encoder, Stop};
use crate::{
    canonicalize,
    wire::{Payload, Reader},
};

impl Encoder<'_> {
    /// `{"@type": …, members}`, or `{"@type": …, "value": …}` where the packed type has a special JSON form.
    pub(super) fn any(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let (type_url, payload) = parts(bytes)?;
        self.packed(type_url, payload)
    }

    /// The same, given by its parts.
    pub(super) fn packed(&mut self, type_url: &str, payload: &[u8]) -> Result<(), Stop> {
        self.out.push(b'{');
        self.indent += 1;
        if type_url.is_empty() {
            if !payload.is_empty() {
                return Err(Stop::error("the Any has a value but no type"));
            }
            self.close(b'}', true);
            return Ok(());
        }
        self.type_member(type_url);
        let name = type_url.rsplit('/').next().unwrap_or(type_url);
        let Some(id) = self.tables.by_name(name) else {
            return Err(Stop::error(format!(
                "the type {type_url:?} of the Any is not known here"
            )));
        };
        let table = self.tables.message(id);
        // Canonical first, so that no packed message is ever written twice, however deep they nest.
        let payload = canonicalize(self.tables, id, payload)?;
        let trusted = std::mem::replace(&mut self.trusted, true);
        match table.well_known() {
            None | Some(WellKnown::Empty) => {
                let mut first = false;
                self.fields(table, &payload, &mut first)?;
            }
            Some(_) => {
                self.separate(false);
                self.text_key("value");
                self.message(table, &payload)?;
            }
        }
        self.trusted = trusted;
        self.close(b'}', false);
        Ok(())
    }
}

/// Type URL and packed bytes.
fn parts(bytes: &[u8]) -> Result<(&str, &[u8]), Stop> {
    let (mut type_url, mut value) = ("", &[][..]);
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        match (record.number, record.payload) {
            (1, Payload::Len(bytes)) => {
                type_url = std::str::from_utf8(bytes)
                    .map_err(|_| Stop::error("the type of the Any is not valid UTF-8"))?;
            }
            (2, Payload::Len(bytes)) => value = bytes,
            _ => {}
        }
    }
    Ok((type_url, value))
}
