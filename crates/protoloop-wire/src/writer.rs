//! Writing an encoded message front to back.

use crate::{
    Tables, Value,
    tables::{FieldTable, WireType},
    varint::{push_varint, varint_len, zigzag32, zigzag64},
};
use protoloop_schema::Kind;

/// Writes protobuf fields into one buffer.
///
/// A nested message is written between [`Writer::open`] and [`Writer::close`] without a buffer of its own: its length
/// takes one byte at first; the few that turn out longer are put right together in [`Writer::finish`], in one pass.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Where a length byte stands, and the length that does not fit into it.
    long: Vec<(usize, usize)>,
    /// Bytes that [`Writer::finish`] adds for the lengths in `long`.
    extra: usize,
}

/// A length-delimited field that was opened and not closed yet.
#[derive(Debug)]
#[must_use = "close it, or cancel it"]
pub struct Open {
    /// Where its tag begins.
    start: usize,
    /// Where its content begins.
    body: usize,
    long: usize,
    extra: usize,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer with room for `bytes`.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            out: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// How long the message is as far as it was written. Within an open field the length of that may be missing.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len() + self.extra
    }

    /// The encoded message.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if !self.long.is_empty() {
            self.widen();
        }
        self.out
    }

    /// Moves the content apart, from the back, so that each long length gets its bytes.
    fn widen(&mut self) {
        self.long.sort_unstable();
        let mut from = self.out.len();
        self.out.resize(from + self.extra, 0);
        let mut to = self.out.len();
        for &(at, len) in self.long.iter().rev() {
            let moved = from - (at + 1);
            self.out.copy_within(at + 1..from, to - moved);
            to -= moved;
            let width = varint_len(len as u64);
            to -= width;
            put_varint(&mut self.out[to..to + width], len as u64);
            from = at;
        }
    }

    /// Begins a length-delimited field: a message, a map entry or a packed list.
    pub fn open(&mut self, number: u32) -> Open {
        let start = self.out.len();
        push_varint(&mut self.out, tag(number, WireType::Len));
        self.open_here(start)
    }

    /// Begins the field with a precomputed tag.
    #[inline]
    pub(crate) fn open_tagged(&mut self, tag: &[u8]) -> Open {
        let start = self.out.len();
        self.out.extend_from_slice(tag);
        self.open_here(start)
    }

    /// Begins the packed form of a field.
    #[inline]
    pub(crate) fn open_packed(&mut self, field: &FieldTable) -> Open {
        self.open(field.number())
    }

    #[inline]
    fn open_here(&mut self, start: usize) -> Open {
        self.out.push(0);
        Open {
            start,
            body: self.out.len(),
            long: self.long.len(),
            extra: self.extra,
        }
    }

    /// Ends a field begun by [`Writer::open`]. Fields opened inside it must be closed before.
    #[inline]
    #[allow(clippy::needless_pass_by_value, reason = "a field is closed once")]
    pub fn close(&mut self, open: Open) {
        let len = self.out.len() - open.body + (self.extra - open.extra);
        if len < 0x80 {
            self.out[open.body - 1] = len as u8;
        } else {
            self.long.push((open.body - 1, len));
            self.extra += varint_len(len as u64) - 1;
        }
    }

    /// Takes back a field begun by [`Writer::open`], with everything written since.
    #[allow(clippy::needless_pass_by_value, reason = "a field is cancelled once")]
    pub fn cancel(&mut self, open: Open) {
        self.out.truncate(open.start);
        self.long.truncate(open.long);
        self.extra = open.extra;
    }

    /// Whether nothing was written since the field was opened.
    #[must_use]
    pub fn is_open_empty(&self, open: &Open) -> bool {
        self.out.len() == open.body
    }

    /// A `bool`.
    pub fn bool(&mut self, number: u32, value: bool) {
        self.varint(number, u64::from(value));
    }

    /// An `int32` or the number of an enum value.
    pub fn int32(&mut self, number: u32, value: i32) {
        self.varint(number, i64::from(value) as u64);
    }

    /// An `int64`.
    pub fn int64(&mut self, number: u32, value: i64) {
        self.varint(number, value as u64);
    }

    /// A `uint32`.
    pub fn uint32(&mut self, number: u32, value: u32) {
        self.varint(number, u64::from(value));
    }

    /// A `uint64`.
    pub fn uint64(&mut self, number: u32, value: u64) {
        self.varint(number, value);
    }

    /// A `sint32`.
    pub fn sint32(&mut self, number: u32, value: i32) {
        self.varint(number, u64::from(zigzag32(value)));
    }

    /// A `sint64`.
    pub fn sint64(&mut self, number: u32, value: i64) {
        self.varint(number, zigzag64(value));
    }

    /// An enum value by its number.
    pub fn enumeration(&mut self, number: u32, value: i32) {
        self.int32(number, value);
    }

    /// A `fixed32`; `sfixed32` and `float` by their bits.
    pub fn fixed32(&mut self, number: u32, bits: u32) {
        push_varint(&mut self.out, tag(number, WireType::Fixed32));
        self.out.extend_from_slice(&bits.to_le_bytes());
    }

    /// A `fixed64`; `sfixed64` and `double` by their bits.
    pub fn fixed64(&mut self, number: u32, bits: u64) {
        push_varint(&mut self.out, tag(number, WireType::Fixed64));
        self.out.extend_from_slice(&bits.to_le_bytes());
    }

    /// A `float`.
    pub fn float(&mut self, number: u32, value: f32) {
        self.fixed32(number, value.to_bits());
    }

    /// A `double`.
    pub fn double(&mut self, number: u32, value: f64) {
        self.fixed64(number, value.to_bits());
    }

    /// A `string`.
    pub fn string(&mut self, number: u32, value: &str) {
        self.bytes(number, value.as_bytes());
    }

    /// A `bytes`, or an already encoded message or packed list.
    pub fn bytes(&mut self, number: u32, value: &[u8]) {
        push_varint(&mut self.out, tag(number, WireType::Len));
        push_varint(&mut self.out, value.len() as u64);
        self.out.extend_from_slice(value);
    }

    /// Appends fields that are encoded already, such as a slice of another message.
    pub fn raw(&mut self, fields: &[u8]) {
        self.out.extend_from_slice(fields);
    }

    /// Appends a value in the encoding of a field: one value of a singular field, or one unpacked element.
    ///
    /// Returns false, with nothing written, where the value is not of the field's kind.
    pub fn value(&mut self, field: &FieldTable, value: &Value<'_>) -> bool {
        let number = field.number();
        match (field.kind(), value) {
            (Kind::Double, Value::F64(value)) => self.double(number, *value),
            (Kind::Float, Value::F32(value)) => self.float(number, *value),
            (Kind::Int32, Value::I32(value)) => self.int32(number, *value),
            (Kind::Int64, Value::I64(value)) => self.int64(number, *value),
            (Kind::Uint32, Value::U32(value)) => self.uint32(number, *value),
            (Kind::Uint64, Value::U64(value)) => self.uint64(number, *value),
            (Kind::Sint32, Value::I32(value)) => self.sint32(number, *value),
            (Kind::Sint64, Value::I64(value)) => self.sint64(number, *value),
            (Kind::Fixed32, Value::U32(value)) => self.fixed32(number, *value),
            (Kind::Fixed64, Value::U64(value)) => self.fixed64(number, *value),
            (Kind::Sfixed32, Value::I32(value)) => self.fixed32(number, *value as u32),
            (Kind::Sfixed64, Value::I64(value)) => self.fixed64(number, *value as u64),
            (Kind::Bool, Value::Bool(value)) => self.bool(number, *value),
            (Kind::Enum(_), Value::Enum(value)) => self.int32(number, *value),
            (Kind::String, Value::String(text)) => self.string(number, text),
            (Kind::Bytes | Kind::String, Value::Bytes(bytes)) => self.bytes(number, bytes),
            (Kind::Message(id), Value::Message(view)) if view.table().id() == id => {
                self.bytes(number, view.bytes());
            }
            (Kind::Group(id), Value::Message(view)) if view.table().id() == id => {
                push_varint(&mut self.out, tag(number, WireType::StartGroup));
                self.out.extend_from_slice(view.bytes());
                push_varint(&mut self.out, tag(number, WireType::EndGroup));
            }
            _ => return false,
        }
        true
    }

    /// Appends one map entry. `field` is the map field, whose entry type `tables` knows.
    ///
    /// Returns false, with nothing written, where key or value is not of the map's kinds.
    pub fn map_entry(
        &mut self,
        tables: &Tables,
        field: &FieldTable,
        key: &Value<'_>,
        value: &Value<'_>,
    ) -> bool {
        let Some(entry) = field
            .message()
            .map(|id| tables.message(id))
            .filter(|_| field.is_map())
        else {
            return false;
        };
        let (Some(key_field), Some(value_field)) = (entry.field(1), entry.field(2)) else {
            return false;
        };
        let open = self.open_tagged(field.tag());
        if self.value(key_field, key) && self.value(value_field, value) {
            self.close(open);
            true
        } else {
            self.cancel(open);
            false
        }
    }

    fn varint(&mut self, number: u32, value: u64) {
        push_varint(&mut self.out, tag(number, WireType::Varint));
        push_varint(&mut self.out, value);
    }

    /// The buffer, for callers that encode in place. Bytes before the current end must not be changed.
    #[inline]
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }
}

