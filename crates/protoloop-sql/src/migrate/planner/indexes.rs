//! Indexes.

use protoloop_schema::Index;

use super::{Matched, Planner, columns::Change, contract, expand};
use crate::{
    LiveIndex, Table,
    create::{self, wanted_index},
    migrate::{Action, Step},
};

impl<'a> Planner<'a> {
    /// Drops indexes that are to be made anew: of other columns, or half built.
    pub(super) fn drop_changed_indexes(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        for index in table.indexes() {
            let found = self.state.tables.get(table.name());
            let name = table.index_name(index);
            let found = found.and_then(|found| found.indexes.get(&*name));
            let wanted = wanted_index(table, index);
            let Some(found) = found.filter(|found| !self.serves(table, &name, found, &wanted))
            else {
                continue;
            };
            if found.constraint {
                let what = format!(
                    "index {} is {found} and belongs to a constraint, the model needs {wanted}; change it by hand",
                    name
                );
                self.problem(table.name(), what);
                continue;
            }
            let note = format!("it is {found}, the model needs {wanted}");
            self.drop_index(table.name(), &name, index.unique, note);
        }
    }

    /// Whether an index does what a model needs of one. One that others made may do more: keep rows without a value
    /// apart too.
    fn serves(&self, table: &Table, name: &str, found: &LiveIndex, wanted: &LiveIndex) -> bool {
        let ours = self.made.get(table.name());
        let ours = ours.is_some_and(|made| made.contains(name));
        // Where a value stands is all the same to one that only keeps values apart.
        let finds =
            found.orders_like(wanted) || found.unique && found.columns == wanted.columns && !ours;
        found.valid
            && finds
            && found.unique == wanted.unique
            && (found.partial == wanted.partial || wanted.partial && !ours)
    }

    /// An index of another name that does what is needed, and will stay.
    fn served_by_other(&self, table: &Table, wanted: &LiveIndex) -> bool {
        let Some(live) = self.state.tables.get(table.name()) else {
            return false;
        };
        let key = live.key();
        if wanted.unique && key.iter().map(|column| &column.name).eq(&wanted.columns) {
            return true;
        }
        let ours = self.made.get(table.name());
        live.indexes.iter().any(|(name, found)| {
            !ours.is_some_and(|made| made.contains(name))
                && !table
                    .indexes()
                    .any(|index| table.index_name(index) == **name)
                && self.serves(table, name, found, wanted)
        })
    }

    /// Drops indexes that were made for a model and are not declared any more.
    pub(super) fn drop_old_indexes(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        let declared = |name: &str| table.indexes().any(|index| table.index_name(index) == name);
        for name in matched.before.indexes.iter().filter(|name| !declared(name)) {
            let found = self.state.tables.get(table.name());
            if found.is_some_and(|found| found.indexes.contains_key(name)) {
                let note = "no model declares it any more".to_owned();
                self.drop_index(table.name(), name, false, note);
            }
        }
    }

    /// Drops the indexes that stand in the way of a change: they are made again, or not declared any more.
    pub(super) fn drop_hindering_indexes(&mut self, matched: &Matched<'a>, change: &Change) {
        let table = matched.table;
        if self
            .ddl
            .same_type(&change.from.type_name, &change.wanted.type_name)
        {
            return;
        }
        let Some(found) = self.state.tables.get(table.name()) else {
            return;
        };
        let made = self.made.get(table.name());
        let declared = |name: &str| table.indexes().any(|index| table.index_name(index) == name);
        let hinders = |(name, index): &(&String, &LiveIndex)| {
            let ours = declared(name) || made.is_some_and(|made| made.contains(*name));
            // The condition of one that leaves rows out is written for the type of before.
            let bound = self.ddl.indexes_bind_types() && !declared(name) || index.partial;
            ours && bound && index.columns.contains(&change.wanted.name)
        };
        let names = found.indexes.iter().filter(hinders);
        let names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
        for name in names {
            let note = format!("{} changes its type", change.wanted.name);
            let required = table
                .indexes()
                .any(|index| index.unique && table.index_name(index) == name);
            self.drop_index(table.name(), &name, required, note);
        }
    }

