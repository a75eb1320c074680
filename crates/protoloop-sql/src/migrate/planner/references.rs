//! Foreign keys.

use protoloop_schema::OnDelete;
use sea_query::{ForeignKey as SeaForeignKey, ForeignKeyAction, ForeignKeyCreateStatement};

use super::{Matched, Planner, contract, expand};
use crate::{
    ForeignKey, Live, LiveForeignKey, LiveTable, Table,
    migrate::{Action, Step, shape::ShapeColumn},
    table::iden,
};

/// A foreign key that a table of a live database lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingReference {
    /// The table that is to have it.
    pub table: String,
    /// Its column.
    pub column: String,
    /// Finds a row when the column refers to something that is not there.
    pub check: String,
}

/// The foreign keys that tables of a live database lack, with a look at the rows: one that they would break is not to be
/// planned.
#[must_use]
pub fn missing_references(tables: &[&Table], live: &Live) -> Vec<MissingReference> {
    let mut missing = Vec::new();
    for table in tables {
        let Some(found) = live.tables.get(table.name()).filter(|found| !found.view) else {
            continue;
        };
        for key in lacking(table, found) {
            let target = live.tables.get(&*key.to_table);
            let there = target.is_some_and(|target| target.column(&key.to_column).is_some());
            if there && found.column(&key.column).is_some() {
                missing.push(MissingReference {
                    table: table.name().to_owned(),
                    column: key.column.to_string(),
                    check: check(table, &key),
                });
            }
        }
    }
    missing
}

fn check(table: &Table, key: &ForeignKey) -> String {
    let ddl = table.dialect().ddl();
    let quote = |name: &str| ddl.quote(name);
    let column = format!("c.{}", quote(&key.column));
    let unset = match unset(table, &key.column) {
        Some(default) => format!(" AND {column} <> {default}"),
        None => String::new(),
    };
    format!(
        "SELECT 1 FROM {} AS c WHERE {column} IS NOT NULL{unset} \
         AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE p.{} = {column}) LIMIT 1",
        quote(table.name()),
        quote(&key.to_table),
        quote(&key.to_column)
    )
}

/// What a column that refers to nothing holds in a table of before there were foreign keys, as SQL.
pub(super) fn unset(table: &Table, column: &str) -> Option<String> {
    let column = table.columns().iter().find(|own| *own.name == *column)?;
    let default = table.dialect().default_value(column.storage)?;
    column
        .unset_is_null
        .then(|| super::rebuild::expression(table, default))
        .flatten()
}

/// The foreign keys of a table that are not there.
fn lacking(table: &Table, live: &LiveTable) -> Vec<ForeignKey> {
    let is_there = |key: &ForeignKey| live.foreign_keys.iter().any(|found| is(found, key));
    table.foreign_keys().filter(|key| !is_there(key)).collect()
}

fn leads_alike(found: &LiveForeignKey, key: &ForeignKey) -> bool {
    let column = matches!(found.columns.as_slice(), [one] if **one == *key.column);
    let to = matches!(found.target_columns.as_slice(), [one] if **one == *key.to_column);
    column && found.target == *key.to_table && (to || found.target_columns.is_empty())
}

fn is(found: &LiveForeignKey, key: &ForeignKey) -> bool {
    // Both refuse; a check at the end of a statement instead of at once makes no difference here.
    let plain = |rule: OnDelete| match rule {
        OnDelete::NoAction => OnDelete::Restrict,
        other => other,
    };
    leads_alike(found, key) && plain(found.on_delete) == plain(key.on_delete)
}

impl<'a> Planner<'a> {
    /// The foreign keys to add to a table that stood there, those that rows would break left out and told.
    pub(super) fn keys_to_add(&mut self, table: &Table) -> Vec<ForeignKey> {
        let Some(live) = self.state.tables.get(table.name()) else {
            return Vec::new();
        };
        let mut keys = lacking(table, live);
        let mut left = Vec::new();
        keys.retain(|key| {
            let mut dangling = self.request.dangling.iter();
            let dangles =
                dangling.any(|(of, column)| of == table.name() && **column == *key.column);
            if dangles {
                left.push(key.clone());
            }
            !dangles
        });
        for key in left {
            let note = format!(
                "rows of {} refer by {} to rows of {} that are not there; change them first",
                table.name(),
                key.column,
                key.to_table
            );
            self.plan.withheld.push(Step {
                note,
                ..contract(add(table, &key), Vec::new())
            });
        }
        keys
    }

