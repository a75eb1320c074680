//! Columns: which field each belongs to, and what becomes of it.

use std::collections::HashSet;

use protoloop_schema::stored_kind::{Fit, fit};

use super::{
    Matched, Planner, contract, expand,
    rebuild::breaks_before,
    references::{holds_unset, is_ours, unset},
};
use crate::{
    Column, Declared, LiveColumn, Table, create,
    migrate::{
        Action, Conversion, FieldRecord, InPlace, Safety, Step, field_kind, shape::ShapeColumn,
    },
};

/// A column that stands there and is to become another.
pub(super) struct Change {
    pub(super) wanted: ShapeColumn,
    pub(super) from: LiveColumn,
    /// How its values are converted, without regard to NULL.
    pub(super) using: Option<String>,
    /// What is done with its values around the change of the type, where that is how they are converted.
    pub(super) in_place: Option<InPlace>,
    pub(super) safety: Safety,
    /// For people: `note to TEXT`.
    pub(super) text: String,
}

impl<'a> Planner<'a> {
    /// Finds the live column of each field: by number where that is on record, else by name.
    pub(super) fn match_columns(&mut self, matched: &mut Matched<'a>) {
        let table = matched.table;
        let Some(live) = self.state.tables.get(table.name()) else {
            return;
        };
        let mut taken = HashSet::new();
        let recorded = |column: &Column| matched.before.fields.get(&column.number);
        let mut found: Vec<Option<String>> = Vec::new();
        for column in table.columns() {
            let name = recorded(column).map(|field| field.column.as_str());
            let name = name.filter(|name| live.column(name).is_some() && taken.insert(*name));
            found.push(name.map(ToOwned::to_owned));
        }
        let fits = |column: &Column| {
            // A field that was there under another number.
            let mut others = matched.before.fields.values();
            let other = others.find(|field| field.column == *column.name);
            other.is_none_or(|other| fit(&other.kind, &field_kind(table, column)) == Fit::All)
        };
        for (column, found) in table.columns().iter().zip(&mut found) {
            if found.is_none()
                && live.column(&column.name).is_some()
                && fits(column)
                && taken.insert(&column.name)
            {
                *found = Some(column.name.to_string());
            }
        }
        let gone = |number: &u32| table.column(*number).is_none();
        let removed = matched.before.fields.iter().filter(|(number, field)| {
            gone(number) && live.column(&field.column).is_some() && !taken.contains(&*field.column)
        });
        let removed = removed
            .map(|(number, field)| (*number, field.column.clone()))
            .collect();
        matched.columns = found;
        matched.removed = removed;
    }

    /// Gives columns of renamed fields their new names, whichever name is free first.
    pub(super) fn rename_columns(&mut self, matched: &mut Matched<'a>) {
        let table = matched.table.name();
        let wanted = matched.table.columns().iter().enumerate();
        let mut open: Vec<(usize, String)> = wanted
            .filter(|(at, column)| {
                matched.columns[*at]
                    .as_ref()
                    .is_some_and(|live| *live != *column.name)
            })
            .map(|(at, column)| (at, column.name.to_string()))
            .collect();
        while !open.is_empty() {
            let free = open.iter().position(|(_, to)| !self.has_column(table, to));
            if let Some(at) = free {
                let (column, to) = open.remove(at);
                self.rename_column(matched, column, &to);
                continue;
            }
            let moves = |name: &str| {
                open.iter()
                    .any(|(at, _)| matched.columns[*at].as_deref() == Some(name))
            };
            let Some(at) = open.iter().position(|(_, to)| moves(to)) else {
                let stuck = open.iter().map(|(_, to)| to.clone());
                let stuck: Vec<_> = stuck.collect();
                if !stuck.iter().any(|name| self.put_aside(matched, name)) {
                    for name in stuck {
                        let what =
                            format!("the name {name} is taken by a column that no field has");
                        self.problem(table, what);
                    }
                    return;
                }
                continue;
            };
            // Names are exchanged in a circle.
            let column = open[at].0;
            let aside = format!("protoloop_{}_{}", column, open[at].1);
            self.rename_column(matched, column, &aside);
        }
    }

    /// Gives the column of a removed field, whose name is needed, another one, so that nothing has to be lost for it.
    fn put_aside(&mut self, matched: &mut Matched<'a>, name: &str) -> bool {
        let Some(removed) = matched
            .removed
            .iter_mut()
            .find(|(_, column)| column == name)
        else {
            return false;
        };
        let aside = format!("protoloop_removed_{}_{name}", removed.0);
        let from = std::mem::replace(&mut removed.1, aside.clone());
        if let Some(field) = matched.before.fields.get_mut(&removed.0) {
            field.column.clone_from(&aside);
        }
        self.push_rename(matched.table.name(), &from, &aside);
        true
    }

