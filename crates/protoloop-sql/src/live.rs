//! What stands in a live database.
//!
//! A driver runs the [`LiveQueries`] of its dialect and hands the rows over as they came; [`Live::read`] understands
//! them. So each database has one reader, which start-up, migrations and discovery share.

use std::{collections::BTreeMap, fmt};

use protoloop_core::{Error, Result};
use protoloop_schema::OnDelete;

use crate::SqlValue;

/// The texts that read a live database: its current schema, without the tables of the system.
///
/// Flags are integers or booleans, everything else is text. Rows of one object stand together.
#[derive(Clone, Copy, Debug)]
pub struct LiveQueries {
    /// One row per column of a table, in order: table, comment of the table, column, declared type, whether it takes
    /// NULL, DEFAULT as SQL or NULL, place in the primary key from 1 or 0, 1 if it is computed and 2 if the database
    /// counts it up and 0 otherwise, comment of the column.
    pub columns: &'static str,
    /// The same of views; one row without a name of a column for what is neither table nor view.
    pub views: &'static str,
    /// The names that `views` is asked for one by one, as its value, since one that is broken would hide the others. Empty
    /// where it answers all at once.
    pub view_names: &'static str,
    /// One row per column of an index, in order, primary keys left out: table, index, whether it is unique, whether only
    /// some rows stand in it, whether it is whole (PostgreSQL leaves broken ones behind), whether it belongs to a
    /// constraint, column or NULL for an expression or for the beginning of a column, whether it counts down, its method
    /// (`btree`).
    pub indexes: &'static str,
    /// One row per column of a foreign key, in order: table, constraint, column, target table, target column,
    /// ON DELETE as SQL writes it, whether it was checked for all rows.
    pub foreign_keys: &'static str,
    /// One row per label of an enum type, in order: type as columns declare it, label. Empty where there are no such types.
    pub enums: &'static str,
    /// One row per condition that the rows of a table must fulfil: table, constraint, the condition as SQL. Empty where
    /// they stand in the text of the table alone.
    pub checks: &'static str,
    /// One row per object with a text of its own that a rebuild must make again: table, kind (`table`, `index`,
    /// `trigger`), name, text. Empty where no table is rebuilt.
    pub texts: &'static str,
}

/// The answers to [`LiveQueries`], as they came.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the names are those of the queries")]
pub struct LiveRows {
    pub columns: Vec<Vec<SqlValue<'static>>>,
    pub views: Vec<Vec<SqlValue<'static>>>,
    pub indexes: Vec<Vec<SqlValue<'static>>>,
    pub foreign_keys: Vec<Vec<SqlValue<'static>>>,
    pub enums: Vec<Vec<SqlValue<'static>>>,
    pub checks: Vec<Vec<SqlValue<'static>>>,
    pub texts: Vec<Vec<SqlValue<'static>>>,
}

/// The schema of a live database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// Tables, and views where they were asked for, by name.
    pub tables: BTreeMap<String, LiveTable>,
    /// Labels of enum types, in order, by name of the type.
    pub enums: BTreeMap<String, Vec<String>>,
}

/// A table or view of a live database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveTable {
    /// Whether it is a view.
    pub view: bool,
    /// Its comment.
    pub comment: String,
    /// Its columns, in order.
    pub columns: Vec<LiveColumn>,
    /// Its indexes by name, without that of the primary key.
    pub indexes: BTreeMap<String, LiveIndex>,
    /// Its foreign keys, in order of their names.
    pub foreign_keys: Vec<LiveForeignKey>,
    /// Conditions that its rows must fulfil, as SQL, by the name of the constraint; where they were asked for.
    pub checks: BTreeMap<String, String>,
    /// Texts that a rebuild must keep.
    pub texts: Vec<LiveText>,
}

/// A column of a live database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveColumn {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub type_name: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// Its DEFAULT, as SQL.
    pub default: Option<String>,
    /// Its place in the primary key, from 1; 0 outside it.
    pub key: usize,
    /// Where its values come from.
    pub filled: Filled,
    /// Its comment.
    pub comment: String,
}

