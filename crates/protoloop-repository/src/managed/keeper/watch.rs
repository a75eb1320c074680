//! Writes that tell which keys they would store and which rows they would remove, before they do.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use protoloop_core::{Error, Result};

use super::cares::{Cares, Sought};
use crate::{Alter, Alteration, Key, Model, Record, Write};

/// What was looked after already.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) keys: HashSet<Sought>,
    pub(super) removed: HashSet<Key>,
}

/// What must be looked after first, with the number of the write that asks for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) keys: Vec<(usize, Sought)>,
    pub(super) removed: Vec<(usize, Key)>,
}

impl Wanted {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.removed.is_empty()
    }

    /// Whether it must be done in the transaction of the writes.
    pub(super) fn needs_transaction(&self, cares: &Cares) -> bool {
        let mut keys = self.keys.iter();
        !self.removed.is_empty() || keys.any(|(_, sought)| cares.held[sought.held].is_locked())
    }
}

/// The writes of one call, which may be tried several times.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) model: Arc<Model>,
    pub(super) cares: Arc<Cares>,
    pub(super) writes: Arc<[Write<Record>]>,
}

/// What one write of a try looks at.
#[derive(Clone)]
struct Watch {
    watched: Watched,
    index: usize,
    known: Arc<Known>,
    wanted: Arc<Mutex<Wanted>>,
}

impl Watched {
    /// What the rows ask for that are new for certain. A key of a row that an earlier write of the same call makes, or of
    /// the row itself, is not looked for.
    pub(super) fn of_creates(&self) -> Result<Wanted, crate::WriteError> {
        let mut wanted = Wanted::default();
        let mut made: Vec<Key> = Vec::new();
        for (index, write) in self.writes.iter().enumerate() {
            let Write::Create(row) = write else {
                continue;
            };
            made.extend(self.model.find_key(row.as_ref()));
            let sought = self.cares.sought(&self.model, None, row);
            let sought = sought.map_err(|error| crate::WriteError::at(index, error))?;
            let is_made = |sought: &Sought| {
                self.cares.held[sought.held].reference.to == self.model.entity().id
                    && made.iter().any(|key| *key.values() == [sought.key.clone()])
            };
            let others = sought.into_iter().filter(|sought| !is_made(sought));
            wanted.keys.extend(others.map(|sought| (index, sought)));
        }
        Ok(wanted)
    }

    /// The writes of one try, and what they turn out to want.
    pub(super) fn try_with(&self, known: &Arc<Known>) -> (Vec<Write<Record>>, Arc<Mutex<Wanted>>) {
        let wanted: Arc<Mutex<Wanted>> = Arc::default();
        let writes = self.writes.iter().enumerate().map(|(index, write)| {
            let watch = Watch {
                watched: self.clone(),
                index,
                known: Arc::clone(known),
                wanted: Arc::clone(&wanted),
            };
            watch.over(write)
        });
        (writes.collect(), wanted)
    }
}

impl Watch {
    fn write(&self) -> &Write<Record> {
        &self.watched.writes[self.index]
    }

    fn over(self, write: &Write<Record>) -> Write<Record> {
        match write {
            Write::Create(row) => Write::Create(row.clone()),
            Write::Modify { key, .. } => Write::Modify {
                key: key.clone(),
                edit: Box::new(move |before| {
                    let Write::Modify { edit, .. } = self.write() else {
                        return Err(mixed());
                    };
                    let after = edit(before)?;
                    self.stores(before, &after)?;
                    Ok(after)
                }),
            },
            Write::Delete { key, .. } => Write::Delete {
                key: key.clone(),
                check: Box::new(move |before| {
                    let Write::Delete { key, check } = self.write() else {
                        return Err(mixed());
                    };
                    check(before)?;
                    match before {
                        Some(_) => self.removes(key),
                        None => Ok(()),
                    }
                }),
            },
            Write::Alter { key, scope, .. } => Write::Alter {
                key: key.clone(),
                scope: scope.clone(),
                alter: Box::new(move |before| {
                    let Write::Alter { key, alter, .. } = self.write() else {
                        return Err(mixed());
                    };
                    self.alters(key, alter, before)
                }),
            },
            Write::Set {
                key,
                changes,
                when,
                scope,
                ..
            } => Write::Set {
                key: key.clone(),
                changes: changes.clone(),
                when: when.clone(),
                scope: scope.clone(),
                alter: Box::new(move |before| {
                    let Write::Set { key, alter, .. } = self.write() else {
                        return Err(mixed());
                    };
                    self.alters(key, alter, before)
                }),
            },
        }
    }

    fn alters(
        &self,
        key: &Key,
        alter: &Alter<Record>,
        before: Option<&Record>,
    ) -> Result<Alteration<Record>> {
        let alteration = alter(before)?;
        match &alteration {
            Alteration::Put(after) => self.stores(before, after)?,
            Alteration::Remove if before.is_some() => self.removes(key)?,
            Alteration::Remove | Alteration::Keep => {}
        }
        Ok(alteration)
    }

    fn stores(&self, before: Option<&Record>, after: &Record) -> Result<()> {
        let Watched { model, cares, .. } = &self.watched;
        let own = model.find_key(after.as_ref());
        let is_own = |sought: &Sought| {
            cares.held[sought.held].reference.to == model.entity().id
                && own
                    .as_ref()
                    .is_some_and(|own| *own.values() == [sought.key.clone()])
        };
        let mut sought = cares.sought(model, before, after)?;
        sought.retain(|sought| !self.known.keys.contains(sought) && !is_own(sought));
        if sought.is_empty() {
            return Ok(());
        }
        let sought = sought.into_iter().map(|sought| (self.index, sought));
        self.wanted().keys.extend(sought);
        Err(first())
    }

    fn removes(&self, key: &Key) -> Result<()> {
        if self.watched.cares.referring.is_empty() || self.known.removed.contains(key) {
            return Ok(());
        }
        self.wanted().removed.push((self.index, key.clone()));
        Err(first())
    }

    fn wanted(&self) -> std::sync::MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a try; nobody sees it, because the next one follows.
fn first() -> Error {
    Error::aborted("keys are looked for first")
}

fn mixed() -> Error {
    Error::internal_error("the writes of a call changed places")
}
