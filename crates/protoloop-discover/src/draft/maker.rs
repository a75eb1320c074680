//! The model of one table.

use std::collections::HashSet;

use protoloop_sql::{Filled, Live, LiveTable};

use super::{ColumnField, Draft, Field, FieldKind, Index, by_case};
use crate::{
    Lock, Notice, Options,
    defaults::{self, Declared},
    enums::{self, Enum},
    names,
    types::{Stored, StoredKind, stored},
};

/// Makes the model of one table.
pub(super) struct Maker<'a> {
    pub(super) live: &'a Live,
    pub(super) dialect: &'a str,
    pub(super) options: &'a Options,
    pub(super) name: &'a str,
    pub(super) table: &'a LiveTable,
    pub(super) notices: Vec<Notice>,
    pub(super) enums: Vec<Enum>,
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

    /// The model, or why there is none.
    pub(super) fn draft(&mut self, lock: &mut Lock) -> Result<Draft, String> {
        let key = self.key()?;
        let columns = self.columns();
        for column in &key {
            let found = columns.iter().find(|(name, _)| name == column);
            match found.map(|(_, stored)| stored.plain()) {
                None => {
                    return Err(format!(
                        "its key column {column} has no type that a field stores"
                    ));
                }
                Some(Some("string" | "int32" | "int64" | "uint32" | "uint64")) => {}
                Some(other) => {
                    let other = other.unwrap_or("an enum or a list");
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
        for (column, stored) in &columns {
            fields.push(self.field(column, stored, &message, &key, lock));
        }
        let mut draft = Draft {
            table: self.name.to_owned(),
            message,
            comment: self.table.comment.clone(),
            view: self.table.view,
            strategy: self.strategy(&key),
            key,
            fields,
            indexes: Vec::new(),
        };
        draft.indexes = self.indexes(&draft);
        Ok(draft)
    }

    fn field(
        &mut self,
        column: &str,
        stored: &Stored,
        message: &str,
        key: &[String],
        lock: &mut Lock,
    ) -> Field {
        let naming = self.options.naming;
        let locked = lock.field(self.name, column, &names::field(column, naming));
        let live = self.table.column(column).cloned().unwrap_or_default();
        let in_key = key.iter().any(|name| name == column);
        let mut values = None;
        let type_name = match &stored.kind {
            StoredKind::Plain(name) => (*name).to_owned(),
            StoredKind::Enum { type_name, labels } => {
                let own = (self.name, column);
                let wanted = format!("{message}{}", names::message(column, naming, ""));
                let made = enums::make(type_name.as_deref(), own, &wanted, labels, naming, lock);
                let name = made.name.clone();
                values = Some(made.clone());
                self.enums.push(made);
                name
            }
        };
        let computed = live.filled == Filled::Computed && !self.table.view;
        let mut optional = (live.nullable || stored.no_zero) && !in_key;
        let mut default = None;
        if !in_key && !self.table.view && !computed {
            default = self.default(&Declared {
                column: &live,
                type_name: &type_name,
                repeated: stored.repeated,
                values: values.as_ref(),
                presence: optional,
            });
        }
        let mut column_type = stored.column_type.clone();
        if default.is_some() && !optional && self.dialect != "sqlite" {
            // Without presence no row could be created with a zero. That the column takes no NULL is told by its type.
            optional = true;
            column_type.get_or_insert_with(|| live.type_name.clone());
        }
        let label = match stored.repeated {
            true => "repeated ",
            false if optional && !type_name.contains('.') => "optional ",
            false => "",
        };
        Field {
            number: locked.number,
            name: locked.name,
            label,
            type_name,
            comment: live.comment,
            kind: FieldKind::Column(Box::new(ColumnField {
                column: column.to_owned(),
                type_name: column_type,
                default,
                computed,
            })),
        }
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
            return Err("it is a virtual table, or a view that cannot be read".to_owned());
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

    /// Where the key of a new row comes from.
    fn strategy(&self, key: &[String]) -> &'static str {
        if self.counted(key) {
            return "SEQUENCE";
        }
        let [name] = key else { return "CLIENT" };
        let column = self.table.column(name).filter(|_| !self.table.view);
        let made = column.and_then(|column| column.default.as_deref());
        match made.map(str::to_ascii_lowercase).as_deref() {
            Some("gen_random_uuid()" | "uuid_generate_v4()" | "uuid()" | "uuid_v4()") => "UUID_V4",
            Some("uuidv7()" | "uuid_v7()" | "uuid_generate_v7()") => "UUID_V7",
            _ => "CLIENT",
        }
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

    /// The columns that a field stores, and how.
    fn columns(&mut self) -> Vec<(String, Stored)> {
        let mut columns: Vec<(String, Stored)> = Vec::new();
        for column in &self.table.columns {
            let mut column = column.clone();
            let lower = column.name.to_lowercase();
            let other = columns
                .iter()
                .find(|(name, _)| name.to_lowercase() == lower);
            if let Some((other, _)) = other {
                self.notice(&column.name, true, by_case(other));
                continue;
            }
            if column.type_name.is_empty() {
                let place = (self.name.to_owned(), column.name.clone());
                if let Some(sample) = self.options.samples.get(&place) {
                    column.type_name.clone_from(sample);
                }
            }
            match stored(self.dialect, self.table, &column, self.live) {
                Ok(found) => columns.push((column.name, found)),
                Err(why) => self.notice(&column.name, true, why),
            }
        }
        columns
    }

    /// Tells where rows cannot be created by the model.
    fn check_writable(&mut self, columns: &[(String, Stored)]) {
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
            }
        }
        for (column, text) in texts {
            self.notice(&column, false, text);
        }
    }

    /// The DEFAULT of a column as an option says it, where that is a plain value.
    fn default(&mut self, declared: &Declared<'_>) -> Option<String> {
        match defaults::value(declared) {
            Ok(value) => value,
            Err(text) => {
                let name = declared.column.name.clone();
                self.notice(&name, false, text);
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
            .filter(|index| index.valid && !index.partial && index.method == "btree")
        {
            let columns = index.columns.iter().zip(&index.descending);
            let fields: Option<Vec<String>> = columns
                .map(|(name, down)| {
                    let name = &draft.column(name)?.name;
                    Some(match down {
                        true => format!("{name} desc"),
                        false => name.clone(),
                    })
                })
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
