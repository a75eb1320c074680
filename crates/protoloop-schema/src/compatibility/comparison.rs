//! What the comparisons of single kinds of elements share.

use std::collections::HashMap;

use super::{Breaking, Rule, Surface, declared::Declared};
use crate::{Location, Message, Schema, bundled};

/// Two schemas, and what was found so far.
pub(super) struct Comparison<'a> {
    pub(super) old: &'a Schema,
    pub(super) new: &'a Schema,
    pub(super) before: Declared,
    pub(super) now: Declared,
    found: Vec<Breaking>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a Schema, new: &'a Schema) -> Self {
        Self {
            old,
            new,
            before: Declared::of(old),
            now: Declared::of(new),
            found: Vec::new(),
        }
    }

    /// By place, and at one place in the order in which they were found.
    pub(super) fn finish(mut self) -> Vec<Breaking> {
        self.found
            .sort_by(|one, other| one.location.cmp(&other.location));
        self.found
    }

    /// Notes a finding, if it breaks anything.
    pub(super) fn report(&mut self, breaking: Breaking) {
        if !breaking.breaks.is_empty() {
            self.found.push(breaking);
        }
    }

    /// The start of a file of the new schema, or of the old one where it is gone.
    pub(super) fn file(&self, name: &str) -> Location {
        Location {
            file: name.to_owned(),
            ..Location::default()
        }
    }

    /// The messages that are compared, each with the one of the same name: not what comes with the toolkit, and no entries of
    /// maps, which are part of their fields.
    pub(super) fn pairs(&self) -> Vec<(&'a Message, Option<&'a Message>)> {
        let (old, new) = (self.old, self.new);
        let messages = old.messages().iter().filter(|message| !message.map_entry);
        messages
            .filter(|message| self.is_compared(&message.full_name))
            .map(|message| (message, new.message_by_name(&message.full_name)))
            .collect()
    }

    /// Whether the file of a message or enum of the old schema is the user's.
    pub(super) fn is_compared(&self, full_name: &str) -> bool {
        let declared = self.before.types.get(full_name);
        declared.is_none_or(|declared| !is_bundled(&declared.file))
    }
}

pub(super) fn is_bundled(file: &str) -> bool {
    bundled::descriptor(file).is_some()
}

/// A finding whose surfaces are said one by one.
pub(super) struct Finding {
    breaking: Breaking,
}

impl Finding {
    pub(super) fn new(
        rule: Rule,
        element: &str,
        location: &Location,
        message: String,
        help: &'static str,
    ) -> Self {
        Self {
            breaking: Breaking {
                rule,
                element: element.to_owned(),
                location: location.clone(),
                message,
                help,
                breaks: Vec::new(),
            },
        }
    }

    pub(super) fn breaks(mut self, surfaces: &[Surface]) -> Breaking {
        self.breaking.breaks.extend_from_slice(surfaces);
        self.breaking.breaks.sort();
        self.breaking.breaks.dedup();
        self.breaking
    }
}

/// The surfaces whose condition holds.
pub(super) fn which(surfaces: &[(Surface, bool)]) -> Vec<Surface> {
    let chosen = surfaces.iter().filter(|(_, broken)| *broken);
    chosen.map(|(surface, _)| *surface).collect()
}

/// The options that differ, by their names.
pub(super) fn differing<'n>(
    names: &'n [(u32, &'n str)],
    old: &super::declared::Options,
    new: &super::declared::Options,
) -> impl Iterator<Item = &'n str> {
    let changed = names
        .iter()
        .filter(|(number, _)| significant(old.get(number)) != significant(new.get(number)));
    let changed: Vec<_> = changed.map(|(_, name)| *name).collect();
    changed.into_iter()
}

/// A false or zero that is written is one that is left out.
fn significant(value: Option<&Vec<u8>>) -> Option<&Vec<u8>> {
    value.filter(|value| value.iter().any(|byte| *byte != 0))
}

/// Elements of the new schema by a name, for lookups.
pub(super) fn by<'s, T>(
    items: &'s [T],
    name: impl Fn(&'s T) -> &'s str,
) -> HashMap<&'s str, &'s T> {
    items.iter().map(|item| (name(item), item)).collect()
}
