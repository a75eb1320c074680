//! Steps of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Live, LiveTable};

/// One change of a database.
///
/// Where statements are not undone together (MySQL), a step has one statement, so that a journal can tell what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    #[serde(flatten)]
    pub action: Action,
    /// Whether code that knows the schema of before goes on working.
    #[serde(default)]
    pub phase: Phase,
    /// Whether it can lose data.
    #[serde(default)]
    pub safety: Safety,
    /// Whether it touches every row of a table, so that it takes long on a large one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub long: bool,
    /// Whether code that knows the new schema cannot work without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Whether it must run outside a transaction.
    #[serde(default, skip_serializing_if = "is_false")]
    pub alone: bool,
    /// What a person should know: which values are changed, when it fails.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Its statements, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sql: Vec<String>,
}

/// Whether code that knows the schema of before goes on working behind a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It does: apply before the new code starts.
    Expand,
    /// It may not: apply when no code of before runs any more.
    #[default]
    Contract,
}

/// Whether a step can lose data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// No stored value is lost.
    #[default]
    Safe,
    /// Values are dropped, or kept only if they fit.
    Destructive,
}

/// What a step does. Names are those in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum Action {
    CreateTable {
        table: String,
    },
    RenameTable {
        from: String,
        to: String,
    },
    DropTable {
        table: String,
    },
    AddColumn {
        table: String,
        column: String,
    },
    RenameColumn {
        table: String,
        from: String,
        to: String,
    },
    DropColumn {
        table: String,
        column: String,
    },
    /// Gives NULLs of a column its default.
    FillColumn {
        table: String,
        column: String,
    },
    /// Another type, or NULL allowed or not.
    ChangeColumn {
        table: String,
        column: String,
        to_type: String,
        nullable: bool,
    },
    /// Makes a table anew with all its rows, where the database cannot change it in place.
    RebuildTable {
        table: String,
        changes: Vec<String>,
    },
    CreateIndex {
        table: String,
        index: String,
    },
    DropIndex {
        table: String,
        index: String,
    },
    AddForeignKey {
        table: String,
        constraint: String,
    },
    ValidateForeignKey {
        table: String,
        constraint: String,
    },
    DropForeignKey {
        table: String,
        constraint: String,
    },
    /// Statements that a person wrote.
    Manual {
        #[serde(default)]
        what: String,
    },
}

impl Action {
    /// Whether a database shows that this was done; `None` where it cannot show it.
    #[must_use]
    pub fn is_done(&self, live: &Live) -> Option<bool> {
        let table = |name: &str| live.tables.get(name);
        let in_table =
            |name: &str, holds: &dyn Fn(&LiveTable) -> bool| table(name).is_some_and(holds);
        Some(match self {
            Self::CreateTable { table: name } => table(name).is_some(),
            Self::RenameTable { from, to } => table(from).is_none() && table(to).is_some(),
            Self::DropTable { table: name } => table(name).is_none(),
            Self::AddColumn {
                table: name,
                column,
            } => in_table(name, &|found| found.column(column).is_some()),
            Self::RenameColumn {
                table: name,
                from,
                to,
            } => in_table(name, &|found| {
                found.column(from).is_none() && found.column(to).is_some()
            }),
            Self::DropColumn {
                table: name,
                column,
            } => in_table(name, &|found| found.column(column).is_none()),
            Self::ChangeColumn {
                table: name,
                column,
                to_type,
                nullable,
            } => in_table(name, &|found| {
                found.column(column).is_some_and(|column| {
                    column.type_name.eq_ignore_ascii_case(to_type) && column.nullable == *nullable
                })
            }),
            Self::CreateIndex { table: name, index } => in_table(name, &|found| {
                found.indexes.get(index).is_some_and(|index| index.valid)
            }),
            Self::DropIndex { table: name, index } => {
                !in_table(name, &|found| found.indexes.contains_key(index))
            }
            Self::AddForeignKey {
                table: name,
                constraint: key,
            } => in_table(name, &|found| {
                found.foreign_keys.iter().any(|found| found.name == *key)
            }),
            Self::ValidateForeignKey {
                table: name,
                constraint: key,
            } => in_table(name, &|found| {
                found
                    .foreign_keys
                    .iter()
                    .any(|found| found.name == *key && found.valid)
            }),
            Self::DropForeignKey {
                table: name,
                constraint: key,
            } => !in_table(name, &|found| {
                found.foreign_keys.iter().any(|found| found.name == *key)
            }),
            Self::FillColumn { .. } | Self::RebuildTable { .. } | Self::Manual { .. } => {
                return None;
            }
        })
    }

    /// The table that it touches, under the name that it has before.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::CreateTable { table }
            | Self::RenameTable { from: table, .. }
            | Self::DropTable { table }
            | Self::AddColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::FillColumn { table, .. }
            | Self::ChangeColumn { table, .. }
            | Self::RebuildTable { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::AddForeignKey { table, .. }
            | Self::ValidateForeignKey { table, .. }
            | Self::DropForeignKey { table, .. } => Some(table),
            Self::Manual { .. } => None,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable { table } => write!(f, "create table {table}"),
            Self::RenameTable { from, to } => write!(f, "rename table {from} to {to}"),
            Self::DropTable { table } => write!(f, "drop table {table}"),
            Self::AddColumn { table, column } => write!(f, "add column {table}.{column}"),
            Self::RenameColumn { table, from, to } => {
                write!(f, "rename column {table}.{from} to {to}")
            }
            Self::DropColumn { table, column } => write!(f, "drop column {table}.{column}"),
            Self::FillColumn { table, column } => write!(f, "fill column {table}.{column}"),
            Self::ChangeColumn {
                table,
                column,
                to_type,
                nullable,
            } => {
                let null = if *nullable { "NULL" } else { "NOT NULL" };
                write!(f, "change column {table}.{column} to {to_type} {null}")
            }
            Self::RebuildTable { table, changes } => {
                write!(f, "rebuild table {table}: {}", changes.join(", "))
            }
            Self::CreateIndex { table, index } => write!(f, "create index {index} on {table}"),
            Self::DropIndex { table, index } => write!(f, "drop index {index} of {table}"),
            Self::AddForeignKey { table, constraint } => {
                write!(f, "add foreign key {table}.{constraint}")
            }
            Self::ValidateForeignKey { table, constraint } => {
                write!(f, "check foreign key {table}.{constraint} in every row")
            }
            Self::DropForeignKey { table, constraint } => {
                write!(f, "drop foreign key {table}.{constraint}")
            }
            Self::Manual { what } if what.is_empty() => f.write_str("run what was written by hand"),
            Self::Manual { what } => f.write_str(what),
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expand => "expand",
            Self::Contract => "contract",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.action, self.phase)?;
        if self.safety == Safety::Destructive {
            f.write_str(", destructive")?;
        }
        f.write_str(if self.long { ", long)" } else { ")" })
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
