//! Map keys as text, spelled as ProtoJSON spells them.

use protoloop_schema::Kind;

use crate::Value;

/// The one spelling of a key of this kind; `None` when the text is no such key.
#[must_use]
pub fn spelled(kind: Kind, text: &str) -> Option<Box<str>> {
    Some(match kind {
        Kind::String => text.into(),
        Kind::Bool => text.parse::<bool>().ok()?.to_string().into(),
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => {
            text.parse::<u64>().ok()?.to_string().into()
        }
        _ => text.parse::<i64>().ok()?.to_string().into(),
    })
}

/// Whether a key is spelled so.
#[must_use]
pub fn is(found: &Value<'_>, text: &str) -> bool {
    match found {
        Value::String(found) => *found == text,
        Value::Bool(found) => text == if *found { "true" } else { "false" },
        Value::U64(found) => text.parse() == Ok(*found),
        found => found
            .as_i64()
            .is_some_and(|found| text.parse() == Ok(found)),
    }
}