/// Where the values of a column come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filled {
    /// From those who write.
    #[default]
    Written,
    /// The database computes them from other columns.
    Computed,
    /// The database counts up.
    Counted,
}

/// An index of a live database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveIndex {
    /// Its columns, in order; an empty name for an expression, and for the beginning of a column.
    pub columns: Vec<String>,
    /// For each of them, whether the index counts down.
    pub descending: Vec<bool>,
    /// How it finds rows: `btree` where it keeps them in order.
    pub method: String,
    /// Whether two rows may not share the values.
    pub unique: bool,
    /// Whether only some rows stand in it.
    pub partial: bool,
    /// Whether it can be used: building it was not broken off.
    pub valid: bool,
    /// Whether it belongs to a constraint and goes only with that.
    pub constraint: bool,
}

/// A foreign key of a live database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveForeignKey {
    /// Name of the constraint; a number where the database keeps no name.
    pub name: String,
    /// Columns that refer, in order.
    pub columns: Vec<String>,
    /// The table referred to.
    pub target: String,
    /// Its columns, in the same order.
    pub target_columns: Vec<String>,
    /// What a delete there does here.
    pub on_delete: OnDelete,
    /// Whether every row was checked.
    pub valid: bool,
}

/// The text of an object that belongs to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveText {
    /// `table`, `index` or `trigger`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The statement that makes it.
    pub sql: String,
}

impl Live {
    /// The schema in the answers of a database.
    ///
    /// # Errors
    /// INTERNAL when a row is not as [`LiveQueries`] says.
    pub fn read(rows: &LiveRows) -> Result<Self> {
        let mut live = Self::default();
        for (rows, view) in [(&rows.columns, false), (&rows.views, true)] {
            for row in rows {
                let row = Row(row);
                let table = live.tables.entry(row.text(0)?).or_default();
                table.view = view;
                table.comment = row.text(1)?;
                table.columns.push(row.column()?);
            }
        }
        live.read_parts(rows)?;
        Ok(live)
    }

    fn read_parts(&mut self, rows: &LiveRows) -> Result<()> {
        for row in rows.indexes.iter().map(|row| Row(row)) {
            let Some(table) = self.tables.get_mut(&row.text(0)?) else {
                continue;
            };
            let index = table.indexes.entry(row.text(1)?).or_insert(LiveIndex {
                columns: Vec::new(),
                descending: Vec::new(),
                method: row.text(8)?,
                unique: row.flag(2)?,
                partial: row.flag(3)?,
                valid: row.flag(4)?,
                constraint: row.flag(5)?,
            });
            index.columns.push(row.text(6)?);
            index.descending.push(row.flag(7)?);
        }
        for row in rows.foreign_keys.iter().map(|row| Row(row)) {
            if let Some(table) = self.tables.get_mut(&row.text(0)?) {
                row.foreign_key(&mut table.foreign_keys)?;
            }
        }
        for row in rows.enums.iter().map(|row| Row(row)) {
            self.enums
                .entry(row.text(0)?)
                .or_default()
                .push(row.text(1)?);
        }
        for row in rows.checks.iter().map(|row| Row(row)) {
            if let Some(table) = self.tables.get_mut(&row.text(0)?) {
                table.checks.insert(row.text(1)?, row.text(2)?);
            }
        }
        for row in rows.texts.iter().map(|row| Row(row)) {
            if let Some(table) = self.tables.get_mut(&row.text(0)?) {
                table.texts.push(LiveText {
                    kind: row.text(1)?,
                    name: row.text(2)?,
                    sql: row.text(3)?,
                });
            }
        }
        Ok(())
    }

    /// The index of a name: that of the table, or where index names hold for the whole database, that of another one.
    #[must_use]
    pub fn index(&self, table: &str, name: &str) -> Option<(&str, &LiveIndex)> {
        let own = self.tables.get_key_value(table);
        own.into_iter()
            .chain(&self.tables)
            .find_map(|(at, table)| Some((at.as_str(), table.indexes.get(name)?)))
    }
}

impl LiveTable {
    /// The column of a name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The columns of the primary key, in its order.
    #[must_use]
    pub fn key(&self) -> Vec<&LiveColumn> {
        let mut key: Vec<_> = self
            .columns
            .iter()
            .filter(|column| column.key > 0)
            .collect();
        key.sort_by_key(|column| column.key);
        key
    }
}

