//! From brackets to JSON.

use protoloop_schema::{Kind, MessageId, WellKnown};
use protoloop_wire::{FieldTable, Tables};

use super::Node;

type Result = std::result::Result<String, String>;

/// What a text may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Bool,
}

/// A filter object for a model.
pub(super) fn filter(tables: &Tables, model: MessageId, node: &Node) -> Result {
    object(node, |name, inner| match name {
        "where" => wheres(tables, model, inner),
        "limit" | "skip" | "offset" => value(inner, Type::Number),
        "fields" if inner.is_list() || inner.members.is_empty() => value(inner, Type::Text),
        "fields" => object(inner, |_, inner| value(inner, Type::Bool)),
        "include" => include(tables, model, inner),
        _ => value(inner, Type::Text),
    })
}

fn include(tables: &Tables, model: MessageId, node: &Node) -> Result {
    if node.members.is_empty() {
        return value(node, Type::Text);
    }
    if node.is_list() {
        return list(node, |inner| include(tables, model, inner));
    }
    let relation = node
        .member("relation")
        .and_then(|inner| inner.texts.first());
    let target =
        relation.and_then(|name| message_of(tables, tables.message(model).field_by_name(name)?));
    let scope = |inner: &Node| match target {
        Some(target) => filter(tables, target, inner),
        // The filter tells that there is no such relation.
        None => Ok("{}".to_owned()),
    };
    // The relation first, by which the scope is read.
    let mut members: Vec<&(String, Node)> = node.members.iter().collect();
    members.sort_by_key(|(name, _)| name != "relation");
    joined(members.into_iter(), |name, inner| match name {
        "scope" => scope(inner),
        _ => value(inner, Type::Text),
    })
}

fn wheres(tables: &Tables, model: MessageId, node: &Node) -> Result {
    object(node, |name, inner| match name {
        "and" | "or" | "nor" => list(inner, |inner| wheres(tables, model, inner)),
        "not" => wheres(tables, model, inner),
        path => test(tables, property(tables, model, path), inner),
    })
}

/// What a path of names leads to: the type of a value, and the message where there is one.
fn property(tables: &Tables, model: MessageId, path: &str) -> (Type, Option<MessageId>) {
    let mut message = Some(model);
    let mut found = Type::Text;
    let mut names = path.split('.');
    while let Some(name) = names.next() {
        let field = message.and_then(|id| tables.message(id).field_by_name(name));
        let Some(mut field) = field else {
            return (Type::Text, None);
        };
        if field.is_map() && names.next().is_some() {
            // The value of that key.
            let entry = field.message().map(|entry| tables.message(entry));
            let Some(value) = entry.and_then(|entry| entry.field(2)) else {
                return (Type::Text, None);
            };
            field = value;
        }
        found = type_of(field);
        message = message_of(tables, field);
    }
    (found, message)
}

fn message_of(tables: &Tables, field: &FieldTable) -> Option<MessageId> {
    let id = field.message().filter(|_| !field.is_map())?;
    tables.message(id).well_known().is_none().then_some(id)
}

fn type_of(field: &FieldTable) -> Type {
    match (field.kind(), field.well_known()) {
        _ if field.is_map() => Type::Text,
        (Kind::Bool, _) | (_, Some(WellKnown::BoolValue)) => Type::Bool,
        (Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Group(_), _) => Type::Text,
        (
            Kind::Message(_),
            Some(
                WellKnown::Int32Value
                | WellKnown::Int64Value
                | WellKnown::Uint32Value
                | WellKnown::Uint64Value
                | WellKnown::FloatValue
                | WellKnown::DoubleValue,
            ),
        ) => Type::Number,
        (Kind::Message(_), _) => Type::Text,
        _ => Type::Number,
    }
}

/// The test of a property or relation.
fn test(tables: &Tables, (of, message): (Type, Option<MessageId>), node: &Node) -> Result {
    if node.members.is_empty() {
        return value(node, of);
    }
    object(node, |name, inner| match (name, message) {
        ("some" | "every" | "none", Some(message)) => wheres(tables, message, inner),
        ("exists", _) => value(inner, Type::Bool),
        ("like" | "nlike" | "ilike" | "nilike" | "regexp" | "options", _) => {
            value(inner, Type::Text)
        }
        ("length", _) if inner.members.is_empty() => value(inner, Type::Number),
        ("length", _) => object(inner, |_, inner| value(inner, Type::Number)),
        _ => value(inner, of),
    })
}

/// A value or a list of them.
fn value(node: &Node, of: Type) -> Result {
    match (node.texts.as_slice(), node.members.is_empty()) {
        ([one], true) => Ok(literal(one, of)),
        ([], true) => Ok("null".to_owned()),
        (several, true) => {
            let texts: Vec<String> = several.iter().map(|text| literal(text, of)).collect();
            Ok(format!("[{}]", texts.join(",")))
        }
        ([], false) if node.is_list() => list(node, |inner| value(inner, of)),
        ([], false) => object(node, |_, inner| value(inner, of)),
        (_, false) => Err("has a value and brackets below it".to_owned()),
    }
}

fn literal(text: &str, of: Type) -> String {
    let bare = match of {
        Type::Text => false,
        Type::Number => is_number(text),
        Type::Bool => matches!(text, "true" | "false"),
    };
    match bare {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// Whether a text is a JSON number.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// An object; a place with a value alone becomes that value, and the filter tells what was due.
fn object(node: &Node, render: impl Fn(&str, &Node) -> Result) -> Result {
    if node.members.is_empty() {
        return value(node, Type::Text);
    }
    if !node.texts.is_empty() {
        return Err("has a value and brackets below it".to_owned());
    }
    joined(node.members.iter(), render)
}

fn joined<'n>(
    members: impl Iterator<Item = &'n (String, Node)>,
    render: impl Fn(&str, &Node) -> Result,
) -> Result {
    let members = members.map(|(name, inner)| {
        let inner = render(name, inner)?;
        Ok(format!("{}:{inner}", quoted(name)))
    });
    let members: Vec<String> = members.collect::<std::result::Result<_, String>>()?;
    Ok(format!("{{{}}}", members.join(",")))
}

/// A list, in the order of its numbers; places without one stand behind in their own.
fn list(node: &Node, render: impl Fn(&Node) -> Result) -> Result {
    if !node.is_list() {
        return object(node, |_, inner| render(inner));
    }
    let mut members: Vec<&(String, Node)> = node.members.iter().collect();
    members.sort_by_key(|(name, _)| name.parse().unwrap_or(u32::MAX));
    let members: Vec<String> = members
        .into_iter()
        .map(|(_, inner)| render(inner))
        .collect::<std::result::Result<_, String>>()?;
    Ok(format!("[{}]", members.join(",")))
}

impl Node {
    fn member(&self, name: &str) -> Option<&Self> {
        let mut members = self.members.iter();
        members
            .find(|(present, _)| present == name)
            .map(|(_, inner)| inner)
    }

    /// Whether every bracket below is empty or a number.
    fn is_list(&self) -> bool {
        let is_place =
            |name: &str| name.len() < 6 && name.bytes().all(|byte| byte.is_ascii_digit());
        !self.members.is_empty() && self.members.iter().all(|(name, _)| is_place(name))
    }
}
