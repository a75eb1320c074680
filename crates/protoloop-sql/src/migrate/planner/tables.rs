//! Which table is whose.

use std::collections::{HashMap, HashSet};

use super::{Matched, Planner, contract, expand};
use crate::{
    Table, create,
    migrate::{Action, ModelRecord, Safety, Step},
};

impl<'a> Planner<'a> {
    /// Makes or renames the table of every model, and answers those that stood there before.
    pub(super) fn tables(&mut self) -> Vec<Matched<'a>> {
        let mut names = HashMap::new();
        let mut matched = Vec::new();
        for table in self.request.tables {
            let model = table.model().full_name();
            if let Some(other) = names.insert(table.name().to_lowercase(), model) {
                let what = format!("is the table of {other} too; give one another `table`");
                self.problem(table.name(), what);
                continue;
            }
            let before = self.take_record(table);
            let found = self.find_table(table, before.as_ref());
            let mut record = ModelRecord::of(table);
            // Those that are made, or stand there as they would be made, are added.
            record.indexes.clear();
            let made = before.as_ref().map(|before| before.indexes.clone());
            self.made
                .insert(table.name().to_owned(), made.unwrap_or_default());
            self.plan.record.models.insert(model.to_owned(), record);
            if found {
                matched.push(Matched {
                    table,
                    before: before.unwrap_or_default(),
                    columns: Vec::new(),
                    removed: Vec::new(),
                });
            } else {
                self.create_table(table);
            }
        }
        matched
    }

    /// What was recorded of a model: under its own name, under the one that it is said to have had, or under that of a
    /// model that is gone and was the same in all but its name.
    fn take_record(&mut self, table: &Table) -> Option<ModelRecord> {
        let records = &self.plan.record.models;
        let name = table.model().full_name();
        if records.contains_key(name) {
            return self.plan.record.models.remove(name);
        }
        let said = self.request.renames.iter().find(|(_, new)| new == name);
        let old = match said {
            Some((old, _)) => records.contains_key(old).then(|| old.clone()),
            None => self.renamed(table),
        };
        self.plan.record.models.remove(&old?)
    }

    /// The model that a new one was before, if there is exactly one such and it could be no other's: it has the same
    /// table, or the same field numbers with the same columns and kinds.
    fn renamed(&self, table: &Table) -> Option<String> {
        let gone: Vec<_> = self.gone().collect();
        let same_table = gone.iter().find(|(_, old)| old.table == table.name());
        if let Some((name, _)) = same_table {
            return Some((*name).clone());
        }
        if self.state.tables.contains_key(table.name()) {
            return None;
        }
        let wanted = ModelRecord::of(table);
        let mut same = gone
            .iter()
            .filter(|(_, old)| old.fields == wanted.fields && old.fields.len() > 1);
        let (name, _) = same.next()?;
        let alone = same.next().is_none() && self.twins(&wanted) == 1;
        alone.then(|| (*name).clone())
    }

    /// How many models of the run that nothing is recorded of have these fields.
    fn twins(&self, wanted: &ModelRecord) -> usize {
        let known = &self.request.record.models;
        let new = |table: &&&Table| !known.contains_key(table.model().full_name());
        let tables = self.request.tables.iter().filter(new);
        tables
            .filter(|table| ModelRecord::of(table).fields == wanted.fields)
            .count()
    }

    /// Models on record that are in no file any more, of packages that still are.
    pub(super) fn gone(&self) -> impl Iterator<Item = (&String, &ModelRecord)> {
        let present: HashSet<_> = self
            .request
            .tables
            .iter()
            .map(|table| table.model().full_name())
            .collect();
        self.plan.record.models.iter().filter(move |(name, _)| {
            let package = name.rsplit_once('.').map_or("", |(package, _)| package);
            !present.contains(name.as_str()) && self.request.packages.contains(&package)
        })
    }

    /// Brings the table of a model to its name; whether it stands there then.
    fn find_table(&mut self, table: &Table, before: Option<&ModelRecord>) -> bool {
        let name = table.name();
        let old = before.map(|before| before.table.as_str());
        let Some(old) = old.filter(|old| *old != name && self.state.tables.contains_key(*old))
        else {
            return self.state.tables.contains_key(name);
        };
        if self.state.tables.contains_key(name) {
            let what = format!(
                "{} was stored in {old}, which is still there beside {name}; drop or rename one by hand",
                table.model().full_name()
            );
            self.problem(name, what);
            return true;
        }
        let action = Action::RenameTable {
            from: old.to_owned(),
            to: name.to_owned(),
        };
        self.push(Step {
            required: true,
            note: "code of before does not find the table any more".to_owned(),
            ..contract(action, vec![self.ddl.rename_table(old, name)])
        });
        if let Some(found) = self.state.tables.remove(old) {
            self.state.tables.insert(name.to_owned(), found);
        }
        let keys = self
            .state
            .tables
            .values_mut()
            .flat_map(|table| &mut table.foreign_keys);
        for key in keys.filter(|key| key.target == old) {
            name.clone_into(&mut key.target);
        }
        true
    }

    fn create_table(&mut self, table: &Table) {
        let action = Action::CreateTable {
            table: table.name().to_owned(),
        };
        self.push(expand(action, vec![create::create_table(table)]));
        self.created.insert(table.name().to_owned());
    }

    /// Drops the tables of models that are gone.
    pub(super) fn drop_tables(&mut self) {
        let gone: Vec<_> = self
            .gone()
            .map(|(name, old)| (name.clone(), old.table.clone()))
            .collect();
        let request = self.request;
        let taken = |table: &str| {
            let mut tables = request.tables.iter();
            tables.any(|other| other.name() == table)
        };
        let going: Vec<_> = gone.iter().filter(|(_, table)| !taken(table)).collect();
        if self.request.allow_destructive && !self.ddl.rebuilds_tables() {
            // They may refer to each other.
            for (_, table) in going {
                let found = self.state.tables.get(table).into_iter();
                let keys = found.flat_map(|found| &found.foreign_keys);
                let keys: Vec<_> = keys.map(|key| key.name.clone()).collect();
                for key in keys {
                    self.drop_reference(table, &key, String::new());
                }
            }
        }
        for (model, table) in &gone {
            let stands = !taken(table) && self.state.tables.contains_key(table);
            let action = Action::DropTable {
                table: table.clone(),
            };
            let dropped = !stands
                || self.push(Step {
                    safety: Safety::Destructive,
                    note: format!("its model {model} is gone"),
                    ..contract(action, vec![self.ddl.drop_table(table)])
                });
            if dropped {
                self.plan.record.models.remove(model);
                if stands {
                    self.state.tables.remove(table);
                }
            }
        }
    }
}
