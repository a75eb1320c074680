//! proto2 default values, in the text form descriptors carry them.

use crate::{DefaultValue, Kind};

/// `None` when the text is no value of the kind. Enum defaults are looked up by the caller.
pub(super) fn parse(text: &str, kind: Kind) -> Option<DefaultValue> {
    match kind {
        Kind::Bool => text.parse().ok().map(DefaultValue::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => text
            .parse::<i32>()
            .ok()
            .map(|n| DefaultValue::Int(n.into())),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => text.parse().ok().map(DefaultValue::Int),
        Kind::Uint32 | Kind::Fixed32 => text
            .parse::<u32>()
            .ok()
            .map(|n| DefaultValue::Uint(n.into())),
        Kind::Uint64 | Kind::Fixed64 => text.parse().ok().map(DefaultValue::Uint),
        Kind::Double | Kind::Float => text.parse().ok().map(DefaultValue::Float),
        Kind::String => Some(DefaultValue::String(text.into())),
        Kind::Bytes => unescape(text).map(DefaultValue::Bytes),
        Kind::Enum(_) | Kind::Message(_) | Kind::Group(_) => None,
    }
}

/// Undoes C escapes.
fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        let (&escape, behind) = rest.split_first()?;
        rest = behind;
        bytes.push(match escape {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'v' => 11,
            b'0'..=b'7' => number(&mut rest, u32::from(escape - b'0'), 8, 2)?,
            b'x' | b'X' => number(&mut rest, 0, 16, 2)?,
            b'\\' | b'\'' | b'"' | b'?' => escape,
            _ => return None,
        });
    }
    Some(bytes)
}

/// Up to `digits` more digits of a number that has begun.
fn number(rest: &mut &[u8], mut value: u32, radix: u32, digits: usize) -> Option<u8> {
    for _ in 0..digits {
        let digit = rest
            .first()
            .and_then(|byte| char::from(*byte).to_digit(radix));
        let Some(digit) = digit else { break };
        value = value * radix + digit;
        *rest = &rest[1..];
    }
    u8::try_from(value).ok()
}
