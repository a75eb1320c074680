//! What was applied to a database.

use protoloop_core::{Error, Result};
use protoloop_sql::{Dialect, SqlValue, Statement, migrate::MigrationEntry};
use serde::Serialize;

use crate::Session;

/// One migration that was applied, or begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `0002_add_notes` for a file, `auto-0001` for a plan that was applied directly.
    pub id: String,
    /// SHA-256 of the file, in hexadecimal; empty for a plan.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub checksum: String,
    /// How far it is.
    pub state: EntryState,
    /// How many of its steps were done.
    pub done: usize,
    /// How many steps it has.
    pub steps: usize,
    /// When it was begun, in RFC 3339.
    pub started: String,
    /// When it was done; empty until then.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub finished: String,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryState {
    /// It was begun and is not done: someone is at it, or broke off.
    Running,
    /// It is done.
    Done,
    /// It was a plan that broke off; the next one took over what was left.
    Replaced,
}

impl Entry {
    /// A new one.
    pub(crate) fn begin(id: &str, checksum: &str, steps: usize) -> Self {
        Self {
            id: id.to_owned(),
            checksum: checksum.to_owned(),
            state: EntryState::Running,
            done: 0,
            steps,
            started: now(),
            finished: String::new(),
        }
    }

    /// Whether it is of a file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        !self.id.starts_with(AUTO)
    }

    pub(crate) fn finish(&mut self, state: EntryState) {
        self.state = state;
        self.finished = now();
    }

    fn row(&self) -> MigrationEntry<'_> {
        MigrationEntry {
            id: &self.id,
            checksum: &self.checksum,
            state: self.state.name(),
            done: number(self.done),
            steps: number(self.steps),
            started: &self.started,
            finished: &self.finished,
        }
    }

    /// The statement that stores a new entry.
    pub(crate) fn insert(&self, dialect: &dyn Dialect) -> Statement {
        self.row().insert(dialect)
    }

    /// The statement that stores how far it is now.
    pub(crate) fn update(&self, dialect: &dyn Dialect) -> Statement {
        self.row().update(dialect)
    }
}

impl EntryState {
    fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Replaced => "replaced",
        }
    }
}

const AUTO: &str = "auto-";

/// The id of the next plan that is applied directly.
pub(crate) fn next_auto(journal: &[Entry]) -> String {
    let numbers = journal
        .iter()
        .filter_map(|entry| entry.id.strip_prefix(AUTO)?.parse::<u32>().ok());
    format!("{AUTO}{:04}", numbers.max().unwrap_or(0) + 1)
}

pub(crate) async fn read(session: &mut dyn Session, dialect: &dyn Dialect) -> Result<Vec<Entry>> {
    let rows = session.query(MigrationEntry::select(dialect)).await?;
    rows.iter().map(|row| entry(row)).collect()
}

fn entry(row: &[SqlValue<'static>]) -> Result<Entry> {
    let broken = || {
        Error::failed_precondition(format!(
            "the journal of migrations holds something unexpected: {row:?}"
        ))
    };
    let [
        SqlValue::Text(id),
        SqlValue::Text(checksum),
        SqlValue::Text(state),
        SqlValue::Int(done),
        SqlValue::Int(steps),
        SqlValue::Text(started),
        SqlValue::Text(finished),
    ] = row
    else {
        return Err(broken());
    };
    Ok(Entry {
        id: id.to_string(),
        checksum: checksum.to_string(),
        state: match &**state {
            "running" => EntryState::Running,
            "done" => EntryState::Done,
            "replaced" => EntryState::Replaced,
            _ => return Err(broken()),
        },
        done: usize::try_from(*done).map_err(|_| broken())?,
        steps: usize::try_from(*steps).map_err(|_| broken())?,
        started: started.to_string(),
        finished: finished.to_string(),
    })
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn now() -> String {
    jiff::Timestamp::now()
        .round(jiff::Unit::Millisecond)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
