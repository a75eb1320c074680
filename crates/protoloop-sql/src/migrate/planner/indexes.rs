//! Indexes.

use protoloop_schema::Index;

use super::{Matched, Planner, contract, expand};
use crate::{
    LiveIndex, Table,
    migrate::{Action, Step},
    plan::{self, wanted_index},
};

impl<'a> Planner<'a> {
    /// Drops indexes that are to be made anew: of other columns, or half built.
    pub(super) fn drop_changed_indexes(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        for index in table.indexes() {
            let found = self.state.tables.get(table.name());
            let found = found.and_then(|found| found.indexes.get(&*index.name));
            let wanted = wanted_index(table, index);
            let Some(found) =
                found.filter(|found| !self.serves(table, &index.name, found, &wanted))
            else {
                continue;
            };
            if found.constraint {
                let what = format!(
                    "index {} is {found} and belongs to a constraint, the model needs {wanted}; change it by hand",
                    index.name
                );
                self.problem(table.name(), what);
                continue;
            }
            let note = format!("it is {found}, the model needs {wanted}");
            self.drop_index(table.name(), &index.name, index.unique, note);
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
                && !table.indexes().any(|index| *index.name == **name)
                && self.serves(table, name, found, wanted)
        })
    }

    /// Drops indexes that were made for a model and are not declared any more.
    pub(super) fn drop_old_indexes(&mut self, matched: &Matched<'a>) {
        let table = matched.table;
        let declared = |name: &str| table.indexes().any(|index| *index.name == *name);
        for name in matched.before.indexes.iter().filter(|name| !declared(name)) {
            let found = self.state.tables.get(table.name());
            if found.is_some_and(|found| found.indexes.contains_key(name)) {
                let note = "no model declares it any more".to_owned();
                self.drop_index(table.name(), name, false, note);
            }
        }
    }

    fn drop_index(&mut self, table: &str, index: &str, required: bool, note: String) {
        let action = Action::DropIndex {
            table: table.to_owned(),
            index: index.to_owned(),
        };
        self.push(Step {
            required,
            note,
            ..contract(action, vec![self.ddl.drop_index(table, index)])
        });
        if let Some(found) = self.state.tables.get_mut(table) {
            found.indexes.remove(index);
        }
    }

    /// Makes the indexes that are missing.
    pub(super) fn create_indexes(&mut self, table: &'a Table) {
        for index in table.indexes() {
            let wanted = wanted_index(table, index);
            let found = self.state.index(table.name(), &index.name);
            match found.map(|(at, found)| (at.to_owned(), found.clone())) {
                Some((at, found)) if at == table.name() => {
                    if found == wanted {
                        self.remember(table, index);
                    }
                }
                Some((at, _)) if self.ddl.rebuilds_tables() => {
                    let what = format!(
                        "index {} is the name of one of {at}; give it another",
                        index.name
                    );
                    self.problem(table.name(), what);
                }
                _ if self.served_by_other(table, &wanted) => {}
                _ => self.create_index(table, index, wanted),
            }
        }
    }

    fn create_index(&mut self, table: &Table, index: &Index, wanted: LiveIndex) {
        let plain = plan::create_index(table, index, &wanted.columns);
        let is_new = self.created.contains(table.name());
        let (sql, alone) = if is_new {
            (plain, false)
        } else {
            self.ddl.create_index(plain)
        };
        let action = Action::CreateIndex {
            table: table.name().to_owned(),
            index: index.name.to_string(),
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
        found.indexes.insert(index.name.to_string(), wanted);
        self.remember(table, index);
    }

    /// Notes that an index is ours.
    fn remember(&mut self, table: &Table, index: &Index) {
        let models = &mut self.plan.record.models;
        if let Some(record) = models.get_mut(table.model().full_name()) {
            record.indexes.insert(index.name.to_string());
        }
    }
}
