//! From the text of a literal to a value of a property's type.

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{FilterError, Pattern, limits, syntax::Name, time};
use crate::{Leaf, LeafKind, Model, Value};

/// The value of a literal; never coerced from another type.
pub(super) fn value(model: &Model, leaf: &Leaf, literal: &Name) -> Result<Value, FilterError> {
    let text = literal.text.as_str();
    let found = match leaf.kind {
        LeafKind::String => Some(Value::String(text.to_owned())),
        LeafKind::Bytes => decode_base64(text).map(Value::Bytes),
        LeafKind::Enum(id) => model
            .tables()
            .enumeration(id)
            .number_of(text)
            .map(Value::Enum),
        LeafKind::Timestamp => time::timestamp(text),
        LeafKind::Duration => time::duration(text),
        LeafKind::Message(_) => None,
        // Numbers and truth values stand bare; in quotes they are strings.
        _ if literal.quoted => None,
        LeafKind::Bool => text.parse().ok().map(Value::Bool),
        LeafKind::Int32 => text
            .parse::<i32>()
            .ok()
            .map(|value| Value::I64(value.into())),
        LeafKind::Int64 => text.parse().ok().map(Value::I64),
        LeafKind::Uint32 => text
            .parse::<u32>()
            .ok()
            .map(|value| Value::U64(value.into())),
        LeafKind::Uint64 => text.parse().ok().map(Value::U64),
        LeafKind::Float => number(text)
            .and_then(|()| text.parse::<f32>().ok())
            .filter(|value| value.is_finite())
            .map(|value| Value::F64(value.into())),
        LeafKind::Double => number(text)
            .and_then(|()| text.parse::<f64>().ok())
            .filter(|value| value.is_finite())
            .map(Value::F64),
    };
    found.ok_or_else(|| {
        FilterError::new(
            literal.column,
            match leaf.kind {
                LeafKind::Message(_) => {
                    "the property is a message; name a field of it, or test it with `:*`".to_owned()
                }
                kind => format!("`{text}` is no {}", expected(model, kind)),
            },
        )
    })
}

/// The type that the spelling of a literal shows, for a property whose type every row chooses.
pub(super) fn kind(literal: &Name) -> LeafKind {
    match literal.text.as_str() {
        _ if literal.quoted => LeafKind::String,
        "true" | "false" => LeafKind::Bool,
        text if number(text).is_some() && text.parse::<f64>().is_ok() => LeafKind::Double,
        _ => LeafKind::String,
    }
}

pub(super) fn expected(model: &Model, kind: LeafKind) -> String {
    match kind {
        LeafKind::Bool => "bool: write true or false".to_owned(),
        LeafKind::Int32 => "32-bit integer".to_owned(),
        LeafKind::Int64 => "64-bit integer".to_owned(),
        LeafKind::Uint32 => "unsigned 32-bit integer".to_owned(),
        LeafKind::Uint64 => "unsigned 64-bit integer".to_owned(),
        LeafKind::Float | LeafKind::Double => "number".to_owned(),
        LeafKind::Bytes => "base64 text".to_owned(),
        LeafKind::Timestamp => "time: write it as in RFC 3339, \"2026-01-31T12:00:00Z\"".to_owned(),
        LeafKind::Duration => "duration: write seconds, 1.5s".to_owned(),
        LeafKind::Enum(id) => {
            let source = model.schema().enumeration(id);
            let names: Vec<&str> = source.values.iter().take(12).map(|v| &*v.name).collect();
            format!("value of {}: {}", source.full_name, names.join(", "))
        }
        LeafKind::String | LeafKind::Message(_) => "string".to_owned(),
    }
}

/// Whether a text begins like a number: `parse` also takes `nan`, `inf` and `infinity`.
fn number(text: &str) -> Option<()> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits
        .starts_with(|c: char| c.is_ascii_digit() || c == '.')
        .then_some(())
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, LENIENT)
        .decode(text)
        .or_else(|_| GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text))
        .ok()
}

/// The LIKE pattern of a literal that begins or ends with `*`; `None` when it does neither.
pub(super) fn wildcard(literal: &Name) -> Option<String> {
    let text = literal.text.as_str();
    let last = text.len().checked_sub(1)?;
    let star = |at: usize| !literal.literal_stars.contains(&at);
    let leads = text.starts_with('*') && star(0);
    let trails = text.ends_with('*') && star(last) && (last > 0 || !leads);
    if !leads && !trails {
        return None;
    }
    let inner = &text[usize::from(leads)..text.len() - usize::from(trails)];
    let mut pattern = String::with_capacity(text.len() + 4);
    if leads {
        pattern.push('%');
    }
    for c in inner.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    if trails {
        pattern.push('%');
    }
    Some(pattern)
}

impl Pattern {
    /// Compiles a regular expression in RE2's syntax.
    ///
    /// # Errors
    /// A text that says what is wrong with it, or that it is too large.
    pub fn new(source: &str) -> Result<Self, String> {
        regex::RegexBuilder::new(source)
            .size_limit(limits::REGEXP)
            .build()
            .map(|regex| Self(std::sync::Arc::new(regex)))
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
                // The library draws the pattern over several lines; its last line is the reason.
                error => {
                    let text = error.to_string();
                    let reason = text.lines().last().unwrap_or_default();
                    let reason = reason.trim_start_matches("error: ");
                    format!("the regular expression is wrong: {reason}")
                }
            })
    }
}
