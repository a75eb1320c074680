//! How files, models and database stand to each other.

use protoloop_sql::migrate::{Phase, Plan, Safety};
use serde::Serialize;

use crate::{Entry, EntryState, Folder, MigrationFile, State};

/// How the files of a folder and the models stand to a database.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The dialect of the database.
    pub dialect: String,
    /// The files, in order.
    pub files: Vec<FileStatus>,
    /// What was applied, in order.
    pub journal: Vec<Entry>,
    /// Applied files that were changed or are gone, and new ones that stand before applied ones.
    pub problems: Vec<String>,
    /// What the models need beyond what stands there. Files that wait may do it.
    pub plan: Plan,
}

/// A file and whether it was applied.
#[derive(Clone, Debug, Serialize)]
pub struct FileStatus {
    /// `0002_add_notes`.
    pub id: String,
    /// Whether it was applied; `None` while it waits.
    pub state: Option<EntryState>,
    /// How many of its steps were done.
    pub done: usize,
    /// How many steps it has.
    pub steps: usize,
    /// Whether code of before goes on working behind it.
    pub phase: Phase,
    /// Whether it can lose data.
    pub safety: Safety,
}

impl Status {
    pub(crate) fn new(dialect: &str, folder: &Folder, state: State, plan: Plan) -> Self {
        let files = folder.files().iter().map(|file| {
            let entry = entry_of(file, &state.journal);
            FileStatus {
                id: file.id(),
                state: entry.map(|entry| entry.state),
                done: entry.map_or(0, |entry| entry.done),
                steps: file.steps.len(),
                phase: file.phase(),
                safety: file.safety(),
            }
        });
        Self {
            dialect: dialect.to_owned(),
            files: files.collect(),
            // Where no files are shipped, those of others are not missed.
            problems: if folder.files().is_empty() {
                Vec::new()
            } else {
                problems(folder, &state.journal)
            },
            journal: state.journal,
            plan,
        }
    }

    /// The files that were not applied, or not to their end.
    pub fn pending(&self) -> impl Iterator<Item = &FileStatus> {
        self.files
            .iter()
            .filter(|file| file.state != Some(EntryState::Done))
    }

    /// Every way in which the database is not what files and models say, one line each.
    #[must_use]
    pub fn drift(&self) -> Vec<String> {
        let pending = self
            .pending()
            .map(|file| format!("migration {} was not applied", file.id));
        let steps = self.plan.steps.iter().chain(&self.plan.withheld);
        let steps = steps.map(|step| format!("the models need: {step}"));
        self.problems
            .iter()
            .cloned()
            .chain(pending)
            .chain(steps)
            .chain(self.plan.problems.iter().cloned())
            .collect()
    }

    /// What keeps code of now from working, one line each: less than [`Status::drift`], which also tells what is left
    /// to be cleared away.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        let needed = self.plan.steps.iter().filter(|step| step.required);
        let needed = needed.map(|step| format!("the models need: {step}"));
        let pending = self
            .pending()
            .filter(|file| file.phase == Phase::Expand)
            .map(|file| format!("migration {} was not applied", file.id));
        self.problems
            .iter()
            .cloned()
            .chain(pending)
            .chain(needed)
            .chain(self.plan.obstacles())
            .collect()
    }
}

fn entry_of<'a>(file: &MigrationFile, journal: &'a [Entry]) -> Option<&'a Entry> {
    let id = file.id();
    journal.iter().find(|entry| entry.id == id)
}

/// The first file that was not applied to its end.
pub(crate) fn next<'a>(folder: &'a Folder, journal: &[Entry]) -> Option<&'a MigrationFile> {
    let done = |file: &MigrationFile| {
        entry_of(file, journal).is_some_and(|entry| entry.state == EntryState::Done)
    };
    folder.files().iter().find(|file| !done(file))
}

/// Why the files of a folder cannot be those that were applied.
pub(crate) fn problems(folder: &Folder, journal: &[Entry]) -> Vec<String> {
    let mut problems = Vec::new();
    for entry in journal.iter().filter(|entry| entry.is_file()) {
        match folder.files().iter().find(|file| file.id() == entry.id) {
            None => problems.push(format!(
                "migration {} was applied and is not in {}",
                entry.id,
                folder.path().display()
            )),
            // Nothing of it is known to be done, so that what made it fail can be mended.
            Some(_) if entry.state == EntryState::Running && entry.done == 0 => {}
            Some(file) if file.checksum != entry.checksum => problems.push(format!(
                "migration {} was changed behind its application; take the change back and write a new migration",
                entry.id
            )),
            Some(_) => {}
        }
    }
    let last = folder
        .files()
        .iter()
        .filter(|file| entry_of(file, journal).is_some())
        .map(|file| file.version)
        .max();
    let late = folder.files().iter().filter(|file| {
        entry_of(file, journal).is_none() && last.is_some_and(|last| file.version < last)
    });
    problems.extend(late.map(|file| {
        format!(
            "migration {} is new and stands before applied ones; give it a number behind them",
            file.id()
        )
    }));
    problems
}