    fn has_column(&self, table: &str, name: &str) -> bool {
        let found = self.state.tables.get(table);
        found.is_some_and(|found| found.column(name).is_some())
    }

    fn rename_column(&mut self, matched: &mut Matched<'a>, at: usize, to: &str) {
        if let Some(from) = matched.columns[at].replace(to.to_owned()) {
            self.push_rename(matched.table.name(), &from, to);
        }
    }

    fn push_rename(&mut self, table: &str, from: &str, to: &str) {
        self.drop_computed_indexes(table, from);
        let action = Action::RenameColumn {
            table: table.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        self.push(Step {
            required: true,
            note: "code of before does not find the column any more".to_owned(),
            ..contract(action, vec![self.ddl.rename_column(table, from, to)])
        });
        let Some(found) = self.state.tables.get_mut(table) else {
            return;
        };
        for column in found
            .columns
            .iter_mut()
            .filter(|column| column.name == from)
        {
            to.clone_into(&mut column.name);
        }
        let indexed = found
            .indexes
            .values_mut()
            .flat_map(|index| &mut index.columns);
        let referring = found
            .foreign_keys
            .iter_mut()
            .flat_map(|key| &mut key.columns);
        for name in indexed.chain(referring).filter(|name| **name == from) {
            to.clone_into(name);
        }
        let keys = self
            .state
            .tables
            .values_mut()
            .flat_map(|table| &mut table.foreign_keys);
        let keys = keys.filter(|key| key.target == table);
        for name in keys.flat_map(|key| &mut key.target_columns) {
            if name == from {
                to.clone_into(name);
            }
        }
    }

    /// Adds the columns of new fields, and tells what stands in the way of new rows.
    pub(super) fn add_columns(&mut self, matched: &mut Matched<'a>) {
        let table = matched.table;
        for (at, column) in table.columns().iter().enumerate() {
            if matched.columns[at].is_some() {
                continue;
            }
            if table.key().contains(&at) {
                self.problem(
                    table.name(),
                    format!("key column {} is missing", column.name),
                );
                continue;
            }
            let taken = self.has_column(table.name(), &column.name);
            if taken && !self.put_aside(matched, &column.name) {
                // A rename that was not possible has been told.
                continue;
            }
            let action = Action::AddColumn {
                table: table.name().to_owned(),
                column: column.name.to_string(),
            };
            self.push(expand(action, vec![create::add_column(table, column)]));
            let wanted = ShapeColumn::wanted(table, at);
            if let Some(found) = self.state.tables.get_mut(table.name()) {
                found.columns.push(LiveColumn {
                    name: wanted.name,
                    type_name: wanted.type_name,
                    nullable: wanted.nullable,
                    default: wanted.default.map(|_| String::new()),
                    ..LiveColumn::default()
                });
            }
        }
        self.check_others(matched);
    }

    /// Columns that no field names stay, as long as rows can be inserted without them.
    fn check_others(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        let Some(live) = self.state.tables.get(table.name()) else {
            return;
        };
        let ours = |name: &str| table.columns().iter().any(|column| *column.name == *name);
        let mut problems = Vec::new();
        for other in live.columns.iter().filter(|column| !ours(&column.name)) {
            let filled = other.filled != crate::Filled::Written;
            let name = &other.name;
            if other.key > 0 {
                problems.push(format!(
                    "column {name} is part of the key but no field of the model"
                ));
            } else if !other.nullable && other.default.is_none() && !filled {
                problems.push(format!(
                    "column {name} is NOT NULL without DEFAULT but no field of the model"
                ));
            }
        }
        for problem in problems {
            self.problem(table.name(), problem);
        }
    }

    /// Brings the columns that stand there to the type and nullability of their fields.
    pub(super) fn change_columns(&mut self, matched: &Matched<'a>) {
        let mut changes = Vec::new();
        for at in 0..matched.table.columns().len() {
            match self.change(matched, at) {
                Ok(change) => changes.extend(change),
                Err(problem) => self.problem(matched.table.name(), problem),
            }
        }
        if self.ddl.rebuilds_tables() {
            let (safe, destructive): (Vec<_>, Vec<_>) = changes
                .into_iter()
                .partition(|change| change.safety == Safety::Safe);
            let adding = self.keys_to_add(matched.table);
            let dropping = self.keys_to_drop(matched);
            // What code of before does not mind comes first, and alone: so it can be done before a rollout.
            let (stricter, laxer): (Vec<_>, Vec<_>) = safe.into_iter().partition(breaks_before);
            match stricter.is_empty() && adding.is_empty() {
                true => self.rebuild(matched, &laxer, (&adding, &dropping)),
                false => {
                    self.rebuild(matched, &laxer, (&[], &[]));
                    self.rebuild(matched, &stricter, (&adding, &dropping));
                }
            }
            self.rebuild(matched, &destructive, (&[], &[]));
        } else {
            for change in &changes {
                if self.allows(change) {
                    self.drop_hindering_indexes(matched, change);
                }
                self.change_in_place(matched, change);
            }
        }
    }

    /// Whether a change will be part of the plan.
    pub(super) fn allows(&self, change: &Change) -> bool {
        change.safety == Safety::Safe || self.request.allow_destructive
    }

    /// Drops the foreign keys over columns whose types change, on either side: the types must agree all the time. They are
    /// added again behind the changes. Of those that others made not all is known, so that they stand in the way.
    pub(super) fn free_references(&mut self, matched: &[Matched<'a>]) {
        let mut changing = HashSet::new();
        for table in matched {
            for at in 0..table.table.columns().len() {
                let Ok(Some(change)) = self.change(table, at) else {
                    continue;
                };
                let live = &change.from.type_name;
                if self.allows(&change) && !self.ddl.same_type(live, &change.wanted.type_name) {
                    changing.insert((table.table.name(), change.wanted.name));
                }
            }
        }
        let changes = |table: &str, column: &str| {
            let mut changing = changing.iter();
            changing.any(|(of, name)| *of == table && name == column)
        };
        let mut keys = Vec::new();
        for (name, live) in &self.state.tables {
            for key in &live.foreign_keys {
                let own = key.columns.iter().any(|column| changes(name, column));
                let target = key.target_columns.iter();
                let mut target = target.map(|column| changes(&key.target, column));
                if own || target.any(|changes| changes) {
                    keys.push((name.clone(), key.clone()));
                }
            }
        }
        let (keys, foreign): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(table, key)| {
            is_ours(matched, table, key) || self.gone().any(|(_, gone)| gone.table == *table)
        });
        for (table, key) in foreign {
            let what = format!(
                "the foreign key {} ({} to {}) is of no relation, and a column of it changes its type; drop it first, and \
                 make it again behind the change",
                key.name,
                key.columns.join(", "),
                key.target
            );
            self.problem(&table, what);
        }
        for (table, key) in keys {
            self.drop_reference(&table, &key.name, "a column changes its type".to_owned());
        }
    }

    /// Compares a column that others declared. Whether it takes NULL is for them to say.
    fn of_others(
        &self,
        live: &LiveColumn,
        declared: &Declared,
        wanted: &str,
    ) -> Result<(), String> {
        let type_name = declared.type_name();
        if live.type_name == *type_name || self.ddl.same_type(&live.type_name, wanted) {
            return Ok(());
        }
        Err(format!(
            "column {} is {}, the model says {type_name}; discover the table again, or change one by hand",
            live.name, live.type_name
        ))
    }

    /// What is to become of a column; an error is a problem.
    fn change(&self, matched: &Matched<'a>, at: usize) -> Result<Option<Change>, String> {
        let column = &matched.table.columns()[at];
        let found = self.state.tables.get(matched.table.name());
        let unique = found.is_some_and(|found| is_unique_by(matched.table, found));
        let live = found.and_then(|live| live.column(&column.name));
        let (Some(live), true) = (live, matched.columns[at].is_some()) else {
            return Ok(None);
        };
        let wanted = ShapeColumn::wanted(matched.table, at);
        let name = &column.name;
        if live.key != wanted.key && !unique {
            let (is, needs) = if wanted.key > 0 {
                ("not ", "")
            } else {
                ("", "not ")
            };
            return Err(format!(
                "column {name} is {is}at its place in the key, the model needs it {needs}there; change the key by hand"
            ));
        }
        if let Some(declared) = &column.declared {
            return self
                .of_others(live, declared, &wanted.type_name)
                .map(|()| None);
        }
        let before = matched.before.fields.get(&column.number).or_else(|| {
            let mut others = matched.before.fields.values();
            others.find(|field| field.column == *column.name)
        });
        let (loss, conversion) = self.conversion(matched.table, column, live, &wanted, before)?;
        let (mut using, mut in_place) = match conversion {
            Conversion::Using(using) => (Some(using), None),
            Conversion::InPlace(in_place) => (None, Some(in_place)),
            Conversion::Keep | Conversion::Impossible => (None, None),
        };
        let mut nullable_differs = wanted.key == 0 && live.nullable != wanted.nullable;
        if column.unset_is_null && wanted.nullable && !live.nullable {
            // A key that must be set is as good, but for what stands for absence in a table of before.
            nullable_differs = holds_unset(matched.table, column, live, &wanted);
            let unset = unset(matched.table, name).filter(|_| nullable_differs);
            if let (Some(unset), true) = (&unset, self.ddl.indexes_bind_types()) {
                let of = format!("{} = {unset}", self.ddl.quote(name));
                let in_place = in_place.get_or_insert_default();
                in_place.after.push(("NULL".to_owned(), of));
            } else if let Some(unset) = unset {
                let value = using.take().unwrap_or_else(|| self.ddl.quote(name));
                using = Some(format!("nullif({value}, {unset})"));
            }
        }
        let type_differs = !self.ddl.same_type(&live.type_name, &wanted.type_name);
        // One that counts by itself serves those who give keys as well.
        let counts = self.counts(matched.table, &wanted);
        let counts_differ = counts && live.filled != crate::Filled::Counted;
        let stays = using.is_none() && in_place.is_none() && !counts_differ;
        if stays && !nullable_differs && !type_differs {
            return Ok(None);
        }
        let null = if wanted.nullable { "NULL" } else { "NOT NULL" };
        let type_name = &wanted.type_name;
        Ok(Some(Change {
            text: format!("{name} to {type_name} {null}"),
            from: live.clone(),
            safety: if loss {
                Safety::Destructive
            } else {
                Safety::Safe
            },
            using,
            in_place,
            wanted,
        }))
    }

    /// Whether the database is to count a column up, where that can be said of one that stands.
    pub(super) fn counts(&self, table: &Table, wanted: &ShapeColumn) -> bool {
        table.is_sequence() && wanted.key > 0 && !self.ddl.rebuilds_tables()
    }

    /// Whether a change can lose values, and how it converts them.
    fn conversion(
        &self,
        table: &Table,
        column: &Column,
        live: &LiveColumn,
        wanted: &ShapeColumn,
        before: Option<&FieldRecord>,
    ) -> Result<(bool, Conversion), String> {
        let same_type = self.ddl.same_type(&live.type_name, &wanted.type_name);
        let to = field_kind(table, column);
        let recorded = before.map(|field| field.kind.as_str());
        let from = match recorded {
            // The type was changed by someone else, or nothing is known.
            None if same_type => return Ok((false, Conversion::Keep)),
            Some(kind) if kind != to || same_type => Some(kind),
            _ => self.ddl.kind_of(&live.type_name),
        };
        let cannot = || {
            let was = from.unwrap_or(&live.type_name);
            format!(
                "column {} is {was}, the model needs {to} ({}); no statement converts it: write one by hand, or give the field another number",
                column.name, wanted.type_name
            )
        };
        let from = from.ok_or_else(cannot)?;
        let quoted = self.ddl.quote(&column.name);
        let fits = fit(from, &to);
        match self.ddl.convert(from, &to, &quoted, !live.nullable) {
            _ if fits == Fit::None => Err(cannot()),
            Conversion::Impossible => Err(cannot()),
            Conversion::Keep => Ok((false, Conversion::Keep)),
            conversion => Ok((fits == Fit::Some, conversion)),
        }
    }

    /// Drops the columns of removed fields.
    pub(super) fn drop_columns(&mut self, matched: &Matched<'a>) {
        let table = matched.table.name();
        for (number, column) in &matched.removed {
            let key = self
                .state
                .tables
                .get(table)
                .and_then(|found| found.column(column));
            if key.is_some_and(|found| found.key > 0) {
                // Told as a problem.
                continue;
            }
            let action = Action::DropColumn {
                table: table.to_owned(),
                column: column.clone(),
            };
            if self.request.allow_destructive && !self.ddl.rebuilds_tables() {
                self.drop_references_of(table, column, false);
            }
            let dropped = self.push(Step {
                safety: Safety::Destructive,
                note: format!("its field {number} is gone"),
                ..contract(action, vec![self.ddl.drop_column(table, column)])
            });
            if dropped {
                if let Some(found) = self.state.tables.get_mut(table) {
                    found.columns.retain(|found| found.name != *column);
                }
                continue;
            }
            // Remembered, so that it can be dropped later.
            let model = matched.table.model().full_name();
            if let Some(record) = self.plan.record.models.get_mut(model)
                && let Some(field) = matched.before.fields.get(number)
            {
                record.fields.insert(*number, field.clone());
            }
        }
    }
}

/// Whether a table without a primary key has unique columns that are the key of the model.
fn is_unique_by(table: &Table, live: &crate::LiveTable) -> bool {
    let key = || table.key().iter().map(|at| &*table.columns()[*at].name);
    let set = key().all(|name| live.column(name).is_some_and(|column| !column.nullable));
    let mut indexes = live.indexes.values();
    live.key().is_empty()
        && set
        && indexes.any(|index| {
            index.unique && !index.partial && index.columns.iter().map(String::as_str).eq(key())
        })
}
