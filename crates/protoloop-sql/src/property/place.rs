//! Where a property stands: in a column, or inside the JSON of one.

use protoloop_repository::{PropertyPath, Step};
use protoloop_schema::{Kind, MessageId, Presence, Schema, WellKnown};
use sea_query::{DynIden, Expr};

use crate::{Column, Storage, Table, source::Source, table::iden};

pub(super) enum Place {
    /// The whole column of a name.
    Column(DynIden),
    /// What stands inside a JSON column.
    Json {
        /// The JSON that holds the leaf.
        parent: Expr,
        last: Last,
        /// Whether an unset leaf is its default where the parent is there.
        implicit: bool,
    },
}

/// How the leaf is taken from the JSON that holds it.
pub(super) enum Last {
    Field(String),
    Key(Box<str>),
    /// A key of a JSON object whose values are of any type, where it is of the leaf's.
    TypedKey(Box<str>),
    /// The parent itself, where it is of the leaf's type.
    Typed,
    /// The value of a key of a JSON object, where it is an array.
    KeyList(Box<str>),
    /// The parent itself, where it is an array.
    List,
}

/// The place of a path that begins with a column; `None` when it is not one of the schema.
pub(super) fn of_column(
    source: &Source<'_>,
    column: &Column,
    path: &PropertyPath,
) -> Option<Place> {
    if path.is_column() && path.from().is_none() {
        return Some(Place::Column(iden(&column.name)));
    }
    // The table's name keeps the column apart from those of functions that read JSON.
    let json = column.read(source.qualified(iden(&column.name)));
    if path.is_column() {
        // How far the place in the column is.
        return Some(Place::Json {
            parent: json,
            last: Last::Typed,
            implicit: false,
        });
    }
    let table = source.table();
    let model = table.model();
    let (first, rest) = path.steps().split_first()?;
    let message = entered(model.schema(), model.entity().message, first)?;
    inside(table, json, message, rest, path)
}

/// Follows steps into JSON that holds a message.
pub(super) fn inside(
    table: &Table,
    mut json: Expr,
    mut message: Option<MessageId>,
    rest: &[Step],
    path: &PropertyPath,
) -> Option<Place> {
    let model = table.model();
    let dialect = table.dialect();
    let mut fields: Vec<String> = Vec::new();
    let (last, middle) = rest.split_last()?;
    let well_known = |id: MessageId| model.schema().message(id).well_known;
    // The object that the last step before took a key of, and the key.
    let mut taken = None;
    for step in middle {
        let of_any_type = matches!(
            well_known(message?),
            Some(WellKnown::Struct | WellKnown::Value)
        );
        match step {
            // ProtoJSON writes these as the object itself.
            Step::Field(_) if of_any_type => {}
            Step::Field(number) => {
                fields.push(field_name(model.schema(), message?, *number)?);
                taken = None;
            }
            Step::MapKey(key) => {
                json = below(table, json, &fields);
                fields.clear();
                taken = Some((json.clone(), key));
                // A key of what is no object finds nothing, and what is no JSON must not be read as such.
                json = match entered(model.schema(), message?, step)?.and_then(well_known) {
                    Some(WellKnown::Value) => dialect.json_key_of(json, key, Storage::Json),
                    _ => dialect.json_key(json, key),
                };
            }
        }
        message = entered(model.schema(), message?, step)?;
    }
    let mut parent = below(table, json, &fields);
    let last = match (last, taken) {
        (Step::Field(_), taken) if well_known(message?) == Some(WellKnown::Value) => match taken {
            Some((object, key)) => {
                parent = object;
                Last::TypedKey(key.clone())
            }
            None => Last::Typed,
        },
        (Step::Field(_), taken) if well_known(message?) == Some(WellKnown::ListValue) => {
            match taken {
                Some((object, key)) => {
                    parent = object;
                    Last::KeyList(key.clone())
                }
                None => Last::List,
            }
        }
        (Step::Field(number), _) => Last::Field(field_name(model.schema(), message?, *number)?),
        (Step::MapKey(key), _) => Last::Key(key.clone()),
    };
    Some(Place::Json {
        parent,
        implicit: matches!(last, Last::Field(_)) && path.leaf().presence == Presence::Implicit,
        last,
    })
}

fn below(table: &Table, json: Expr, fields: &[String]) -> Expr {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    table.dialect().json_part(json, &fields)
}

fn field_name(schema: &Schema, message: MessageId, number: u32) -> Option<String> {
    let (_, field) = schema.message(message).field_by_number(number)?;
    Some(field.name.to_string())
}

/// The message behind a step from `message`: a field's type, for a map its entry; from an entry, its value's type.
/// The outer `None` is a step that does not exist, the inner one a type that is no message.
fn entered(schema: &Schema, message: MessageId, step: &Step) -> Option<Option<MessageId>> {
    let number = match step {
        Step::Field(number) => *number,
        Step::MapKey(_) => 2,
    };
    let (_, field) = schema.message(message).field_by_number(number)?;
    Some(match field.kind {
        Kind::Message(id) | Kind::Group(id) => Some(id),
        _ => None,
    })
}
