//! Sets of fields, at any depth of a message: those that a caller may not see, that it must send, and so on.

use std::collections::{HashMap, HashSet};

use protoloop_schema::{Field, Kind, MessageId, Presence, Schema};

use crate::{FieldTable, Value, View, Writer, mask::Mask};

/// Fields of a message and of the messages below it. Where none are below, nothing below is read.
#[derive(Debug, Default)]
pub struct MarkedFields {
    root: Level,
    below: HashMap<MessageId, Level>,
}

/// The fields of one message.
#[derive(Clone, Debug, Default)]
struct Level {
    marked: Vec<u32>,
    /// Message fields below which some field is marked.
    inner: Vec<u32>,
}

impl MarkedFields {
    /// The fields below `root` that a test marks.
    #[must_use]
    pub fn new(schema: &Schema, root: MessageId, test: impl Fn(&Field) -> bool) -> Self {
        let reached = reached(schema, root);
        let mut below: HashMap<MessageId, Level> = HashMap::new();
        for id in &reached {
            let fields = schema.message(*id).fields.iter();
            let marked: Vec<u32> = fields.filter(|f| test(f)).map(|f| f.number).collect();
            if !marked.is_empty() {
                let inner = Vec::new();
                below.insert(*id, Level { marked, inner });
            }
        }
        // A message leads to marked fields when a message field of it does; until no more are found.
        let mut grown = true;
        while grown {
            grown = false;
            for id in &reached {
                let inner: Vec<u32> = schema
                    .message(*id)
                    .fields
                    .iter()
                    .filter(|field| message_of(field).is_some_and(|id| below.contains_key(&id)))
                    .map(|field| field.number)
                    .collect();
                if below.get(id).map_or(0, |level| level.inner.len()) < inner.len() {
                    below.entry(*id).or_default().inner = inner;
                    grown = true;
                }
            }
        }
        Self {
            root: below.get(&root).cloned().unwrap_or_default(),
            below,
        }
    }

    /// The fields of `root` itself that a test marks.
    #[must_use]
    pub fn of_message(schema: &Schema, root: MessageId, test: impl Fn(&Field) -> bool) -> Self {
        let fields = schema.message(root).fields.iter();
        let marked = fields.filter(|field| test(field)).map(|field| field.number);
        Self {
            root: Level {
                marked: marked.collect(),
                inner: Vec::new(),
            },
            below: HashMap::new(),
        }
    }

    /// Marks a field of the root.
    pub fn add(&mut self, number: Option<u32>) {
        if let Some(number) = number.filter(|number| !self.root.marked.contains(number)) {
            self.root.marked.push(number);
        }
    }

    /// Unmarks fields of the root.
    pub fn keep(&mut self, numbers: &[u32]) {
        self.root.marked.retain(|number| !numbers.contains(number));
    }

    /// The marked fields of the root.
    #[must_use]
    pub fn of_root(&self) -> &[u32] {
        &self.root.marked
    }

