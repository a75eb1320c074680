//! Models before they are written.

mod maker;

use std::collections::HashMap;

use protoloop_sql::Live;

use self::maker::Maker;
use crate::{Lock, Notice, Options, enums::Enum};

/// How tables begin that Protoloop makes for itself.
const OWN: &str = "protoloop_";

/// A model.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) table: String,
    pub(crate) message: String,
    pub(crate) comment: String,
    pub(crate) view: bool,
    pub(crate) key: Vec<String>,
    /// Where its key comes from: `SEQUENCE`.
    pub(crate) strategy: &'static str,
    pub(crate) fields: Vec<Field>,
    pub(crate) indexes: Vec<Index>,
}

/// One of its fields.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) label: &'static str,
    pub(crate) type_name: String,
    pub(crate) comment: String,
    pub(crate) kind: FieldKind,
}

#[derive(Clone, Debug)]
pub(crate) enum FieldKind {
    /// A column.
    Column(Box<ColumnField>),
    /// A relation, with the text of its option.
    Relation(String),
}

/// What a field says of its column.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnField {
    pub(crate) column: String,
    /// Its declared type, where it is not the one that we would make.
    pub(crate) type_name: Option<String>,
    /// What a new row gets.
    pub(crate) default: Option<String>,
    /// Whether the database computes it.
    pub(crate) computed: bool,
}

/// An index over fields.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Names of fields, with ` desc` behind those that are counted down.
    pub(crate) fields: Vec<String>,
    pub(crate) unique: bool,
}

impl Draft {
    /// The field of a column.
    pub(crate) fn column(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| matches!(&field.kind, FieldKind::Column(found) if found.column == name))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    pub(crate) models: Vec<Draft>,
    pub(crate) enums: Vec<Enum>,
}

/// The models of the tables and views that have a key.
pub(crate) fn drafts(
    live: &Live,
    dialect: &str,
    options: &Options,
    lock: &mut Lock,
    notices: &mut Vec<Notice>,
) -> Drafts {
    let mut drafts = Drafts::default();
    let mut taken: HashMap<String, &str> = HashMap::new();
    for (name, table) in &live.tables {
        // What the toolkit keeps is no model of the user's.
        if options.exclude.contains(name) || name.starts_with(OWN) {
            continue;
        }
        if let Some(other) = taken.insert(name.to_lowercase(), name) {
            notices.push(Notice {
                table: name.clone(),
                column: None,
                left_out: true,
                text: format!(
                    "{}; leave that one out with --exclude {other}",
                    by_case(other)
                ),
            });
            continue;
        }
        let mut maker = Maker {
            live,
            dialect,
            options,
            name,
            table,
            notices: Vec::new(),
            enums: Vec::new(),
        };
        match maker.draft(lock) {
            Ok(draft) => {
                drafts.models.push(draft);
                for found in maker.enums.drain(..) {
                    if drafts
                        .enums
                        .iter()
                        .all(|known: &Enum| known.name != found.name)
                    {
                        drafts.enums.push(found);
                    }
                }
            }
            Err(text) => {
                maker.notices.clear();
                maker.notices.push(Notice {
                    table: name.clone(),
                    column: None,
                    left_out: true,
                    text,
                });
            }
        }
        notices.append(&mut maker.notices);
    }
    drafts
}

/// Names in models are told apart by more than case, since not every database tells them apart.
fn by_case(other: &str) -> String {
    format!("its name differs from {other} in case alone")
}
