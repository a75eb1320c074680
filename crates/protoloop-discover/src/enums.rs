//! Enums of labels.

use protoloop_schema::inflect;

use crate::{Lock, Naming, names};

/// An enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enum {
    pub(crate) name: String,
    /// How the lock calls it.
    pub(crate) key: String,
    /// Its zero, which stands for no value.
    pub(crate) zero: String,
    pub(crate) values: Vec<Value>,
}

/// One of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) label: String,
}

impl Enum {
    /// The name of the value with a label.
    pub(crate) fn value(&self, label: &str) -> Option<String> {
        let mut values = self.values.iter();
        let value = values.find(|value| value.label == label)?;
        Some(value.name.clone())
    }
}

/// The enum of a type, or of a column whose type has no name; with the names and numbers that the lock knows.
pub(crate) fn make(
    type_name: Option<&str>,
    (table, column): (&str, &str),
    wanted: &str,
    labels: &[String],
    naming: Naming,
    lock: &mut Lock,
) -> Enum {
    let (key, wanted) = match type_name {
        Some(name) => (
            format!("type {name}"),
            names::message(unquoted(name), naming, ""),
        ),
        None => (format!("column {table} {column}"), wanted.to_owned()),
    };
    let name = lock.enumeration(&key, &wanted);
    let prefix = inflect::snake(&name).to_ascii_uppercase();
    let zero = lock.value(&key, "", &format!("{prefix}_UNSPECIFIED")).name;
    let labels = labels.iter().filter(|label| !label.is_empty());
    let values = labels
        .map(|label| {
            let word = inflect::snake(&names::clean(label)).to_ascii_uppercase();
            let locked = lock.value(&key, label, &format!("{prefix}_{word}"));
            Value {
                name: locked.name,
                number: locked.number,
                label: label.clone(),
            }
        })
        .collect();
    Enum {
        name,
        key,
        zero,
        values,
    }
}

/// The last part of a name, without its quotes: `Mood` of `other."Mood"`.
fn unquoted(name: &str) -> &str {
    match name.strip_suffix('"') {
        Some(rest) => rest.rsplit_once('"').map_or(rest, |(_, last)| last),
        None => name.rsplit_once('.').map_or(name, |(_, last)| last),
    }
}