    /// The foreign keys to drop: those that say otherwise, and those of relations that are gone.
    pub(super) fn keys_to_drop(&self, matched: &Matched<'a>) -> Vec<LiveForeignKey> {
        let table = matched.table;
        let Some(live) = self.state.tables.get(table.name()) else {
            return Vec::new();
        };
        let ours = |found: &LiveForeignKey| was_ours(matched, found);
        let dangles = |key: &ForeignKey| {
            let mut dangling = self.request.dangling.iter();
            dangling.any(|(of, column)| of == table.name() && **column == *key.column)
        };
        let stale = |found: &&LiveForeignKey| {
            let mut wanted = table.foreign_keys().filter(|key| !dangles(key));
            let changed = wanted.any(|key| leads_alike(found, &key) && !is(found, &key));
            let gone = ours(found) && !table.foreign_keys().any(|key| leads_alike(found, &key));
            changed || gone
        };
        live.foreign_keys.iter().filter(stale).cloned().collect()
    }

    /// Drops and adds foreign keys by ALTER TABLE.
    pub(super) fn change_references(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        for key in self.keys_to_drop(matched) {
            self.drop_reference(table.name(), &key.name, String::new());
        }
        for key in self.keys_to_add(table) {
            let plain = table.dialect().add_foreign_key(&key.definition(table));
            let Some(plain) = plain else { continue };
            let (sql, validate) = self.ddl.add_foreign_key(plain, table.name(), &key.name);
            let statements = self.left_unset(table, &key).into_iter().chain([sql]);
            let long = validate.is_none();
            self.push(Step {
                long,
                // Let go of the tables, so that the look at the rows keeps nobody from writing.
                alone: !long,
                note: "code of before may write keys that refer to nothing".to_owned(),
                ..contract(add(table, &key), statements.collect())
            });
            if let Some(validate) = validate {
                let action = Action::ValidateForeignKey {
                    table: table.name().to_owned(),
                    constraint: key.name.clone(),
                };
                self.push(Step {
                    long: true,
                    alone: true,
                    ..contract(action, vec![validate])
                });
            }
            if let Some(live) = self.state.tables.get_mut(table.name()) {
                live.foreign_keys.push(planned(&key));
            }
        }
        self.validate_left(table);
    }

    /// What gives NULL to rows that refer to nothing, where whoever let the column take NULL broke off before that: where
    /// statements are kept one by one.
    fn left_unset(&self, table: &Table, key: &ForeignKey) -> Option<String> {
        let live = self.request.live.tables.get(table.name())?;
        let takes_null = live.column(&key.column)?.nullable;
        let by_one = !self.ddl.is_transactional();
        let unset = unset(table, &key.column).filter(|_| takes_null && by_one)?;
        let (table, column) = (self.ddl.quote(table.name()), self.ddl.quote(&key.column));
        Some(format!(
            "UPDATE {table} SET {column} = NULL WHERE {column} = {unset}"
        ))
    }

    /// Checks foreign keys that were added and never checked, because someone broke off.
    fn validate_left(&mut self, table: &Table) {
        let live = self.state.tables.get(table.name());
        let keys = live
            .map(|live| live.foreign_keys.clone())
            .unwrap_or_default();
        for found in keys.iter().filter(|found| !found.valid) {
            let wanted = table.foreign_keys().any(|key| is(found, &key));
            let Some(sql) = self.ddl.validate_foreign_key(table.name(), &found.name) else {
                continue;
            };
            if wanted {
                let action = Action::ValidateForeignKey {
                    table: table.name().to_owned(),
                    constraint: found.name.clone(),
                };
                self.push(Step {
                    long: true,
                    alone: true,
                    ..contract(action, vec![sql])
                });
            }
        }
    }

    /// Drops one foreign key.
    pub(super) fn drop_reference(&mut self, table: &str, key: &str, note: String) {
        let action = Action::DropForeignKey {
            table: table.to_owned(),
            constraint: key.to_owned(),
        };
        let sql = self.ddl.drop_foreign_key(table, key);
        self.push(Step {
            note,
            ..contract(action, vec![sql])
        });
        if let Some(live) = self.state.tables.get_mut(table) {
            live.foreign_keys.retain(|found| found.name != key);
        }
    }

