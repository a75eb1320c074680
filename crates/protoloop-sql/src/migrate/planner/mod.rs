//! The plan.

mod columns;
mod indexes;
mod rebuild;
mod references;
mod tables;

pub use references::{MissingReference, missing_references};

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::{Action, Ddl, ModelRecord, Phase, Record, Safety, Step};
use crate::{Live, Table};

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The tables of every model, all in one dialect.
    pub tables: &'a [&'a Table],
    /// What stands in the database.
    pub live: &'a Live,
    /// What was applied to it.
    pub record: &'a Record,
    /// Packages that the schema declares: a model of one of them that is gone was removed. Others belong to someone
    /// else.
    pub packages: &'a [&'a str],
    /// Models that were renamed: full names, old and new.
    pub renames: &'a [(String, String)],
    /// Tables and columns of [`missing_references`] whose rows refer to rows that are not there.
    pub dangling: &'a [(String, String)],
    /// Whether steps that can lose data are planned. Otherwise they are told, and not counted on by the steps behind.
    pub allow_destructive: bool,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In the order in which they are to be done.
    pub steps: Vec<Step>,
    /// Steps that were not allowed; see [`Request::allow_destructive`].
    pub withheld: Vec<Step>,
    /// Differences that no step mends, one line each.
    pub problems: Vec<String>,
    /// What the database is to remember afterwards.
    #[serde(skip)]
    pub record: Record,
}

impl Plan {
    /// Whether nothing is to be done, except perhaps to remember.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.withheld.is_empty() && self.problems.is_empty()
    }

    /// Why code that knows the new schema would not work on the database behind the steps: problems, and what was
    /// withheld and is needed.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let withheld = self.withheld.iter().filter(|step| step.required);
        let withheld = withheld.map(|step| {
            let note = if step.note.is_empty() {
                String::new()
            } else {
                format!("; {}", step.note)
            };
            format!("{step} is needed and was not allowed{note}")
        });
        self.problems.iter().cloned().chain(withheld).collect()
    }
}

/// Compares the tables of a run with a live database.
#[must_use]
pub fn plan(request: &Request<'_>) -> Plan {
    let Some(first) = request.tables.first() else {
        return Plan {
            record: request.record.clone(),
            ..Plan::default()
        };
    };
    let mut planner = Planner {
        request,
        ddl: first.dialect().ddl(),
        state: request.live.clone(),
        created: HashSet::new(),
        made: HashMap::new(),
        plan: Plan {
            record: request.record.clone(),
            ..Plan::default()
        },
    };
    planner.run();
    planner.plan
}

struct Planner<'a> {
    request: &'a Request<'a>,
    ddl: &'static dyn Ddl,
    /// The database as it is behind the steps so far.
    state: Live,
    /// Tables that the plan makes.
    created: HashSet<String>,
    /// Names of the indexes that were made here, by table.
    made: HashMap<String, BTreeSet<String>>,
    plan: Plan,
}

/// A table of the run that stands in the database, and what each side has to do with the other.
struct Matched<'a> {
    table: &'a Table,
    /// What was recorded of its model, under whichever name it had.
    before: ModelRecord,
    /// For each column of the table, the live one; `None` for a new one.
    columns: Vec<Option<String>>,
    /// Live columns of fields that were removed.
    removed: Vec<(u32, String)>,
}

impl<'a> Planner<'a> {
    fn run(&mut self) {
        let mut matched = self.tables();
        matched.retain(|table| !self.is_view(table.table));
        for table in &mut matched {
            self.match_columns(table);
            self.rename_columns(table);
            self.add_columns(table);
        }
        // A rebuild makes the indexes of a table again, so that those of before go first there. Elsewhere they serve
        // code of before as long as it runs.
        let early = self.ddl.rebuilds_tables();
        if !early {
            self.free_references(&matched);
        }
        for table in &matched {
            self.drop_changed_indexes(table);
            if early {
                self.drop_old_indexes(table);
            }
            self.change_columns(table);
        }
        for table in self.request.tables {
            if !self.is_view(table) {
                self.create_indexes(table);
            }
        }
        self.add_references_of_new();
        for table in &matched {
            if !early {
                self.change_references(table);
                self.drop_old_indexes(table);
            }
            self.drop_columns(table);
        }
        self.drop_tables();
    }

    /// Whether a view stands in for a table. It is only read, so that all it needs is a column for each field.
    fn is_view(&mut self, table: &Table) -> bool {
        let Some(view) = self.state.tables.get(table.name()).filter(|live| live.view) else {
            return false;
        };
        let names = table.columns().iter().map(|column| column.name.to_string());
        let missing: Vec<_> = names.filter(|name| view.column(name).is_none()).collect();
        for name in missing {
            let what = format!("is a view without a column {name}");
            if !self.plan.problems.iter().any(|told| told.ends_with(&what)) {
                self.problem(table.name(), what);
            }
        }
        true
    }

    fn problem(&mut self, table: &str, what: impl std::fmt::Display) {
        self.plan.problems.push(format!("table {table}: {what}"));
    }

    /// Adds a step. Answers whether it is part of the plan, so that the state behind it may be changed.
    fn push(&mut self, step: Step) -> bool {
        if step.safety == Safety::Destructive && !self.request.allow_destructive {
            self.plan.withheld.push(step);
            return false;
        }
        self.plan.steps.push(step);
        true
    }
}

/// A safe step that code of before does not mind and code of now needs.
fn expand(action: Action, sql: Vec<String>) -> Step {
    Step {
        action,
        phase: Phase::Expand,
        safety: Safety::Safe,
        long: false,
        required: true,
        alone: false,
        note: String::new(),
        sql,
    }
}

/// A step that only code of before minds.
fn contract(action: Action, sql: Vec<String>) -> Step {
    Step {
        phase: Phase::Contract,
        required: false,
        ..expand(action, sql)
    }
}