impl LiveIndex {
    /// Whether it finds the same rows as another, in the same order or, read from its end, in the opposite one.
    #[must_use]
    pub fn orders_like(&self, other: &Self) -> bool {
        let opposite = self.descending.iter().zip(&other.descending);
        self.columns == other.columns
            && self.method == other.method
            && (self.descending == other.descending
                || opposite.into_iter().all(|(one, two)| one != two))
    }
}

impl fmt::Display for LiveIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unique = if self.unique { "unique " } else { "" };
        let method = match &*self.method {
            "btree" => "",
            other => &format!("{other} "),
        };
        let columns = self.columns.iter().zip(&self.descending);
        let columns: Vec<_> = columns
            .map(|(name, down)| match down {
                true => format!("{name} desc"),
                false => name.clone(),
            })
            .collect();
        write!(f, "{unique}{method}on ({})", columns.join(", "))?;
        f.write_str(if self.partial { " of some rows" } else { "" })?;
        f.write_str(if self.valid { "" } else { ", half built" })
    }
}

/// One row of an answer.
struct Row<'a>(&'a [SqlValue<'static>]);

impl Row<'_> {
    /// A text; empty for NULL.
    fn text(&self, at: usize) -> Result<String> {
        Ok(self.text_or_null(at)?.unwrap_or_default())
    }

    fn text_or_null(&self, at: usize) -> Result<Option<String>> {
        match self.0.get(at) {
            Some(SqlValue::Null) => Ok(None),
            Some(SqlValue::Text(text)) => Ok(Some(text.clone().into_owned())),
            // Some system tables keep names as bytes.
            Some(SqlValue::Blob(bytes)) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
            Some(SqlValue::Int(number)) => Ok(Some(number.to_string())),
            other => Err(unexpected(at, other)),
        }
    }

    fn number(&self, at: usize) -> Result<usize> {
        match self.0.get(at) {
            Some(SqlValue::Int(number)) => Ok(usize::try_from(*number).unwrap_or(0)),
            Some(SqlValue::Bool(flag)) => Ok(usize::from(*flag)),
            Some(SqlValue::Null) => Ok(0),
            other => Err(unexpected(at, other)),
        }
    }

    fn flag(&self, at: usize) -> Result<bool> {
        Ok(self.number(at)? != 0)
    }

    fn column(&self) -> Result<LiveColumn> {
        Ok(LiveColumn {
            name: self.text(2)?,
            type_name: self.text(3)?,
            nullable: self.flag(4)?,
            default: self.text_or_null(5)?,
            key: self.number(6)?,
            filled: match self.number(7)? {
                1 => Filled::Computed,
                2 => Filled::Counted,
                _ => Filled::Written,
            },
            comment: self.text(8)?,
        })
    }

    fn foreign_key(&self, keys: &mut Vec<LiveForeignKey>) -> Result<()> {
        let name = self.text(1)?;
        if keys.last().is_none_or(|last| last.name != name) {
            keys.push(LiveForeignKey {
                name,
                columns: Vec::new(),
                target: self.text(3)?,
                target_columns: Vec::new(),
                on_delete: on_delete(&self.text(5)?),
                valid: self.flag(6)?,
            });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(self.text(2)?);
            // SQLite gives none where the key of the target is meant.
            key.target_columns.extend(self.text_or_null(4)?);
        }
        Ok(())
    }
}

/// What SQL calls it. SET DEFAULT is no action of ours; it checks nothing more than NO ACTION does.
fn on_delete(sql: &str) -> OnDelete {
    match sql.to_ascii_uppercase().as_str() {
        "CASCADE" => OnDelete::Cascade,
        "SET NULL" => OnDelete::SetNull,
        "RESTRICT" => OnDelete::Restrict,
        _ => OnDelete::NoAction,
    }
}

fn unexpected(at: usize, value: Option<&SqlValue<'_>>) -> Error {
    Error::internal_error(format!(
        "value {at} of a row about the schema is {value:?}, which was not expected"
    ))
}