    /// Drops the foreign keys over a column that goes; `alone`: those that have no other column.
    pub(super) fn drop_references_of(&mut self, table: &str, column: &str, alone: bool) {
        let live = self.state.tables.get(table).into_iter();
        let keys = live.flat_map(|live| &live.foreign_keys);
        let over = keys.filter(|key| {
            let has = key.columns.iter().any(|name| name == column);
            has && !(alone && key.columns.len() > 1)
        });
        let names: Vec<_> = over.map(|key| key.name.clone()).collect();
        for name in names {
            self.drop_reference(table, &name, String::new());
        }
    }

    /// Adds the foreign keys of new tables, behind all of them: some refer to each other in a circle.
    pub(super) fn add_references_of_new(&mut self) {
        for table in self.request.tables {
            if !self.created.contains(table.name()) {
                continue;
            }
            for key in table.foreign_keys() {
                if let Some(sql) = table.dialect().add_foreign_key(&key.definition(table)) {
                    self.push(expand(add(table, &key), vec![sql]));
                }
            }
        }
    }

    /// The foreign keys of a table that is made anew.
    pub(super) fn keys_of(
        table: &Table,
        live: &LiveTable,
        adding: &[ForeignKey],
        dropping: &[LiveForeignKey],
    ) -> Vec<ForeignKeyCreateStatement> {
        let kept = live
            .foreign_keys
            .iter()
            .filter(|found| !dropping.contains(found));
        let kept = kept.map(|found| definition_of(table, found));
        let added = adding.iter().map(|key| key.definition(table));
        kept.chain(added).collect()
    }
}

/// Whether a foreign key was made for a relation of the model.
fn was_ours(matched: &Matched<'_>, found: &LiveForeignKey) -> bool {
    let column_of = |number: &u32| match matched.table.column(*number) {
        Some(column) => Some(&*column.name),
        None => {
            let mut removed = matched.removed.iter();
            let gone = removed.find(|(of, _)| of == number);
            gone.map(|(_, name)| &**name)
        }
    };
    let mut references = matched.before.references.iter().filter_map(column_of);
    matches!(found.columns.as_slice(), [one] if references.any(|name| name == one))
}

/// Whether a foreign key of a table is one that its model asks for or did, so that it may be dropped and comes back where it is wanted.
pub(super) fn is_ours(matched: &[Matched<'_>], table: &str, found: &LiveForeignKey) -> bool {
    let mut tables = matched.iter();
    let matched = tables.find(|matched| matched.table.name() == table);
    matched.is_some_and(|matched| {
        let mut wanted = matched.table.foreign_keys();
        wanted.any(|key| leads_alike(found, &key)) || was_ours(matched, found)
    })
}

/// A foreign key as it will stand.
pub(super) fn planned(key: &ForeignKey) -> LiveForeignKey {
    LiveForeignKey {
        name: key.name.clone(),
        columns: vec![key.column.to_string()],
        target: key.to_table.to_string(),
        target_columns: vec![key.to_column.to_string()],
        on_delete: key.on_delete,
        valid: true,
    }
}

fn add(table: &Table, key: &ForeignKey) -> Action {
    Action::AddForeignKey {
        table: table.name().to_owned(),
        constraint: key.name.clone(),
    }
}

/// A foreign key as it stands.
fn definition_of(table: &Table, found: &LiveForeignKey) -> ForeignKeyCreateStatement {
    let mut key = SeaForeignKey::create();
    key.from_tbl(table.iden()).to_tbl(iden(&found.target));
    for column in &found.columns {
        key.from_col(iden(column));
    }
    for column in &found.target_columns {
        key.to_col(iden(column));
    }
    key.on_delete(match found.on_delete {
        OnDelete::Restrict => ForeignKeyAction::Restrict,
        OnDelete::Cascade => ForeignKeyAction::Cascade,
        OnDelete::SetNull => ForeignKeyAction::SetNull,
        OnDelete::NoAction => ForeignKeyAction::NoAction,
    });
    key
}

/// Whether a column holds a default where it should hold NULL: it was made before its field referred to another table.
pub(super) fn holds_unset(
    table: &Table,
    column: &crate::Column,
    live: &crate::LiveColumn,
    wanted: &ShapeColumn,
) -> bool {
    column.unset_is_null
        && wanted.nullable
        && !live.nullable
        && live.default.is_some()
        && table.dialect().default_value(column.storage).is_some()
}