    /// Whether no field is marked anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.marked.is_empty() && self.root.inner.is_empty()
    }

    /// The message without the marked fields; `None` when it holds none of them.
    #[must_use]
    pub fn without(&self, message: &View<'_>) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        self.strip(message, &self.root)
    }

    fn strip(&self, message: &View<'_>, level: &Level) -> Option<Vec<u8>> {
        let touched = |number: &u32| level.marked.contains(number) || level.inner.contains(number);
        if !message.raw_fields().any(|(number, _)| touched(&number)) {
            return None;
        }
        let mut out = Writer::with_capacity(message.bytes().len());
        let mut done = 0;
        for (number, raw) in message.raw_fields() {
            if level.marked.contains(&number) {
                continue;
            }
            if !level.inner.contains(&number) {
                out.raw(raw);
            } else if number != done {
                // All values of the field at once: in a canonical message they stand together.
                done = number;
                self.strip_values(message, number, &mut out);
            }
        }
        Some(out.finish())
    }

    fn strip_values(&self, message: &View<'_>, number: u32, out: &mut Writer) {
        let Some(field) = message.table().field(number) else {
            return;
        };
        for value in values(message, number) {
            let level = self.level(&value);
            let stripped = level.and_then(|level| self.strip(&value, level));
            let bytes = stripped.as_deref().unwrap_or(value.bytes());
            let value = View::new(message.tables(), value.table().id(), bytes);
            out.value(field, &Value::Message(value));
        }
    }

    fn level(&self, message: &View<'_>) -> Option<&Level> {
        self.below.get(&message.table().id())
    }

    /// The path of the first marked field that `test` finds in a message; of the root's fields only those in `only`.
    #[must_use]
    pub fn find(
        &self,
        message: &View<'_>,
        only: Option<&Mask>,
        test: fn(&View<'_>, u32) -> bool,
    ) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let asked = |number: &u32| only.is_none_or(|mask| mask.field(*number).is_some());
        self.find_in(message, &self.root, &asked, test)
    }

    fn find_in(
        &self,
        message: &View<'_>,
        level: &Level,
        asked: &dyn Fn(&u32) -> bool,
        test: fn(&View<'_>, u32) -> bool,
    ) -> Option<String> {
        let name = |number: u32| message.table().field(number).map_or("", |f| f.name());
        if let Some(number) = level
            .marked
            .iter()
            .find(|number| asked(number) && test(message, **number))
        {
            return Some(name(*number).to_owned());
        }
        for number in level.inner.iter().filter(|number| asked(number)) {
            let single = message
                .table()
                .field(*number)
                .is_some_and(FieldTable::is_singular);
            for (index, value) in values(message, *number).enumerate() {
                let Some(level) = self.level(&value) else {
                    continue;
                };
                if let Some(path) = self.find_in(&value, level, &|_| true, test) {
                    return Some(match single {
                        true => format!("{}.{path}", name(*number)),
                        false => format!("{}[{index}].{path}", name(*number)),
                    });
                }
            }
        }
        None
    }

    /// The mask of an update that leaves marked fields as they are: where it names a whole message that holds some, and
    /// the update holds the message, it names the others instead. Lists and maps are set as a whole.
    #[must_use]
    pub fn spare(&self, mask: &Mask, update: &View<'_>) -> Mask {
        self.spare_in(mask, update, &self.root)
    }

    fn spare_in(&self, mask: &Mask, update: &View<'_>, level: &Level) -> Mask {
        let mut spared = mask.clone();
        if mask.is_whole() {
            spared = Mask::default();
            let fields = update.table().fields().iter();
            fields.for_each(|field| spared.add(field.number()));
        }
        for number in &level.marked {
            spared.remove(*number);
        }
        for number in &level.inner {
            if let Some(part) = spared.field(*number).cloned()
                && let Some(inner) = update.message(*number)
                && let Some(level) = self.level(&inner)
            {
                spared.set(*number, self.spare_in(&part, &inner, level));
            }
        }
        spared
    }

    /// The first marked field that a mask names, as a path of names.
    #[must_use]
    pub fn named_by(&self, mask: &Mask, message: &View<'_>) -> Option<String> {
        self.named_in(mask, message, &self.root)
    }

    fn named_in(&self, mask: &Mask, message: &View<'_>, level: &Level) -> Option<String> {
        mask.fields().find_map(|(number, part)| {
            let field = message.table().field(number)?;
            if level.marked.contains(&number) {
                return Some(field.name().to_owned());
            }
            let inner = View::new(message.tables(), field.message()?, &[]);
            let below = self.named_in(part, &inner, self.level(&inner)?)?;
            Some(format!("{}.{below}", field.name()))
        })
    }
}

/// Whether a field is set.
#[must_use]
pub fn is_present(message: &View<'_>, number: u32) -> bool {
    message.has(number)
}

/// Whether a REQUIRED field counts as not set. Zero is a value of numbers and bools that cannot be absent.
#[must_use]
pub fn is_missing(message: &View<'_>, number: u32) -> bool {
    let zero_counts = message.table().field(number).is_some_and(|field| {
        field.is_singular()
            && field.presence() == Presence::Implicit
            && !matches!(field.kind(), Kind::String | Kind::Bytes | Kind::Enum(_))
            && field.message().is_none()
    });
    !zero_counts && !message.has(number)
}

/// The messages in a field: one, those of a list, or the entries of a map.
fn values<'a>(message: &View<'a>, number: u32) -> impl Iterator<Item = View<'a>> + use<'a> {
    message.message(number).into_iter().chain(
        message
            .repeated(number)
            .filter_map(|value| value.as_message()),
    )
}

fn message_of(field: &Field) -> Option<MessageId> {
    match field.kind {
        Kind::Message(id) | Kind::Group(id) => Some(id),
        _ => None,
    }
}

/// A message and everything below it.
fn reached(schema: &Schema, root: MessageId) -> Vec<MessageId> {
    let mut seen = HashSet::from([root]);
    let mut reached = vec![root];
    let mut at = 0;
    while let Some(id) = reached.get(at).copied() {
        at += 1;
        for inner in schema.message(id).fields.iter().filter_map(message_of) {
            if seen.insert(inner) {
                reached.push(inner);
            }
        }
    }
    reached
}
