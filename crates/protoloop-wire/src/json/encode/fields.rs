//! The members of a message, its lists and its maps.

use protoloop_schema::Kind;

use super::{Encoder, Stop};
use crate::{
    MessageTable,
    canonical::{Key, entry_key, has_duplicates, has_unknown_value},
    json::numbers::push_numbers,
    scalar::{raw_of, read_raw},
    tables::{FieldTable, WireType},
    wire::{Payload, Reader, Record},
};

impl Encoder<'_> {
    /// The members of a message, without braces. `first` turns false when one was written.
    pub(super) fn fields(
        &mut self,
        table: &MessageTable,
        bytes: &[u8],
        first: &mut bool,
    ) -> Result<(), Stop> {
        let fields = table.fields();
        let mut reader = Reader::new(bytes);
        // Index of the first field that may still come.
        let mut next = 0;
        let mut oneofs = 0u128;
        while let Some(record) = reader.record()? {
            let Some(index) = table.index_of(record.number) else {
                continue;
            };
            let field = &fields[index];
            if !self.is_known(field, &record.payload) {
                continue;
            }
            if index < next {
                return Err(Stop::Disorder);
            }
            if let Some(oneof) = field.oneof()
                && !self.trusted
            {
                let bit = 1u128.checked_shl(oneof as u32).ok_or(Stop::Disorder)?;
                if oneofs & bit != 0 {
                    return Err(Stop::Disorder);
                }
                oneofs |= bit;
            }
            if self.options.emit_defaults {
                self.defaults(&fields[next..index], first);
            }
            next = index + 1;
            self.member(field, &record, &mut reader, bytes, first)?;
        }
        if self.options.emit_defaults {
            self.defaults(&fields[next..], first);
        }
        Ok(())
    }

    #[inline]
    fn member(
        &mut self,
        field: &FieldTable,
        record: &Record<'_>,
        reader: &mut Reader<'_>,
        message: &[u8],
        first: &mut bool,
    ) -> Result<(), Stop> {
        let start = self.out.len();
        self.separate(*first);
        self.key(field);
        match self.value(field, record, reader, message) {
            Ok(true) => *first = false,
            Ok(false) => {
                self.out.truncate(start);
                if self.options.emit_defaults {
                    self.defaults(std::slice::from_ref(field), first);
                }
            }
            Err(stop) => return Err(stop.map(|error| error.under_field(field))),
        }
        Ok(())
    }

    /// Whether a payload is a value of the field at all, and not an unknown field.
    #[inline]
    pub(super) fn is_known(&self, field: &FieldTable, payload: &Payload<'_>) -> bool {
        if payload.wire_type() != field.wire_type() {
            return field.is_packable() && payload.wire_type() == WireType::Len;
        }
        match (field.closed_enum(), payload) {
            (Some(id), Payload::Varint(raw)) => self.tables.enumeration(id).accepts(*raw as i32),
            // A flaw inside the entry is for its reader to report.
            (None, Payload::Len(entry)) if field.is_map() => {
                !has_unknown_value(self.tables, field, entry).unwrap_or(false)
            }
            _ => true,
        }
    }

    /// The members of fields without presence that are absent.
    fn defaults(&mut self, fields: &[FieldTable], first: &mut bool) {
        for field in fields {
            if field.is_singular() && !field.is_implicit() {
                continue;
            }
            let start = self.out.len();
            self.separate(*first);
            self.key(field);
            if self.default_value(field) {
                *first = false;
            } else {
                self.out.truncate(start);
            }
        }
    }

    /// The default of a field; false, with nothing written, where that is a message.
    pub(super) fn default_value(&mut self, field: &FieldTable) -> bool {
        let text: &[u8] = if field.is_map() {
            b"{}"
        } else if !field.is_singular() {
            b"[]"
        } else {
            match field.kind() {
                Kind::Message(_) | Kind::Group(_) => return false,
                Kind::String | Kind::Bytes => b"\"\"",
                Kind::Enum(id) => {
                    let number = self.tables.enumeration(id).default_number();
                    self.raw(field, i64::from(number) as u64);
                    return true;
                }
                _ => {
                    self.raw(field, 0);
                    return true;
                }
            }
        };
        self.out.extend_from_slice(text);
        true
    }

    /// A list: the record at hand and all that follow it directly with the same number.
    pub(super) fn list(
        &mut self,
        field: &FieldTable,
        record: &Record<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<bool, Stop> {
        self.out.push(b'[');
        self.indent += 1;
        let mut count = 0;
        let mut payload = record.payload;
        loop {
            match payload {
                Payload::Len(bytes) if field.is_packable() => {
                    self.packed_list(field, bytes, &mut count)?;
                }
                payload if !self.is_known(field, &payload) => {}
                payload => {
                    let start = self.out.len();
                    self.separate(count == 0);
                    match self.element(field, &payload) {
                        Ok(true) => count += 1,
                        Ok(false) => self.out.truncate(start),
                        Err(stop) => return Err(stop.map(|error| error.under_index(count))),
                    }
                }
            }
            match reader.record_of(field.number())? {
                Some(next) => payload = next.payload,
                None => break,
            }
        }
        self.close(b']', count == 0);
        Ok(count > 0)
    }

    fn packed_list(
        &mut self,
        field: &FieldTable,
        bytes: &[u8],
        count: &mut usize,
    ) -> Result<(), Stop> {
        if !self.options.pretty && !bytes.is_empty() {
            let start = self.out.len();
            self.separate(*count == 0);
            if push_numbers(self.out, field.kind(), bytes).is_some() {
                // Whether there were any is all that is asked behind a list.
                *count += 1;
                return Ok(());
            }
            // Of another kind, or cut off: the way by single values finds the place.
            self.out.truncate(start);
        }
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let raw = read_raw(&mut reader, field.wire_type())?;
            let known = field
                .closed_enum()
                .is_none_or(|id| self.tables.enumeration(id).accepts(raw as i32));
            if known {
                self.separate(*count == 0);
                self.raw(field, raw);
                *count += 1;
            }
        }
        Ok(())
    }

    /// A map: the record at hand and all that follow it directly with the same number.
    pub(super) fn map(
        &mut self,
        field: &FieldTable,
        record: &Record<'_>,
        reader: &mut Reader<'_>,
        message: &[u8],
    ) -> Result<bool, Stop> {
        let Some(table) = field.message().map(|id| self.tables.message(id)) else {
            return Ok(false);
        };
        if self.depth == 0 {
            return Err(Stop::error("messages are nested too deeply"));
        }
        self.depth -= 1;
        self.out.push(b'{');
        self.indent += 1;
        let mut first = true;
        let mut before: Option<Key<'_>> = None;
        // Keys in growing order differ; any other order is looked at once for the whole map.
        let mut distinct = self.trusted;
        let mut payload = record.payload;
        let closed = table.field(2).is_some_and(|it| it.closed_enum().is_some());
        loop {
            if let Payload::Len(entry) = payload
                && !(closed && has_unknown_value(self.tables, field, entry)?)
            {
                if !distinct {
                    let key = entry_key(table, entry)?;
                    if before.is_some_and(|before| key <= before) {
                        if has_duplicates(self.tables, field, message)? {
                            return Err(Stop::Disorder);
                        }
                        distinct = true;
                    }
                    before = Some(key);
                }
                self.entry(table, entry, &mut first)?;
            }
            match reader.record_of(field.number())? {
                Some(next) => payload = next.payload,
                None => break,
            }
        }
        self.close(b'}', first);
        self.depth += 1;
        Ok(!first)
    }

    fn entry(&mut self, table: &MessageTable, entry: &[u8], first: &mut bool) -> Result<(), Stop> {
        let (Some(key), Some(value)) = (table.field(1), table.field(2)) else {
            return Ok(());
        };
        let (mut key_payload, mut value_payload) = (None, None);
        let mut reader = Reader::new(entry);
        while let Some(record) = reader.record()? {
            let slot = match record.number {
                1 if record.payload.wire_type() == key.wire_type() => &mut key_payload,
                2 if record.payload.wire_type() == value.wire_type() => &mut value_payload,
                _ => continue,
            };
            if slot.is_some() {
                return Err(Stop::Disorder);
            }
            *slot = Some(record.payload);
        }
        let start = self.out.len();
        self.separate(*first);
        self.map_key(key, key_payload.as_ref())?;
        let named = |stop: Stop| {
            stop.map(|error| {
                let text = match key_payload {
                    Some(Payload::Len(text)) => String::from_utf8_lossy(text).into_owned(),
                    Some(payload) => {
                        let raw = raw_of(&payload, key.wire_type()).unwrap_or(0);
                        crate::scalar::value_of(key.kind(), raw)
                            .as_i64()
                            .map_or_else(|| raw.to_string(), |number| number.to_string())
                    }
                    None => String::new(),
                };
                error.under_key(&text)
            })
        };
        let shown = match value_payload {
            Some(payload) if self.is_known(value, &payload) => {
                self.element_always(value, &payload).map_err(named)?
            }
            Some(_) => false,
            None => match value.message() {
                Some(id) => {
                    self.message(self.tables.message(id), &[]).map_err(named)?;
                    true
                }
                None => self.default_value(value),
            },
        };
        if shown {
            *first = false;
        } else {
            self.out.truncate(start);
        }
        Ok(())
    }

    fn map_key(&mut self, field: &FieldTable, payload: Option<&Payload<'_>>) -> Result<(), Stop> {
        match payload {
            Some(Payload::Len(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => self.text_key(text),
                Err(_) => return Err(Stop::error("a map key is not valid UTF-8")),
            },
            None if field.kind() == Kind::String => self.text_key(""),
            payload => {
                let raw = payload
                    .and_then(|payload| raw_of(payload, field.wire_type()))
                    .unwrap_or(0);
                let quoted = super::scalar::is_quoted(field.kind());
                if !quoted {
                    self.out.push(b'"');
                }
                self.raw(field, raw);
                if !quoted {
                    self.out.push(b'"');
                }
                self.out.push(b':');
                if self.options.pretty {
                    self.out.push(b' ');
                }
            }
        }
        Ok(())
    }
}