    /// Drops the indexes over what is computed from a column, where they are: they would go on naming it as before.
    pub(super) fn drop_computed_indexes(&mut self, table: &str, column: &str) {
        if !self.ddl.indexes_bind_types() {
            return;
        }
        let found = self.state.tables.get(table).into_iter();
        let indexes = found.flat_map(|found| &found.indexes);
        let over = indexes
            .filter(|(_, index)| index.partial && index.columns.iter().any(|name| name == column));
        let names: Vec<_> = over.map(|(name, _)| name.clone()).collect();
        for name in names {
            self.drop_index(table, &name, false, format!("{column} gets another name"));
        }
    }

    /// Drops the foreign keys that need an index to be there; they are added again where another one serves them.
    fn free_of_references(&mut self, table: &str, index: &str) {
        let Some(live) = self.state.tables.get(table) else {
            return;
        };
        let first = |name: &String| {
            live.indexes
                .get(name)
                .and_then(|index| index.columns.first())
        };
        let Some(column) = live
            .indexes
            .get(index)
            .and_then(|index| index.columns.first())
        else {
            return;
        };
        let mut others = live.indexes.keys().filter(|name| *name != index);
        let key = live.key();
        let in_key = key.first().is_some_and(|key| key.name == *column);
        if !in_key && !others.any(|name| first(name) == Some(column)) {
            let column = column.clone();
            self.drop_references_of(table, &column, true);
        }
    }

    fn drop_index(&mut self, table: &str, index: &str, required: bool, note: String) {
        if self.ddl.indexes_bind_types() {
            self.free_of_references(table, index);
        }
        let found = self.state.tables.get(table);
        let found = found.and_then(|found| found.indexes.get(index));
        let partial = found.is_some_and(|found| found.partial);
        let action = Action::DropIndex {
            table: table.to_owned(),
            index: index.to_owned(),
        };
        self.push(Step {
            required,
            note,
            ..contract(action, vec![self.ddl.drop_index(table, index, partial)])
        });
        if let Some(found) = self.state.tables.get_mut(table) {
            found.indexes.remove(index);
        }
    }

    /// Makes the indexes that are missing.
    pub(super) fn create_indexes(&mut self, table: &'a Table) {
        for index in table.indexes() {
            let wanted = wanted_index(table, index);
            let name = table.index_name(index);
            let found = self.state.index(table.name(), &name);
            match found.map(|(at, found)| (at.to_owned(), found.clone())) {
                Some((at, found)) if at == table.name() => {
                    if found == wanted {
                        self.remember(table, index);
                    }
                }
                Some((at, _)) if self.ddl.rebuilds_tables() => {
                    let what = format!("index {name} is the name of one of {at}; give it another");
                    self.problem(table.name(), what);
                }
                _ if self.served_by_other(table, &wanted) => {}
                _ => self.create_index(table, index, wanted),
            }
        }
    }

    fn create_index(&mut self, table: &Table, index: &Index, wanted: LiveIndex) {
        let plain = create::create_index(table, index, &wanted.columns);
        let is_new = self.created.contains(table.name());
        let (sql, alone) = if is_new {
            (plain, false)
        } else {
            self.ddl.create_index(plain)
        };
        let action = Action::CreateIndex {
            table: table.name().to_owned(),
            index: table.index_name(index).into_owned(),
        };
        let note = if index.unique && !is_new {
            format!("fails if rows agree in ({})", wanted.columns.join(", "))
        } else {
            String::new()
        };
        self.push(Step {
            long: !is_new,
            // Others only make queries faster.
            required: index.unique,
            alone,
            note,
            ..expand(action, vec![sql])
        });
        let found = self
            .state
            .tables
            .entry(table.name().to_owned())
            .or_default();
        found
            .indexes
            .insert(table.index_name(index).into_owned(), wanted);
        self.remember(table, index);
    }

    /// Notes that an index is ours.
    fn remember(&mut self, table: &Table, index: &Index) {
        let models = &mut self.plan.record.models;
        if let Some(record) = models.get_mut(table.model().full_name()) {
            record.indexes.insert(table.index_name(index).into_owned());
        }
    }
}
