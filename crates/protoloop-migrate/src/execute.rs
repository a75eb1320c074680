//! Doing steps, one behind the other, with the journal beside them.

use std::time::Instant;

use protoloop_core::Result;
use protoloop_sql::{
    Dialect,
    migrate::{Action, Record, Step},
};

use crate::{Entry, EntryState, Event, Observer, Session, State, error::during};

/// Steps under way. The session is in a transaction between any two of them.
pub(crate) struct Execution<'e> {
    session: &'e mut dyn Session,
    dialect: &'static dyn Dialect,
    observer: &'e mut dyn Observer,
    /// Its row in the journal, which is there already.
    entry: Entry,
    /// The record as it is stored.
    record: Record,
    /// The record as the steps so far make it.
    followed: Record,
}

impl<'e> Execution<'e> {
    pub(crate) fn new(
        session: &'e mut dyn Session,
        dialect: &'static dyn Dialect,
        observer: &'e mut dyn Observer,
        entry: Entry,
        state: State,
    ) -> Self {
        Self {
            session,
            dialect,
            observer,
            entry,
            followed: state.record,
            record: state.stored,
        }
    }

    /// Does the steps that are not done, then stores what the database is to remember, and commits.
    pub(crate) async fn run(mut self, steps: &[Step], after: &Record) -> Result<()> {
        self.observer.event(Event::Begun {
            id: &self.entry.id,
            steps: steps.len(),
            done: self.entry.done,
        });
        let together = self.dialect.ddl().is_transactional();
        let resumed = (self.entry.done > 0 || !together).then_some(self.entry.done);
        for (at, step) in steps.iter().enumerate().skip(self.entry.done) {
            let number = at + 1;
            let of = steps.len();
            self.observer.event(Event::Step { number, of, step });
            let begun = Instant::now();
            let apart = Apart::of(step, together);
            let before =
                apart != Apart::No && resumed == Some(at) && self.is_done(&step.action).await?;
            if !before {
                let done = self.step(step, apart).await;
                done.map_err(|error| {
                    during(
                        format_args!("step {number} of {of}, {}", step.action),
                        error,
                    )
                })?;
            }
            self.entry.done = number;
            // A rename must not be forgotten: the next plan would take the column for a new one. Nor must a conversion: it
            // would be done again.
            self.followed.follow(&step.action);
            self.followed.follow_change(&step.action, after);
            self.followed.pending = None;
            if apart != Apart::No {
                self.store().await?;
            }
            self.observer.event(Event::Done {
                number,
                took: begun.elapsed(),
                before,
            });
        }
        self.entry.finish(EntryState::Done);
        self.write_record(after).await?;
        self.session.run(self.entry.update(self.dialect)).await?;
        self.session.commit().await
    }

    /// Whether the database shows that a step was done by someone who could not say so any more.
    async fn is_done(&mut self, action: &Action) -> Result<bool> {
        if !self.dialect.ddl().is_transactional() && matches!(action, Action::ChangeColumn { .. }) {
            // Its statements are several, and do no harm when they are run again.
            return Ok(false);
        }
        let state = State::read(self.session, self.dialect).await?;
        Ok(action.is_done(&state.live) == Some(true))
    }

    async fn step(&mut self, step: &Step, apart: Apart) -> Result<()> {
        if apart == Apart::Outside {
            // What was done so far stands, whatever becomes of this.
            self.followed.pending = match &step.action {
                Action::RenameTable { .. } | Action::RenameColumn { .. } => {
                    Some(step.action.clone())
                }
                _ => None,
            };
            self.store_and_commit().await?;
            self.clear_half_built(&step.action).await?;
        }
        for sql in &step.sql {
            self.session.execute(sql).await?;
        }
        if apart == Apart::Outside {
            self.session.begin().await?;
        }
        Ok(())
    }

    /// Drops what a broken off attempt to build an index left behind.
    async fn clear_half_built(&mut self, action: &Action) -> Result<()> {
        let Action::CreateIndex { table, index } = action else {
            return Ok(());
        };
        let state = State::read(self.session, self.dialect).await?;
        let found = state.live.index(table, index);
        let half_built = found.filter(|(at, found)| at == table && !found.valid);
        if let Some((_, found)) = half_built {
            let ddl = self.dialect.ddl();
            let sql = ddl.drop_index(table, index, found.partial);
            self.session.execute(&sql).await?;
        }
        Ok(())
    }

    /// Commits a step that no other is undone with.
    async fn store(&mut self) -> Result<()> {
        self.store_and_commit().await?;
        self.session.begin().await
    }

    async fn store_and_commit(&mut self) -> Result<()> {
        self.session.run(self.entry.update(self.dialect)).await?;
        let after = self.followed.clone();
        self.write_record(&after).await?;
        self.session.commit().await
    }

    async fn write_record(&mut self, after: &Record) -> Result<()> {
        for statement in self.record.write(after, self.dialect) {
            self.session.run(statement).await?;
        }
        self.record = after.clone();
        Ok(())
    }
}

/// How far a step stands apart from the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// It is undone with them.
    No,
    /// It changes rows, and is undone with what the journal says of it.
    Noted,
    /// It runs outside of transactions, or ends the one that it stands in.
    Outside,
}

impl Apart {
    fn of(step: &Step, together: bool) -> Self {
        match &step.action {
            _ if step.alone => Self::Outside,
            _ if together => Self::No,
            Action::Manual { .. } | Action::FillColumn { .. } => Self::Noted,
            _ => Self::Outside,
        }
    }
}
