//! Values from path and query, each with the field it goes to; and how they become one message with the body.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_schema::{Cardinality, MessageId};
use protoloop_wire::{FieldTable, Tables, View, Writer};

/// One value and where it goes.
#[derive(Debug)]
pub(super) struct Assignment<'a> {
    /// Field numbers from the request message to the leaf.
    pub(super) numbers: Cow<'a, [u32]>,
    /// The leaf.
    pub(super) leaf: &'a FieldTable,
    /// The key, where the leaf is a map.
    pub(super) map_key: Option<String>,
    /// The encoded value, tag included.
    pub(super) record: Vec<u8>,
    /// The field as the caller wrote it, for errors.
    pub(super) name: Cow<'a, str>,
    /// Where it came from.
    pub(super) source: Source,
}

/// Where a value came from. Path values come first, then those of headers, and nothing overrides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Path,
    /// A header, by its name.
    Header(&'static str),
    /// The query string, or a form while it is put together.
    Query,
}

/// What the HTTP body holds.
#[derive(Debug, Default)]
pub(super) enum BodyPart {
    /// Nothing.
    #[default]
    Absent,
    /// The request message.
    Whole(Vec<u8>),
    /// One field of the request message: its number and its records.
    Field(u32, Vec<u8>),
}

/// The request message.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) bytes: Vec<u8>,
    /// Whether it is canonical for certain: no message in two parts, no list element by element.
    pub(super) in_order: bool,
}

/// Puts path, query and body together.
///
/// # Errors
/// INVALID_ARGUMENT where two of them disagree: a singular field twice, a path field with another value elsewhere, two
/// members of a oneof.
pub(super) fn merge(
    tables: &Tables,
    root: MessageId,
    mut assignments: Vec<Assignment<'_>>,
    body: &BodyPart,
) -> Result<Merged> {
    if let ([only], BodyPart::Absent) = (&mut *assignments, body)
        && only.numbers.len() == 1
        && only.leaf.is_singular()
        && !only.is_default()
    {
        // A Get by its id: the message is that one field.
        return Ok(Merged {
            bytes: std::mem::take(&mut only.record),
            in_order: true,
        });
    }
    assignments.sort_by(|a, b| a.numbers.cmp(&b.numbers).then(a.source.cmp(&b.source)));
    let base = Base::of(tables, root, body);
    drop_repeated_path_values(&mut assignments, &base)?;
    check_oneofs(tables, root, &assignments, 0, &base)?;
    let size: usize = assignments.iter().map(|one| one.record.len() + 8).sum();
    let mut writer = Writer::with_capacity(size + body.len() + 8);
    let (before, behind) = match body {
        BodyPart::Field(number, _) => {
            let split = assignments.partition_point(|one| one.numbers[0] < *number);
            assignments.split_at(split)
        }
        BodyPart::Absent | BodyPart::Whole(_) => assignments.split_at(assignments.len()),
    };
    write(&mut writer, before, 0);
    let behind = write_body(&mut writer, body, &base, behind);
    write(&mut writer, behind, 0);
    let joined = match body {
        BodyPart::Absent => false,
        BodyPart::Whole(_) => !assignments.is_empty(),
        BodyPart::Field(number, _) => assignments.iter().any(|one| one.numbers[0] == *number),
    };
    let listed = || assignments.iter().any(|one| !one.leaf.is_singular());
    Ok(Merged {
        bytes: writer.finish(),
        in_order: !(joined || listed()),
    })
}

/// Writes the body's field, with the path values that go into the same message in front of its content. Gives what is
/// left to write.
fn write_body<'s, 'a>(
    writer: &mut Writer,
    body: &BodyPart,
    base: &Base<'_>,
    assignments: &'s [Assignment<'a>],
) -> &'s [Assignment<'a>] {
    match body {
        BodyPart::Absent => assignments,
        BodyPart::Whole(bytes) => {
            writer.raw(bytes);
            assignments
        }
        BodyPart::Field(number, records) => {
            let end = assignments.partition_point(|one| one.numbers[0] <= *number);
            let (inside, behind) = assignments.split_at(end);
            if inside.is_empty() {
                writer.raw(records);
            } else {
                let open = writer.open(*number);
                write(writer, inside, 1);
                if let Base::At(content) = base.inner(*number) {
                    writer.raw(content.bytes());
                }
                writer.close(open);
            }
            behind
        }
    }
}

/// Writes sorted assignments whose first `depth` numbers are written already.
fn write(writer: &mut Writer, assignments: &[Assignment<'_>], depth: usize) {
    for group in groups(assignments, depth) {
        if group[0].numbers.len() == depth + 1 {
            for one in group.iter().filter(|one| !one.is_default()) {
                writer.raw(&one.record);
            }
        } else {
            let open = writer.open(group[0].numbers[depth]);
            write(writer, group, depth + 1);
            writer.close(open);
        }
    }
}

/// Neighbours with the same number at `depth`.
fn groups<'s, 'a>(
    assignments: &'s [Assignment<'a>],
    depth: usize,
) -> impl Iterator<Item = &'s [Assignment<'a>]> {
    assignments.chunk_by(move |a, b| a.numbers[depth] == b.numbers[depth])
}

