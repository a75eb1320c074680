//! Field masks: which fields of a message an update sets or a read returns (AIP-157, AIP-161).

mod merge;
mod project;
#[cfg(test)]
mod tests;

use std::fmt;

use protoloop_schema::MessageId;

pub use merge::merge;
pub use project::project;

use crate::{Tables, View};

/// The most paths of a mask.
const MAX_PATHS: usize = 1_000;

/// The most steps of a path.
const MAX_DEPTH: usize = 32;

/// Fields of a message, each as a whole or in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask {
    /// All of the message; then `fields` is empty.
    whole: bool,
    /// In order of numbers.
    fields: Vec<(u32, Self)>,
}

/// A path that names no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskError {
    /// The path as it was given.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path `{}`: {}", self.path, self.message)
    }
}

impl std::error::Error for MaskError {}

impl Mask {
    /// The mask `*`: all of the message.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            whole: true,
            fields: Vec::new(),
        }
    }

    /// The mask of paths such as `title` and `address.city`, in proto or JSON names, or `*`. Paths may lead through
    /// repeated messages, but not into maps and into the types whose JSON form is special.
    ///
    /// # Errors
    /// The first path that names no field of the message.
    pub fn parse<'p>(
        tables: &Tables,
        id: MessageId,
        paths: impl IntoIterator<Item = &'p str>,
    ) -> Result<Self, MaskError> {
        let mut mask = Self::default();
        for (index, path) in paths.into_iter().enumerate() {
            let wrong = |message: String| MaskError {
                path: path.to_owned(),
                message,
            };
            if index == MAX_PATHS {
                return Err(wrong(format!("a mask has at most {MAX_PATHS} paths")));
            }
            if path == "*" {
                mask = Self::whole();
            } else {
                mask.insert(&numbers(tables, id, path).map_err(wrong)?);
            }
        }
        Ok(mask)
    }

    /// The mask of the fields that a message holds: down to single fields in messages, whole lists and maps, whole
    /// values of the types whose JSON form is special.
    #[must_use]
    pub fn of(message: &View<'_>) -> Self {
        Self::of_bounded(message, MAX_DEPTH)
    }

    fn of_bounded(message: &View<'_>, depth: usize) -> Self {
        let mut mask = Self::default();
        for (number, _) in message.raw_fields() {
            let Some(field) = message.table().field(number) else {
                continue;
            };
            let inner = message
                .message(number)
                .filter(|_| field.well_known().is_none() && depth > 0)
                .map_or_else(Self::whole, |inner| Self::of_bounded(&inner, depth - 1));
            // An empty message that is present is set as a whole.
            let inner = if inner.is_empty() {
                Self::whole()
            } else {
                inner
            };
            if let Err(at) = mask.position(number) {
                mask.fields.insert(at, (number, inner));
            }
        }
        mask
    }

    /// Whether it is all of the message.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.whole && self.fields.is_empty()
    }

    /// The fields it names, in order of their numbers, each with the part of it; none when it is whole.
    pub fn fields(&self) -> impl Iterator<Item = (u32, &Self)> {
        self.fields.iter().map(|(number, mask)| (*number, mask))
    }

    /// The part of a field; `None` when the mask does not name it.
    #[must_use]
    pub fn field(&self, number: u32) -> Option<&Self> {
        if self.whole {
            return Some(self);
        }
        self.position(number).ok().map(|at| &self.fields[at].1)
    }

    /// Adds a field as a whole.
    pub fn add(&mut self, number: u32) {
        self.insert(&[number]);
    }

    /// Adds a field, of which only a part; a mask that is whole stays so.
    pub fn set(&mut self, number: u32, part: Self) {
        if self.whole {
            return;
        }
        match self.position(number) {
            Ok(at) => self.fields[at].1 = part,
            Err(at) => self.fields.insert(at, (number, part)),
        }
    }

    /// Takes a field out, where the mask is not whole.
    pub fn remove(&mut self, number: u32) {
        self.fields.retain(|field| field.0 != number);
    }

    fn position(&self, number: u32) -> Result<usize, usize> {
        self.fields.binary_search_by_key(&number, |field| field.0)
    }

    fn insert(&mut self, path: &[u32]) {
        if self.whole {
            return;
        }
        let Some((first, rest)) = path.split_first() else {
            *self = Self::whole();
            return;
        };
        let at = self.position(*first).unwrap_or_else(|at| {
            self.fields.insert(at, (*first, Self::default()));
            at
        });
        self.fields[at].1.insert(rest);
    }
}

/// The field numbers of a path.
fn numbers(tables: &Tables, id: MessageId, path: &str) -> Result<Vec<u32>, String> {
    let mut numbers = Vec::new();
    let mut message = Some(id);
    let mut parent = "";
    for name in path.split('.') {
        let Some(id) = message else {
            return Err(format!("`{parent}` has no fields that a mask could name"));
        };
        if numbers.len() == MAX_DEPTH {
            return Err(format!("a path has at most {MAX_DEPTH} steps"));
        }
        let table = tables.message(id);
        let field = table
            .field_by_name(name)
            .ok_or_else(|| format!("{} has no field `{name}`", table.full_name()))?;
        numbers.push(field.number());
        message = field
            .message()
            .filter(|_| !field.is_map() && field.well_known().is_none());
        parent = name;
    }
    Ok(numbers)
}
