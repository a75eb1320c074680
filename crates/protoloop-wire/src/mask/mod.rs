//! Field masks: which fields of a message an update sets or a read returns (AIP-157, AIP-161).

mod merge;
mod project;
#[cfg(test)]
mod tests;
mod text;

use std::fmt;

use protoloop_schema::MessageId;

pub use merge::merge;
pub use project::project;
pub use text::paths;

use text::Segment;
pub(crate) use text::segments;

use crate::{FieldTable, MessageTable, Tables, Value, View, map_key};

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
    /// Of a map: its keys as [`map_key::spelled`], each with the part of its value.
    keys: Vec<(Box<str>, Self)>,
}

/// One step of a path.
enum Step {
    Field(u32),
    Key(Box<str>),
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
            ..Self::default()
        }
    }

    /// The mask of paths such as `title` and `address.city`, in proto or JSON names, or `*` alone. Paths may lead through
    /// repeated messages and to the keys of maps, ``labels.env`` or ``labels.`a.b` ``, but not into the types whose JSON
    /// form is special.
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
            if mask.whole || path == "*" && index > 0 {
                let text = "`*` is all fields and stands alone";
                return Err(wrong(text.to_owned()));
            }
            if path.is_empty() {
                let number = index + 1;
                return Err(wrong(format!("path {number} of the mask is empty")));
            }
            if path == "*" {
                mask = Self::whole();
            } else {
                mask.insert(steps(tables, id, path).map_err(wrong)?.into_iter());
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
        !self.whole && self.fields.is_empty() && self.keys.is_empty()
    }

    /// The fields it names, in order of their numbers, each with the part of it; none when it is whole. Of a map, whose
    /// entries are messages of a key and a value: field 2 for each of the keys.
    pub fn fields(&self) -> impl Iterator<Item = (u32, &Self)> {
        let fields = self.fields.iter().map(|(number, mask)| (*number, mask));
        fields.chain(self.keys.iter().map(|(_, mask)| (2, mask)))
    }

    /// The keys of a map that it names, where it does not name the map as a whole.
    pub(crate) fn keys(&self) -> &[(Box<str>, Self)] {
        &self.keys
    }

    /// The part of the value of a map's key.
    pub(crate) fn key(&self, key: &Value<'_>) -> Option<&Self> {
        let found = self.keys.iter().find(|(text, _)| map_key::is(key, text));
        found.map(|(_, part)| part)
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
        self.insert([Step::Field(number)].into_iter());
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

    fn insert(&mut self, mut path: impl Iterator<Item = Step>) {
        let mut part = self;
        while !part.whole {
            part = match path.next() {
                None => {
                    *part = Self::whole();
                    return;
                }
                Some(Step::Field(number)) => {
                    let at = part.position(number).unwrap_or_else(|at| {
                        part.fields.insert(at, (number, Self::default()));
                        at
                    });
                    &mut part.fields[at].1
                }
                Some(Step::Key(key)) => {
                    let found = part.keys.iter().position(|(text, _)| *text == key);
                    let at = found.unwrap_or_else(|| {
                        part.keys.push((key, Self::default()));
                        part.keys.len() - 1
                    });
                    &mut part.keys[at].1
                }
            };
        }
    }
}

/// The steps of a path.
fn steps(tables: &Tables, id: MessageId, path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut place = Place::Message(id);
    let mut parent = "";
    for segment in segments(path).map_err(|(_, what)| format!("has {what}"))? {
        if steps.len() == MAX_DEPTH {
            return Err(format!("a path has at most {MAX_DEPTH} steps"));
        }
        let (Segment::Name(name) | Segment::Key(name)) = segment;
        match place {
            Place::Value => {
                return Err(format!("`{parent}` has no fields that a mask could name"));
            }
            Place::Message(id) => {
                let table = tables.message(id);
                let field = match segment {
                    Segment::Name(name) => field(table, name),
                    Segment::Key(_) => None,
                };
                let field =
                    field.ok_or_else(|| format!("{} has no field `{name}`", table.full_name()))?;
                steps.push(Step::Field(field.number()));
                place = Place::behind(field);
            }
            Place::Map(entry) => {
                let (key, value) = (
                    tables.message(entry).field(1),
                    tables.message(entry).field(2),
                );
                let key = key.and_then(|field| map_key::spelled(field.kind(), name));
                let key = key.ok_or_else(|| format!("`{name}` is no key of the map `{parent}`"))?;
                steps.push(Step::Key(key));
                place = value.map_or(Place::Value, Place::behind);
            }
        }
        parent = name;
    }
    Ok(steps)
}

/// What a step leads to.
enum Place {
    /// A message whose fields have names.
    Message(MessageId),
    /// A map of such entries.
    Map(MessageId),
    /// What has no parts.
    Value,
}

impl Place {
    fn behind(field: &FieldTable) -> Self {
        match field.message() {
            Some(entry) if field.is_map() => Self::Map(entry),
            Some(id) if field.well_known().is_none() => Self::Message(id),
            _ => Self::Value,
        }
    }
}

/// The field of a name, in proto or JSON spelling, or in the snake_case that ProtoJSON makes of the JSON spelling: a field
/// `street_line_1` is `streetLine1` in a JSON mask, which is read as `street_line1`.
fn field<'t>(table: &'t MessageTable, name: &str) -> Option<&'t FieldTable> {
    let found = table.field_by_name(name);
    found.or_else(|| {
        let mut fields = table.fields().iter();
        fields.find(|field| is_snake_case_of(name, field.json_name()))
    })
}

/// Whether each capital of a lowerCamelCase name stands as underscore and small letter in the other.
fn is_snake_case_of(name: &str, camel: &str) -> bool {
    let snake = camel.bytes().flat_map(|byte| {
        let underscore = byte.is_ascii_uppercase().then_some(b'_');
        underscore.into_iter().chain([byte.to_ascii_lowercase()])
    });
    snake.eq(name.bytes())
}