/// Refuses singular fields given twice, with the exception of a value of path or header that is given again equally, which
/// is dropped.
fn drop_repeated_path_values(assignments: &mut Vec<Assignment<'_>>, base: &Base<'_>) -> Result<()> {
    let mut index = 0;
    while index < assignments.len() {
        let one = &assignments[index];
        let earlier = index
            .checked_sub(1)
            .map(|before| &assignments[before])
            .filter(|before| before.numbers == one.numbers);
        if let Some(earlier) = earlier.filter(|_| one.leaf.cardinality() == Cardinality::Singular) {
            if earlier.source == Source::Query {
                return Err(Error::invalid_field(&*one.name, "is given more than once"));
            }
            if earlier.record != one.record {
                return Err(collision(&one.name, "query string", earlier.source));
            }
            assignments.remove(index);
            continue;
        }
        if one.source != Source::Query && base.holds(one)? {
            assignments.remove(index);
            continue;
        }
        index += 1;
    }
    check_map_keys(assignments)
}

fn check_map_keys(assignments: &[Assignment<'_>]) -> Result<()> {
    for (index, one) in assignments
        .iter()
        .enumerate()
        .filter(|(_, one)| one.map_key.is_some())
    {
        let same = |other: &&Assignment<'_>| other.numbers == one.numbers;
        if assignments[index + 1..]
            .iter()
            .take_while(same)
            .any(|other| other.map_key == one.map_key)
        {
            return Err(Error::invalid_field(&*one.name, "is given more than once"));
        }
    }
    Ok(())
}

/// Refuses two members of one oneof, at every level.
fn check_oneofs(
    tables: &Tables,
    message: MessageId,
    assignments: &[Assignment<'_>],
    depth: usize,
    base: &Base<'_>,
) -> Result<()> {
    let table = tables.message(message);
    let mut set: Vec<(usize, &str)> = Vec::new();
    for group in groups(assignments, depth) {
        let number = group[0].numbers[depth];
        let Some(field) = table.field(number) else {
            continue;
        };
        if let Some(oneof) = field.oneof() {
            let other = set
                .iter()
                .find(|(taken, _)| *taken == oneof)
                .map(|(_, name)| *name);
            let in_body = || base.member_of(oneof).filter(|member| *member != number);
            let in_body = || {
                in_body()
                    .and_then(|member| table.field(member))
                    .map(FieldTable::name)
            };
            if let Some(other) = other.or_else(in_body) {
                let text = format!("excludes {other}: both belong to one oneof");
                return Err(Error::invalid_field(&*group[0].name, text));
            }
            set.push((oneof, field.name()));
        }
        if let Some(inner) = field
            .message()
            .filter(|_| group[0].numbers.len() > depth + 1)
        {
            check_oneofs(tables, inner, group, depth + 1, &base.inner(number))?;
        }
    }
    Ok(())
}

/// The body as seen from one level of the message.
#[derive(Clone, Copy, Debug)]
enum Base<'b> {
    /// Nothing of the body stands at this level or below.
    Absent,
    /// This level is a message of the body.
    At(View<'b>),
    /// The body is one field of this level.
    Field {
        number: u32,
        oneof: Option<usize>,
        content: Option<View<'b>>,
    },
}

impl<'b> Base<'b> {
    fn of(tables: &'b Tables, root: MessageId, body: &'b BodyPart) -> Self {
        let field = |number: u32| tables.message(root).field(number);
        match body {
            BodyPart::Absent => Self::Absent,
            BodyPart::Whole(bytes) => Self::At(View::new(tables, root, bytes)),
            BodyPart::Field(number, records) => Self::Field {
                number: *number,
                oneof: field(*number).and_then(FieldTable::oneof),
                content: View::new(tables, root, records).message(*number),
            },
        }
    }

    /// The body one field further down.
    fn inner(&self, field: u32) -> Self {
        let content = match self {
            Self::Absent => None,
            Self::At(view) => view.message(field),
            Self::Field {
                number, content, ..
            } => content.filter(|_| *number == field),
        };
        content.map_or(Self::Absent, Self::At)
    }

    /// The member of a oneof that the body sets at this level.
    fn member_of(&self, index: usize) -> Option<u32> {
        match self {
            Self::Absent => None,
            Self::At(view) => view.which_oneof(index),
            Self::Field { number, oneof, .. } => (*oneof == Some(index)).then_some(*number),
        }
    }

    /// Whether the body repeats a value of path or header.
    ///
    /// # Errors
    /// INVALID_ARGUMENT where it holds another value for that field.
    fn holds(&self, one: &Assignment<'_>) -> Result<bool> {
        let found = match self {
            Self::Absent => None,
            Self::At(view) => view.path(&one.numbers),
            Self::Field {
                number, content, ..
            } => match one.numbers.split_first() {
                Some((first, rest)) if first == number => content.and_then(|view| view.path(rest)),
                _ => None,
            },
        };
        let Some(found) = found else {
            return Ok(false);
        };
        let mut writer = Writer::with_capacity(one.record.len());
        writer.value(one.leaf, &found);
        if writer.finish() == one.record {
            Ok(true)
        } else {
            Err(collision(&one.name, "body", one.source))
        }
    }
}

impl BodyPart {
    /// One field; no records are no field.
    pub(super) fn field(number: u32, records: Vec<u8>) -> Self {
        if records.is_empty() {
            Self::Absent
        } else {
            Self::Field(number, records)
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Whole(bytes) | Self::Field(_, bytes) => bytes.len(),
        }
    }
}

impl Assignment<'_> {
    /// Whether it is the default value of a field whose default is its absence: then only zeros follow the tag.
    fn is_default(&self) -> bool {
        // JSON may stand for a record of nothing.
        let value = self.record.get(self.leaf.tag().len()..).unwrap_or_default();
        self.leaf.is_implicit() && value.iter().all(|byte| *byte == 0)
    }
}

fn collision(name: &str, place: &str, source: Source) -> Error {
    let other = match source {
        Source::Header(header) => header,
        Source::Path | Source::Query => "path",
    };
    Error::invalid_field(
        name,
        format!("the {place} gives another value than the {other}"),
    )
}
