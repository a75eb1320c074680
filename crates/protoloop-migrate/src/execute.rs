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
        record: Record,
    ) -> Self {
        Self {
            session,
            dialect,
            observer,
            entry,
            followed: record.clone(),
            record,
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
            let apart = step.alone || !together;
            let before = apart && resumed == Some(at) && self.is_done(step).await?;
            if !before {
                let done = self.step(step).await;
                done.map_err(|error| {
                    during(
                        format_args!("step {number} of {of}, {}", step.action),
                        error,
                    )
                })?;
            }
            self.entry.done = number;
            // A rename must not be forgotten: the next plan would take the column for a new one.
            self.followed.follow(&step.action);
            if apart {
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
    async fn is_done(&mut self, step: &Step) -> Result<bool> {
        let state = State::read(self.session, self.dialect).await?;
        Ok(step.action.is_done(&state.live) == Some(true))
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        if step.alone {
            // What was done so far stands, whatever becomes of this.
            self.session.run(self.entry.update(self.dialect)).await?;
            self.session.commit().await?;
            self.clear_half_built(step).await?;
        }
        for sql in &step.sql {
            self.session.execute(sql).await?;
        }
        if step.alone {
            self.session.begin().await?;
        }
        Ok(())
    }

    /// Drops what a broken off attempt to build an index left behind.
    async fn clear_half_built(&mut self, step: &Step) -> Result<()> {
        let Action::CreateIndex { table, index } = &step.action else {
            return Ok(());
        };
        let state = State::read(self.session, self.dialect).await?;
        let found = state.live.index(table, index);
        if found.is_some_and(|(at, found)| at == table && !found.valid) {
            let sql = self.dialect.ddl().drop_index(table, index);
            self.session.execute(&sql).await?;
        }
        Ok(())
    }

    /// Commits a step that no other is undone with.
    async fn store(&mut self) -> Result<()> {
        self.session.run(self.entry.update(self.dialect)).await?;
        let after = self.followed.clone();
        self.write_record(&after).await?;
        self.session.commit().await?;
        self.session.begin().await
    }

    async fn write_record(&mut self, after: &Record) -> Result<()> {
        for statement in self.record.write(after, self.dialect) {
            self.session.run(statement).await?;
        }
        self.record = after.clone();
        Ok(())
    }
}
