//! Objects, lists and maps.

use protoloop_schema::{Kind, WellKnown};

use super::Decoder;
use crate::{
    MessageTable, Value,
    json::JsonError,
    scalar::{raw_of, value_of},
    tables::FieldTable,
    wire::{Payload, Reader},
};

type Result<T> = std::result::Result<T, JsonError>;

impl Decoder<'_> {
    /// An object whose members are the fields of a message. `skip` names a member that was read before.
    pub(super) fn object(&mut self, table: &MessageTable, mut skip: Option<&str>) -> Result<()> {
        self.lexer.expect(b'{', "an object")?;
        let base = self.seen.len();
        let bits = table.fields().len() + table.oneofs();
        self.seen.resize(base + bits.div_ceil(64), 0);
        let mut first = true;
        // Fields mostly come in order: the next one is tried before the name is looked up.
        let mut guess = 0;
        while self.lexer.more(b'}', &mut first)? {
            let Some(index) = self.member_name(table, guess, &mut skip)? else {
                continue;
            };
            let field = &table.fields()[index];
            self.in_order &= index >= guess;
            guess = index + 1;
            self.member(table, field, index, base)
                .map_err(|error| error.under_field(field))?;
        }
        self.seen.truncate(base);
        Ok(())
    }

    /// The field that the next member names, past the colon; `None` where the member was stepped over.
    #[inline]
    fn member_name(
        &mut self,
        table: &MessageTable,
        guess: usize,
        skip: &mut Option<&str>,
    ) -> Result<Option<usize>> {
        if let Some(expected) = table.fields().get(guess)
            && self.lexer.take_bytes(expected.json_key())
        {
            return Ok(Some(guess));
        }
        let start = self.lexer.pos();
        let name = self.lexer.string("a member name")?;
        self.lexer.expect(b':', "':'")?;
        if let Some(index) = table.index_by_name(&name) {
            return Ok(Some(index));
        }
        let known = skip.take_if(|skip| *skip == name).is_some();
        if known || self.options.ignore_unknown {
            self.lexer.skip_value(self.options.depth)?;
            return Ok(None);
        }
        let text = format!("{} has no field {:?}", table.full_name(), name);
        Err(JsonError::at(start, text))
    }

    #[inline]
    fn member(
        &mut self,
        table: &MessageTable,
        field: &FieldTable,
        index: usize,
        base: usize,
    ) -> Result<()> {
        if !self.mark(base, index) {
            return Err(self.lexer.error("the field is given twice"));
        }
        if takes_null(field) || self.lexer.peek() != Some(b'n') {
            if let Some(oneof) = field.oneof()
                && !self.mark(base, table.fields().len() + oneof)
            {
                return Err(self
                    .lexer
                    .error("another member of the same oneof is given, too"));
            }
            return self.value(field);
        }
        self.lexer.take_null().map(|_| ())
    }

    /// Sets a bit of the message being read; false where it was set.
    #[inline]
    fn mark(&mut self, base: usize, bit: usize) -> bool {
        let word = &mut self.seen[base + bit / 64];
        let mask = 1 << (bit % 64);
        let free = *word & mask == 0;
        *word |= mask;
        free
    }

    /// The value of a field as it stands alone, `null` included.
    pub(super) fn field(&mut self, field: &FieldTable) -> Result<()> {
        if !takes_null(field) && self.lexer.take_null()? {
            return Ok(());
        }
        self.value(field)
    }

    #[inline]
    pub(super) fn value(&mut self, field: &FieldTable) -> Result<()> {
        if field.is_singular() {
            match field.kind() {
                Kind::Message(id) => self.nested(field, self.tables.message(id)),
                Kind::Group(id) => self.group(field, self.tables.message(id)),
                _ => self.scalar(field).map(|_| ()),
            }
        } else if field.is_map() {
            self.map(field)
        } else if field.is_packed() {
            self.packed(field)
        } else {
            self.list(field)
        }
    }

    fn list(&mut self, field: &FieldTable) -> Result<()> {
        self.lexer.expect(b'[', "an array")?;
        let mut first = true;
        let mut index = 0;
        while self.lexer.more(b']', &mut first)? {
            self.element(field)
                .map_err(|error| error.under_index(index))?;
            index += 1;
        }
        Ok(())
    }

    #[inline]
    fn element(&mut self, field: &FieldTable) -> Result<()> {
        self.refuse_null(field)?;
        match field.kind() {
            Kind::Message(id) => self.nested(field, self.tables.message(id)),
            Kind::Group(id) => self.group(field, self.tables.message(id)),
            _ => self.scalar(field).map(|_| ()),
        }
    }

    #[inline]
    fn refuse_null(&mut self, field: &FieldTable) -> Result<()> {
        if self.lexer.peek() == Some(b'n') && !takes_null(field) {
            return Err(self.lexer.error("null cannot stand in an array or map"));
        }
        Ok(())
    }

    fn packed(&mut self, field: &FieldTable) -> Result<()> {
        self.lexer.expect(b'[', "an array")?;
        let open = self.out.open_packed(field);
        let mut first = true;
        let mut plain = true;
        let mut index = 0;
        while self.lexer.more(b']', &mut first)? {
            let read = if plain {
                self.plain_numbers(field.kind())
            } else {
                0
            };
            // Looking ahead pays only where it mostly finds something.
            plain = read >= 8;
            index += read;
            if read == 0 {
                self.refuse_null(field)
                    .and_then(|()| self.packed_scalar(field))
                    .map_err(|error| error.under_index(index))?;
                index += 1;
            }
        }
        if self.out.is_open_empty(&open) {
            self.out.cancel(open);
        } else {
            self.out.close(open);
        }
        Ok(())
    }

    pub(super) fn map(&mut self, field: &FieldTable) -> Result<()> {
        let Some(table) = field.message().map(|id| self.tables.message(id)) else {
            return Err(self.lexer.error("the map has no entry type"));
        };
        let (Some(key), Some(value)) = (table.field(1), table.field(2)) else {
            return Err(self.lexer.error("the map has no entry type"));
        };
        self.enter()?;
        self.lexer.expect(b'{', "an object")?;
        let start = self.lexer.pos();
        let base = self.keys.len();
        let mut first = true;
        while self.lexer.more(b'}', &mut first)? {
            let name = self.lexer.string("a map key")?;
            self.lexer.expect(b':', "':'")?;
            let open = self.out.open_tagged(field.tag());
            let kept = self
                .map_key(key, &name)
                .and_then(|()| self.map_value(value))
                .map_err(|error| error.under_key(&name))?;
            if kept {
                self.out.close(open);
            } else {
                self.keys.pop();
                self.out.cancel(open);
            }
        }
        self.depth += 1;
        self.refuse_twins(key, base, start)
    }

    /// The value of an entry; false where it is to be left out with its key.
    fn map_value(&mut self, value: &FieldTable) -> Result<bool> {
        self.refuse_null(value)?;
        match value.kind() {
            Kind::Message(id) => {
                self.nested(value, self.tables.message(id))?;
                Ok(true)
            }
            _ => self.scalar(value),
        }
    }

    fn map_key(&mut self, field: &FieldTable, text: &str) -> Result<()> {
        let start = self.out.buffer().len();
        self.key(field, text)?;
        let end = self.out.buffer().len();
        self.keys.push((start, end));
        Ok(())
    }

    /// Checks that no key of the map that ends here came twice. Growing keys, the usual case, need no sorting.
    fn refuse_twins(&mut self, field: &FieldTable, base: usize, map_start: usize) -> Result<()> {
        let out: &[u8] = self.out.buffer();
        let keys = &mut self.keys[base..];
        let key = |span: &(usize, usize)| &out[span.0..span.1];
        if !keys.is_sorted_by(|a, b| key(a) < key(b)) {
            keys.sort_unstable_by(|a, b| key(a).cmp(key(b)));
            if let Some(pair) = keys.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
                let message = format!("the map has the key {} twice", shown(field, key(&pair[0])));
                return Err(JsonError::at(map_start, message));
            }
        }
        self.keys.truncate(base);
        Ok(())
    }
}

/// Whether `null` is a value of the field and not its absence.
#[inline]
fn takes_null(field: &FieldTable) -> bool {
    (field.well_known() == Some(WellKnown::Value) || field.is_null_value())
        && field.cardinality() != protoloop_schema::Cardinality::Map
}

/// An encoded map key as people read it.
fn shown(field: &FieldTable, key: &[u8]) -> String {
    match Reader::new(key).record() {
        Ok(Some(record)) => match record.payload {
            Payload::Len(text) => format!("{:?}", String::from_utf8_lossy(text)),
            payload => {
                let raw = raw_of(&payload, field.wire_type()).unwrap_or(0);
                match value_of(field.kind(), raw) {
                    Value::Bool(value) => value.to_string(),
                    Value::U64(value) => value.to_string(),
                    value => value.as_i64().unwrap_or(0).to_string(),
                }
            }
        },
        _ => String::new(),
    }
}
