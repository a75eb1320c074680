//! Field numbers that stay.

use std::collections::BTreeMap;

use protoloop_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// What the file of a [`Lock`] is called.
pub const LOCK_FILE: &str = "protoloop.discover.lock";

const VERSION: u32 = 1;

/// The names and numbers that were given, by table. What is gone from the database stays here, so that no number is given
/// twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    version: u32,
    tables: BTreeMap<String, Locked>,
    /// By `type NAME` or `column TABLE COLUMN`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    enums: BTreeMap<String, LockedEnum>,
}

/// The name of an enum, and the numbers of its values by label; that of no label is its zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockedEnum {
    pub(crate) name: String,
    pub(crate) values: BTreeMap<String, LockedField>,
}

/// A table's message and the numbers of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Locked {
    pub(crate) message: String,
    /// By column; relations by `> column` (to one), `< table column` (back) and `<> table table` (through).
    pub(crate) fields: BTreeMap<String, LockedField>,
}

/// A field's number and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LockedField {
    pub(crate) number: u32,
    pub(crate) name: String,
}

/// Numbers that protobuf keeps for itself.
const RESERVED: std::ops::RangeInclusive<u32> = 19_000..=19_999;

impl Default for Lock {
    fn default() -> Self {
        Self {
            version: VERSION,
            tables: BTreeMap::new(),
            enums: BTreeMap::new(),
        }
    }
}

impl Lock {
    /// Reads the text of a lock file.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it is none, or one of a later version.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |what: String| Error::invalid_argument(format!("{LOCK_FILE}: {what}"));
        let lock: Self = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if lock.version != VERSION {
            return Err(wrong(format!(
                "it is of version {}, and this program knows version {VERSION}",
                lock.version
            )));
        }
        for (table, locked) in &lock.tables {
            let mut numbers: Vec<_> = locked.fields.values().map(|field| field.number).collect();
            numbers.sort_unstable();
            let twice = numbers.windows(2).any(|pair| pair[0] == pair[1]);
            let wild = numbers
                .iter()
                .any(|number| *number == 0 || *number > 536_870_911 || RESERVED.contains(number));
            if twice || wild {
                return Err(wrong(format!("the numbers of {table} cannot be used")));
            }
        }
        for locked in lock.enums.values() {
            let mut numbers: Vec<_> = locked.values.values().map(|value| value.number).collect();
            numbers.sort_unstable();
            let twice = numbers.windows(2).any(|pair| pair[0] == pair[1]);
            let zero = locked.values.get("").is_some_and(|zero| zero.number != 0);
            let wild = numbers
                .last()
                .is_some_and(|last| i32::try_from(*last).is_err());
            if twice || zero || wild {
                let name = &locked.name;
                return Err(wrong(format!("the numbers of {name} cannot be used")));
            }
        }
        Ok(lock)
    }

    /// The text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and numbers, which cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The message of a table: as it was, else a free one that begins with what is wanted.
    pub(crate) fn message(&mut self, table: &str, wanted: &str) -> String {
        if let Some(locked) = self.tables.get(table) {
            return locked.message.clone();
        }
        let message = free(wanted, |name| self.has(name));
        self.tables.insert(
            table.to_owned(),
            Locked {
                message: message.clone(),
                fields: BTreeMap::new(),
            },
        );
        message
    }

    /// Whether a message or enum has a name, or one that differs in underscores: the methods of both would be called the same.
    fn has(&self, name: &str) -> bool {
        let alike = |other: &str| other.replace('_', "") == name.replace('_', "");
        let mut messages = self.tables.values();
        messages.any(|other| alike(&other.message))
            || self.enums.values().any(|other| alike(&other.name))
    }

    /// The name of an enum: as it was, else a free one.
    pub(crate) fn enumeration(&mut self, key: &str, wanted: &str) -> String {
        if let Some(locked) = self.enums.get(key) {
            return locked.name.clone();
        }
        let name = free(wanted, |name| self.has(name));
        let locked = LockedEnum {
            name: name.clone(),
            values: BTreeMap::new(),
        };
        self.enums.insert(key.to_owned(), locked);
        name
    }

    /// The number and name of the value with a label. Values of all enums have different names, as protobuf wants it.
    pub(crate) fn value(&mut self, key: &str, label: &str, wanted: &str) -> LockedField {
        let known = self
            .enums
            .get(key)
            .and_then(|locked| locked.values.get(label));
        if let Some(value) = known {
            return value.clone();
        }
        let values = || {
            self.enums
                .values()
                .flat_map(|locked| locked.values.values())
        };
        let name = free(wanted, |name| values().any(|other| other.name == name));
        let locked = self.enums.entry(key.to_owned()).or_default();
        let last = locked.values.values().map(|value| value.number).max();
        let value = LockedField {
            number: last.map_or(0, |last| last + 1),
            name,
        };
        locked.values.insert(label.to_owned(), value.clone());
        value
    }

    /// Numbers of values that an enum does not have any more.
    pub(crate) fn gone_values(&self, key: &str, present: &[u32]) -> Vec<u32> {
        let values = self.enums.get(key).map(|locked| locked.values.values());
        let numbers = values.into_iter().flatten().map(|value| value.number);
        let mut gone: Vec<u32> = numbers.filter(|number| !present.contains(number)).collect();
        gone.sort_unstable();
        gone
    }

    /// The number and name of a field: as they were, else the next number and a free name.
    pub(crate) fn field(&mut self, table: &str, key: &str, wanted: &str) -> LockedField {
        let locked = self.tables.entry(table.to_owned()).or_default();
        if let Some(field) = locked.fields.get(key) {
            return field.clone();
        }
        let last = locked.fields.values().map(|field| field.number).max();
        let mut number = last.unwrap_or(0) + 1;
        if RESERVED.contains(&number) {
            number = RESERVED.end() + 1;
        }
        let taken = |name: &str| locked.fields.values().any(|other| other.name == name);
        let field = LockedField {
            number,
            name: free(wanted, taken),
        };
        locked.fields.insert(key.to_owned(), field.clone());
        field
    }

    /// Numbers of fields that a message does not have any more.
    pub(crate) fn gone(&self, table: &str, present: &[u32]) -> Vec<u32> {
        let fields = self.tables.get(table).map(|locked| locked.fields.values());
        let numbers = fields.into_iter().flatten().map(|field| field.number);
        let mut gone: Vec<u32> = numbers.filter(|number| !present.contains(number)).collect();
        gone.sort_unstable();
        gone
    }
}

/// `wanted`, or with a number behind it where that is taken.
fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    let numbered = (2..).map(|number: u32| format!("{wanted}_{number}"));
    let mut free = numbered.filter(|name| !taken(name));
    free.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_more_than_underscores() {
        let mut lock = Lock::default();
        let tables = [("", "T"), ("__", "T"), ("t2", "T2"), ("t3", "T3")];
        let names = tables.map(|(table, wanted)| lock.message(table, wanted));
        assert_eq!(names, ["T", "T_2", "T2_2", "T3"]);
    }
}
