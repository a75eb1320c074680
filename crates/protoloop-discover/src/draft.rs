//! Models before they are written.

use std::collections::HashSet;

use protoloop_sql::{Filled, Live, LiveTable};

use crate::{Lock, Notice, Options, names, types::proto_type};

/// A model.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) table: String,
    pub(crate) message: String,
    pub(crate) comment: String,
    pub(crate) view: bool,
    pub(crate) key: Vec<String>,
    /// Whether the database counts its key up.
    pub(crate) counted: bool,
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
    /// A column, with the literal that a new row gets.
    Column {
        column: String,
        default: Option<String>,
    },
    /// A relation, with the text of its option.
    Relation(String),
}

/// An index over fields.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) fields: Vec<String>,
    pub(crate) unique: bool,
}

impl Draft {
    /// The field of a column.
    pub(crate) fn column(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| matches!(&field.kind, FieldKind::Column { column, .. } if column == name))
    }
}

/// The models of the tables and views that have a key.
pub(crate) fn drafts(
    live: &Live,
    dialect: &str,
    options: &Options,
    lock: &mut Lock,
    notices: &mut Vec<Notice>,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (name, table) in &live.tables {
        // What key-value stores keep is no model of the user's.
        if options.exclude.contains(name) || name == "protoloop_key_values" {
            continue;
        }
        let mut maker = Maker {
            live,
            dialect,
            options,
            name,
            table,
            notices: Vec::new(),
        };
        match maker.draft(lock) {
            Ok(draft) => drafts.push(draft),
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

struct Maker<'a> {
    live: &'a Live,
    dialect: &'a str,
    options: &'a Options,
    name: &'a str,
    table: &'a LiveTable,
    notices: Vec<Notice>,
}

impl Maker<'_> {
    fn notice(&mut self, column: &str, left_out: bool, text: impl Into<String>) {
        self.notices.push(Notice {
            table: self.name.to_owned(),
            column: Some(column.to_owned()),
            left_out,
            text: text.into(),
        });
    }

    fn draft(&mut self, lock: &mut Lock) -> Result<Draft, String> {
        let key = self.key()?;
        let columns = self.columns();
        for column in &key {
            let found = columns.iter().find(|(name, _)| name == column);
            match found {
                None => {
                    return Err(format!(
                        "its key column {column} has no type that a field stores"
                    ));
                }
                Some((_, "string" | "int32" | "int64" | "uint32" | "uint64")) => {}
                Some((_, other)) => {
                    return Err(format!(
                        "its key column {column} is {other}; a key is text or an integer"
                    ));
                }
            }
        }
        self.check_writable(&columns);
        let naming = self.options.naming;
        let message = names::message(self.name, naming, &self.options.strip_prefix);
        let message = lock.message(self.name, &message);
        let mut fields = Vec::new();
        for (column, type_name) in &columns {
            let locked = lock.field(self.name, column, &names::field(column, naming));
            let live = self.table.column(column);
            let nullable = live.is_some_and(|live| live.nullable) && !key.contains(column);
            let message_type = type_name.contains('.');
            fields.push(Field {
                number: locked.number,
                name: locked.name,
                label: if nullable && !message_type {
                    "optional "
                } else {
                    ""
                },
                type_name: (*type_name).to_owned(),
                comment: live.map(|live| live.comment.clone()).unwrap_or_default(),
                kind: FieldKind::Column {
                    column: column.clone(),
                    default: self.default(column, type_name, &key),
                },
            });
        }
        let mut draft = Draft {
            table: self.name.to_owned(),
            message,
            comment: self.table.comment.clone(),
            view: self.table.view,
            counted: self.counted(&key),
            key,
            fields,
            indexes: Vec::new(),
        };
        draft.indexes = self.indexes(&draft);
        Ok(draft)
    }

    /// The columns that tell rows apart.
    fn key(&mut self) -> Result<Vec<String>, String> {
        if let Some(key) = self.options.keys.get(self.name) {
            for column in key {
                if self.table.column(column).is_none() {
                    return Err(format!(
                        "the key that was given for it names {column}, which is no column"
                    ));
                }
            }
            return Ok(key.clone());
        }
        if self
            .table
            .columns
            .iter()
            .any(|column| column.name.is_empty())
        {
            return Err("it is a virtual table".to_owned());
        }
        let key: Vec<_> = self.table.key().iter().map(|c| c.name.clone()).collect();
        if !key.is_empty() {
            return Ok(key);
        }
        if let Some(columns) = self.unique() {
            let text = format!(
                "it has no primary key; its unique columns ({}) serve as one",
                columns.join(", ")
            );
            self.notices.push(Notice {
                table: self.name.to_owned(),
                column: None,
                left_out: false,
                text,
            });
            return Ok(columns);
        }
        let first = self.table.columns.first().filter(|_| self.table.view);
        let first = first.filter(|column| column.name.to_ascii_lowercase().ends_with("id"));
        if let Some(first) = first {
            let name = first.name.clone();
            let text = format!(
                "taken for what tells the rows of the view apart, by its name; say otherwise with --key {}=COLUMN",
                self.name
            );
            self.notice(&name, false, text);
            return Ok(vec![name]);
        }
        let what = if self.table.view { "a view" } else { "a table" };
        Err(format!(
            "{what} without a key; say which columns tell its rows apart with --key {}=COLUMN[,COLUMN]",
            self.name
        ))
    }

    /// The columns of the first unique index that has every row.
    fn unique(&self) -> Option<Vec<String>> {
        let indexes = self.table.indexes.values();
        let whole = |columns: &[String]| {
            columns.iter().all(|name| {
                self.table
                    .column(name)
                    .is_some_and(|column| !column.nullable)
            })
        };
        let mut fitting = indexes
            .filter(|index| index.unique && index.valid && !index.partial && whole(&index.columns));
        fitting.next().map(|index| index.columns.clone())
    }

    /// Whether the database counts the key up.
    fn counted(&self, key: &[String]) -> bool {
        let [name] = key else { return false };
        let mut keys = self.table.foreign_keys.iter();
        if keys.any(|foreign| foreign.columns.contains(name)) {
            // It is the key of another row.
            return false;
        }
        let column = self.table.column(name).filter(|_| !self.table.view);
        column.is_some_and(|column| {
            let alias = self.dialect == "sqlite"
                && column.key == 1
                && column.type_name.eq_ignore_ascii_case("INTEGER");
            column.filled == Filled::Counted || alias
        })
    }

    /// The columns that a field stores, with its type.
    fn columns(&mut self) -> Vec<(String, &'static str)> {
        let mut columns = Vec::new();
        for column in &self.table.columns {
            let mut column = column.clone();
            if column.type_name.is_empty() {
                let place = (self.name.to_owned(), column.name.clone());
                if let Some(sample) = self.options.samples.get(&place) {
                    column.type_name.clone_from(sample);
                }
            }
            match proto_type(self.dialect, &column, self.live) {
                Ok(type_name) => columns.push((column.name, type_name)),
                Err(why) => self.notice(&column.name, true, why),
            }
        }
        columns
    }

    /// Tells where rows cannot be created by the model.
    fn check_writable(&mut self, columns: &[(String, &'static str)]) {
        if self.table.view || self.options.read_only {
            return;
        }
        let mut texts = Vec::new();
        for column in &self.table.columns {
            let there = columns.iter().any(|(name, _)| *name == column.name);
            let needed =
                !column.nullable && column.default.is_none() && column.filled == Filled::Written;
            if !there && needed {
                texts.push((
                    column.name.clone(),
                    "it is NOT NULL without DEFAULT, so that no row can be created",
                ));
            } else if there && column.filled == Filled::Computed {
                texts.push((
                    column.name.clone(),
                    "the database computes it, so that no row can be written",
                ));
            }
        }
        for (column, text) in texts {
            self.notice(&column, false, text);
        }
    }

    /// The DEFAULT of a column as an option says it, where that is a plain value.
    fn default(&mut self, column: &str, type_name: &str, key: &[String]) -> Option<String> {
        let live = self.table.column(column)?;
        if key.iter().any(|name| name == column) || self.table.view {
            return None;
        }
        let declared = live.default.as_deref()?.trim().to_owned();
        let bare = declared
            .trim_start_matches('(')
            .trim_end_matches(')')
            .trim();
        if bare.eq_ignore_ascii_case("null") {
            return None;
        }
        let text = bare.split("::").next().unwrap_or(bare).trim();
        let value = match type_name {
            "string" => text
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''))
                .map(|inner| inner.replace("''", "'")),
            "bool" => match text.to_ascii_lowercase().as_str() {
                "1" | "true" => Some("true".to_owned()),
                "0" | "false" => Some("false".to_owned()),
                _ => None,
            },
            "int32" | "int64" => text.parse::<i64>().ok().map(|number| number.to_string()),
            "uint32" | "uint64" => text.parse::<u64>().ok().map(|number| number.to_string()),
            "double" => {
                let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(|number| number.to_string())
            }
            _ => None,
        };
        match value {
            // What a field without presence has anyway.
            Some(value) if !live.nullable && matches!(value.as_str(), "" | "0" | "false") => None,
            Some(value) => Some(value),
            None => {
                let text = format!(
                    "its DEFAULT {declared} is not taken over: a row that is created here has a value"
                );
                self.notice(column, false, text);
                None
            }
        }
    }

    /// Indexes that a model can declare, one for each list of columns.
    fn indexes(&self, draft: &Draft) -> Vec<Index> {
        let mut seen = HashSet::new();
        let mut indexes = Vec::new();
        let mut all: Vec<_> = self.table.indexes.values().collect();
        all.sort_by_key(|index| !index.unique);
        for index in all
            .into_iter()
            .filter(|index| index.valid && !index.partial)
        {
            let fields = index.columns.iter().map(|name| draft.column(name));
            let fields: Option<Vec<String>> = fields
                .map(|field| field.map(|field| field.name.clone()))
                .collect();
            let Some(fields) = fields else { continue };
            if index.columns != draft.key && seen.insert(fields.clone()) {
                indexes.push(Index {
                    fields,
                    unique: index.unique,
                });
            }
        }
        indexes
    }
}