macro_rules! packed {
    ($($(#[$doc:meta])* $name:ident($type:ty), |$out:ident, $value:ident| $push:expr;)*) => {
        impl Writer {
            $(
                $(#[$doc])*
                pub fn $name(&mut self, number: u32, values: impl IntoIterator<Item = $type>) {
                    let open = self.open(number);
                    let $out = &mut self.out;
                    for $value in values {
                        $push;
                    }
                    if self.is_open_empty(&open) {
                        self.cancel(open);
                    } else {
                        self.close(open);
                    }
                }
            )*
        }
    };
}

packed! {
    /// A packed list of varint values, given as the bits that stand on the wire. An empty list writes nothing.
    packed_varint(u64), |out, value| push_varint(out, value);
    /// A packed list of `int32` or enum values. An empty list writes nothing.
    packed_int32(i32), |out, value| push_varint(out, i64::from(value) as u64);
    /// A packed list of 32-bit values by their bits. An empty list writes nothing.
    packed_fixed32(u32), |out, value| out.extend_from_slice(&value.to_le_bytes());
    /// A packed list of 64-bit values by their bits. An empty list writes nothing.
    packed_fixed64(u64), |out, value| out.extend_from_slice(&value.to_le_bytes());
    /// A packed list of `double`. An empty list writes nothing.
    packed_double(f64), |out, value| out.extend_from_slice(&value.to_le_bytes());
    /// A packed list of `float`. An empty list writes nothing.
    packed_float(f32), |out, value| out.extend_from_slice(&value.to_le_bytes());
}

#[inline]
fn tag(number: u32, wire_type: WireType) -> u64 {
    u64::from(number) << 3 | wire_type as u64
}

fn put_varint(out: &mut [u8], mut value: u64) {
    let last = out.len() - 1;
    for slot in &mut out[..last] {
        *slot = value as u8 | 0x80;
        value >>= 7;
    }
    out[last] = value as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lengths_are_put_right_at_every_depth() {
        let mut writer = Writer::new();
        let text = "x".repeat(20_000);
        let a = writer.open(1);
        let b = writer.open(2);
        writer.string(3, &text);
        writer.close(b);
        let c = writer.open(4);
        writer.string(5, "short");
        writer.close(c);
        writer.close(a);
        let dropped = writer.open(6);
        writer.string(1, &text);
        let inner = writer.open(6);
        writer.string(1, &text);
        writer.close(inner);
        writer.cancel(dropped);
        writer.bool(7, true);

        let mut b = Writer::new();
        b.string(3, &text);
        let mut a = Writer::new();
        a.bytes(2, &b.finish());
        let mut c = Writer::new();
        c.string(5, "short");
        a.bytes(4, &c.finish());
        let mut expected = Writer::new();
        expected.bytes(1, &a.finish());
        expected.bool(7, true);
        assert_eq!(writer.finish(), expected.finish());
    }

    #[test]
    fn an_empty_packed_list_writes_nothing() {
        let mut writer = Writer::new();
        writer.packed_int32(1, []);
        assert!(writer.is_empty());
        writer.packed_int32(1, [1, -1]);
        assert_eq!(writer.finish()[..2], [0x0A, 11]);
    }
}
