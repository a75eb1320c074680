//! Tags and records: the lowest layer of the protobuf encoding.

use crate::{
    error::{Flaw, WireErrorKind},
    tables::WireType,
    varint::{behind_eight, varint_of_word},
};

/// Largest field number.
pub(crate) const MAX_NUMBER: u32 = (1 << 29) - 1;

/// Nesting of groups that skipping an unknown field follows.
const MAX_SKIP_DEPTH: usize = 100;

/// The payload of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Len(&'a [u8]),
    /// The bytes between start and end tag.
    Group(&'a [u8]),
}

impl Payload<'_> {
    #[inline]
    pub(crate) fn wire_type(&self) -> WireType {
        match self {
            Self::Varint(_) => WireType::Varint,
            Self::Fixed64(_) => WireType::Fixed64,
            Self::Fixed32(_) => WireType::Fixed32,
            Self::Len(_) => WireType::Len,
            Self::Group(_) => WireType::StartGroup,
        }
    }
}

/// One field as it stands on the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) number: u32,
    pub(crate) payload: Payload<'a>,
    /// Where the tag begins.
    pub(crate) start: usize,
    /// Where the payload begins, length prefix left out.
    pub(crate) body: usize,
}

/// Reads records front to back.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pos: 0 }
    }

    #[inline]
    pub(crate) const fn pos(&self) -> usize {
        self.pos
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Flaw> {
        match self.bytes.get(self.pos) {
            Some(&byte) if byte < 0x80 => {
                self.pos += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Flaw> {
        let rest = &self.bytes[self.pos.min(self.bytes.len())..];
        if let Some(word) = rest.first_chunk() {
            let (value, len) = varint_of_word(u64::from_le_bytes(*word));
            if len <= 8 {
                self.pos += len;
                return Ok(value);
            }
            return match behind_eight(value, &rest[8..]) {
                Some((value, len)) => {
                    self.pos += len;
                    Ok(value)
                }
                None if rest.len() >= 10 => Err(WireErrorKind::VarintTooLong.at(self.pos)),
                None => Err(WireErrorKind::Truncated.at(self.pos)),
            };
        }
        let mut value = 0u64;
        for (index, &byte) in rest.iter().enumerate() {
            value |= u64::from(byte & 0x7F) << (7 * index);
            if byte < 0x80 {
                self.pos += index + 1;
                return Ok(value);
            }
        }
        Err(WireErrorKind::Truncated.at(self.pos))
    }

    #[inline]
    pub(crate) fn fixed32(&mut self) -> Result<u32, Flaw> {
        let Some(bytes) = self.bytes[self.pos..].first_chunk::<4>() else {
            return Err(WireErrorKind::Truncated.at(self.pos));
        };
        self.pos += 4;
        Ok(u32::from_le_bytes(*bytes))
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> Result<u64, Flaw> {
        let Some(bytes) = self.bytes[self.pos..].first_chunk::<8>() else {
            return Err(WireErrorKind::Truncated.at(self.pos));
        };
        self.pos += 8;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// A length-delimited payload, its length included.
    #[inline]
    pub(crate) fn delimited(&mut self) -> Result<&'a [u8], Flaw> {
        let start = self.pos;
        let len = self.varint()?;
        let rest = &self.bytes[self.pos..];
        match usize::try_from(len) {
            Ok(len) if len <= rest.len() => {
                self.pos += len;
                Ok(&rest[..len])
            }
            _ => Err(WireErrorKind::Truncated.at(start)),
        }
    }

    /// A tag: field number and wire type.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<(u32, WireType), Flaw> {
        let start = self.pos;
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > u64::from(MAX_NUMBER) {
            return Err(WireErrorKind::InvalidTag.at(start));
        }
        match WireType::from_tag(tag as u32) {
            Some(wire_type) => Ok((number as u32, wire_type)),
            None => Err(WireErrorKind::InvalidTag.at(start)),
        }
    }

    /// The next record, or `None` at the end.
    ///
    /// Always in its caller: the result is large, and copying it through memory took as long as reading the record.
    #[inline(always)]
    pub(crate) fn record(&mut self) -> Result<Option<Record<'a>>, Flaw> {
        if self.is_empty() {
            return Ok(None);
        }
        let start = self.pos;
        let (number, wire_type) = self.tag()?;
        let mut body = self.pos;
        let payload = match wire_type {
            WireType::Varint => Payload::Varint(self.varint()?),
            WireType::Fixed64 => Payload::Fixed64(self.fixed64()?),
            WireType::Fixed32 => Payload::Fixed32(self.fixed32()?),
            WireType::Len => {
                let bytes = self.delimited()?;
                body = self.pos - bytes.len();
                Payload::Len(bytes)
            }
            WireType::StartGroup => Payload::Group(self.group(number, 0)?),
            WireType::EndGroup => return Err(WireErrorKind::UnmatchedGroup.at(start)),
        };
        Ok(Some(Record {
            number,
            payload,
            start,
            body,
        }))
    }

    /// The next record when it has this number; else nothing is consumed.
    #[inline(always)]
    pub(crate) fn record_of(&mut self, number: u32) -> Result<Option<Record<'a>>, Flaw> {
        let start = self.pos;
        if self.is_empty() {
            return Ok(None);
        }
        let found = self.tag()?.0;
        self.pos = start;
        if found == number {
            self.record()
        } else {
            Ok(None)
        }
    }

    /// The bytes up to the end tag of group `number`, and past it.
    fn group(&mut self, number: u32, depth: usize) -> Result<&'a [u8], Flaw> {
        if depth >= MAX_SKIP_DEPTH {
            return Err(WireErrorKind::TooDeep.at(self.pos));
        }
        let start = self.pos;
        loop {
            let end = self.pos;
            if self.is_empty() {
                return Err(WireErrorKind::Truncated.at(end));
            }
            let (inner, wire_type) = self.tag()?;
            match wire_type {
                WireType::Varint => {
                    self.varint()?;
                }
                WireType::Fixed64 => {
                    self.fixed64()?;
                }
                WireType::Fixed32 => {
                    self.fixed32()?;
                }
                WireType::Len => {
                    self.delimited()?;
                }
                WireType::StartGroup => {
                    self.group(inner, depth + 1)?;
                }
                WireType::EndGroup if inner == number => return Ok(&self.bytes[start..end]),
                WireType::EndGroup => return Err(WireErrorKind::UnmatchedGroup.at(end)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_must_match() {
        let cases: [(&[u8], Option<WireErrorKind>); 4] = [
            (&[0x0B, 0x0C], None),
            (&[0x0B, 0x14], Some(WireErrorKind::UnmatchedGroup)),
            (&[0x0B], Some(WireErrorKind::Truncated)),
            (&[0x0C], Some(WireErrorKind::UnmatchedGroup)),
        ];
        for (bytes, expected) in cases {
            let result = Reader::new(bytes).record();
            assert_eq!(result.err().map(|error| error.kind), expected, "{bytes:?}");
        }
    }
}
