//! Values as bytes, for page tokens and index keys: a tag, then a fixed width or a length and the bytes.

use super::Value;

impl Value {
    /// Appends the value. Equal values of one property have equal bytes, `0.0` and `-0.0` too.
    pub(crate) fn push_binary(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0),
            Self::Bool(value) => out.extend([1, u8::from(*value)]),
            Self::I64(value) => push(out, 2, &value.to_be_bytes()),
            Self::U64(value) => push(out, 3, &value.to_be_bytes()),
            Self::F64(value) => {
                let value = if *value == 0.0 { 0.0 } else { *value };
                push(out, 4, &value.to_bits().to_be_bytes());
            }
            Self::String(text) => push_long(out, 5, text.as_bytes()),
            Self::Bytes(bytes) => push_long(out, 6, bytes),
            Self::Enum(number) => push(out, 7, &number.to_be_bytes()),
            Self::Timestamp { seconds, nanos } => {
                push(out, 8, &seconds.to_be_bytes());
                out.extend(nanos.to_be_bytes());
            }
            Self::Duration { seconds, nanos } => {
                push(out, 9, &seconds.to_be_bytes());
                out.extend(nanos.to_be_bytes());
            }
        }
    }

    /// Takes a value from the front of `bytes`; `None` when none stands there.
    pub(crate) fn take_binary(bytes: &mut &[u8]) -> Option<Self> {
        let [tag] = take(bytes)?;
        Some(match tag {
            0 => Self::Null,
            1 => Self::Bool(take(bytes)? == [1]),
            2 => Self::I64(i64::from_be_bytes(take(bytes)?)),
            3 => Self::U64(u64::from_be_bytes(take(bytes)?)),
            4 => Self::F64(f64::from_bits(u64::from_be_bytes(take(bytes)?))),
            5 => Self::String(String::from_utf8(take_long(bytes)?).ok()?),
            6 => Self::Bytes(take_long(bytes)?),
            7 => Self::Enum(i32::from_be_bytes(take(bytes)?)),
            8 => Self::Timestamp {
                seconds: i64::from_be_bytes(take(bytes)?),
                nanos: i32::from_be_bytes(take(bytes)?),
            },
            9 => Self::Duration {
                seconds: i64::from_be_bytes(take(bytes)?),
                nanos: i32::from_be_bytes(take(bytes)?),
            },
            _ => return None,
        })
    }
}

fn push(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn push_long(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    push(out, tag, &(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

fn take_long(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let len = usize::try_from(u64::from_be_bytes(take(bytes)?)).ok()?;
    let (head, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(head.to_vec())
}
