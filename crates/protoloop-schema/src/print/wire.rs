//! Reads encoded options field by field.

/// A value as the wire has it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
}

/// Numbers and values, in the order of the bytes. Ends at the first fault.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.varint()?;
        let number = u32::try_from(key >> 3).ok()?;
        let value = match key & 7 {
            0 => Value::Varint(self.varint()?),
            1 => Value::Fixed64(u64::from_le_bytes(self.array()?)),
            2 => Value::Bytes(self.bytes()?),
            5 => Value::Fixed32(u32::from_le_bytes(self.array()?)),
            _ => return None,
        };
        Some((number, value))
    }
}

/// The elements of a packed field.
pub(super) fn packed<'a>(bytes: &'a [u8], kind: crate::Kind) -> Vec<Value<'a>> {
    use crate::Kind;
    let mut fields = Fields::new(bytes);
    let mut values = Vec::new();
    while !fields.rest.is_empty() {
        let value = match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => fields
                .array()
                .map(|bytes| Value::Fixed64(u64::from_le_bytes(bytes))),
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => fields
                .array()
                .map(|bytes| Value::Fixed32(u32::from_le_bytes(bytes))),
            _ => fields.varint().map(Value::Varint),
        };
        let Some(value) = value else { break };
        values.push(value);
    }
    values
}
