//! From a key of a query string or a form to the field it means.

use protoloop_core::{Error, Result};
use protoloop_schema::{Kind, MessageId, WellKnown};
use protoloop_wire::{FieldTable, MessageTable, Tables};

/// How many fields a key may walk through.
const MAX_DEPTH: usize = 32;

/// The field that a key means.
#[derive(Debug)]
pub(super) struct Target<'t> {
    /// Field numbers from the request message to the leaf.
    pub(super) numbers: Vec<u32>,
    /// The message that holds the leaf.
    pub(super) parent: MessageId,
    /// The leaf.
    pub(super) leaf: &'t FieldTable,
    /// The key of `labels[key]`.
    pub(super) map_key: Option<String>,
}

/// Why a key means no field.
#[derive(Debug)]
pub(super) enum Miss {
    /// There is no field of that name.
    Unknown(Error),
    /// There is one, but it cannot be given there.
    Refused(Error),
}

impl From<Miss> for Error {
    fn from(miss: Miss) -> Self {
        match miss {
            Miss::Unknown(error) | Miss::Refused(error) => error,
        }
    }
}

/// Where keys stand; errors say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Query,
    Form,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Query => "in the query string",
            Self::Form => "as text in a form",
        }
    }
}

/// Resolves `filter`, `book.author.name` or `labels[k]`, with JSON or proto names, from the message `root`, to a field
/// whose value a text may stand for.
pub(super) fn resolve<'t>(
    tables: &'t Tables,
    root: MessageId,
    key: &str,
    place: Place,
) -> Result<Target<'t>, Miss> {
    let target = find(tables, root, key, place)?;
    check_leaf(key, target.leaf, tables, target.map_key.is_some(), place)?;
    Ok(target)
}

/// The same, to a field of any type.
pub(super) fn find<'t>(
    tables: &'t Tables,
    root: MessageId,
    key: &str,
    place: Place,
) -> Result<Target<'t>, Miss> {
    let (path, map_key) = split_map_key(key)?;
    let mut table = tables.message(root);
    let mut numbers = Vec::new();
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let field = table
            .field_by_name(name)
            .filter(|field| !field.is_hidden())
            .ok_or_else(|| unknown(key, name, table))?;
        numbers.push(field.number());
        if names.peek().is_none() {
            return Ok(Target {
                numbers,
                parent: table.id(),
                leaf: field,
                map_key,
            });
        }
        if numbers.len() >= MAX_DEPTH {
            return Err(refused(key, &format!("more than {MAX_DEPTH} fields deep")));
        }
        table = tables.message(step(key, field, place)?);
    }
    Err(unknown(key, path, table))
}

/// `labels[a.b]` to `labels` and `a.b`.
fn split_map_key(key: &str) -> Result<(&str, Option<String>), Miss> {
    let Some((path, rest)) = key.split_once('[') else {
        return Ok((key, None));
    };
    match rest.strip_suffix(']') {
        Some(map_key) => Ok((path, Some(map_key.to_owned()))),
        None => Err(refused(key, "expected ] at the end of the key")),
    }
}

/// The message behind a dot.
fn step(key: &str, field: &FieldTable, place: Place) -> Result<MessageId, Miss> {
    let name = field.name();
    if field.is_map() {
        let text = format!("{name} is a map; write an entry as {name}[key]=value");
        return Err(refused(key, &text));
    }
    if !field.is_singular() {
        let place = place.name();
        let text = format!("{name} is repeated; its parts cannot be given {place}");
        return Err(refused(key, &text));
    }
    match (field.kind(), field.well_known()) {
        (Kind::Message(id), None) => Ok(id),
        (Kind::Message(_), Some(_)) => {
            let text = format!("{name} is written as one value, not by its parts");
            Err(refused(key, &text))
        }
        _ => Err(refused(key, &format!("{name} has no fields"))),
    }
}

/// A leaf is a scalar, an enum, a type with a JSON text of its own, a list of those or one entry of a map to those.
pub(super) fn check_leaf(
    key: &str,
    field: &FieldTable,
    tables: &Tables,
    has_map_key: bool,
    place: Place,
) -> Result<(), Miss> {
    let name = field.name();
    if field.is_map() != has_map_key {
        return Err(refused(
            key,
            &if has_map_key {
                format!("{name} is not a map")
            } else {
                format!("{name} is a map; write an entry as {name}[key]=value")
            },
        ));
    }
    let value = match field.message().filter(|_| has_map_key) {
        Some(entry) => tables.message(entry).field(2),
        None => Some(field),
    };
    let is_value = value.is_some_and(|value| match value.kind() {
        Kind::Message(_) => value
            .well_known()
            .is_some_and(|known| known != WellKnown::Empty),
        Kind::Group(_) => false,
        _ => true,
    });
    if is_value {
        return Ok(());
    }
    let place = place.name();
    let text = if has_map_key {
        format!("{name} maps to messages, which cannot be given {place}")
    } else if field.is_singular() {
        format!("{name} is a message; write its fields as {name}.field=value")
    } else {
        format!("{name} is a list of messages, which cannot be given {place}")
    };
    Err(refused(key, &text))
}

fn refused(key: &str, why: &str) -> Miss {
    Miss::Refused(Error::invalid_field(key, why))
}

fn unknown(key: &str, name: &str, table: &MessageTable) -> Miss {
    let mut text = format!("{} has no field {name:?}", table.full_name());
    if let Some(near) = nearest(name, table) {
        text += &format!("; did you mean {near:?}?");
    }
    Miss::Unknown(Error::invalid_field(key, text))
}

/// The field name that is at most a third of its letters away.
fn nearest<'t>(name: &str, table: &'t MessageTable) -> Option<&'t str> {
    if name.len() > 64 {
        return None;
    }
    table
        .fields()
        .iter()
        .filter(|field| !field.is_hidden())
        .flat_map(|field| [field.json_name(), field.name()])
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in bytes.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let substituted = diagonal + usize::from(!a.eq_ignore_ascii_case(&b));
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
