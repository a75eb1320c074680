//! Writes with hooks around them.

use std::sync::{Mutex, PoisonError};

use protoloop_core::{CallContext, Error, Result};

use super::{ModelHooks, Save};
use crate::{
    Alter, Alteration, Filter, Key, Query, Record, Repository, TransactionOptions, Write,
    WriteError,
    managed::{guard::both, keyed, stamp::Stamp},
    transaction::{self, serialization_failure},
};

/// How often a row is looked at again that others changed while its hooks ran.
const ATTEMPTS: usize = 5;

/// Writes of one call, with what they are done with.
pub(in crate::managed) struct Flow<'a> {
    pub(in crate::managed) inner: &'a dyn Repository<Record>,
    pub(in crate::managed) hooks: &'a ModelHooks,
    pub(in crate::managed) stamp: &'a Stamp,
    /// Creates and alterations only.
    pub(in crate::managed) writes: Vec<Write<Record>>,
}

/// What a row comes to.
enum Fate {
    Kept(Option<Record>),
    Stored(Save<Record>),
    /// The row as it was, and the one that is stored in its place where it is only marked.
    Deleted(Record, Option<Record>),
}

impl Flow<'_> {
    /// Does the writes in one transaction with what their hooks do.
    pub(in crate::managed) async fn run(
        &self,
        cx: &CallContext,
    ) -> Result<Vec<Option<Record>>, WriteError> {
        let failed = Mutex::new(None);
        let options = TransactionOptions::new();
        let begin = || self.inner.begin(cx, &options);
        let work = |cx: CallContext| {
            let failed = &failed;
            async move {
                let outcome = self.all(&cx, true).await;
                outcome.map_err(|WriteError { index, error }| {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = index;
                    error
                })
            }
        };
        let outcome = transaction::run(cx, &options, begin, work).await;
        outcome.map_err(|error| WriteError {
            index: failed.into_inner().unwrap_or_else(PoisonError::into_inner),
            error,
        })
    }

    /// Does everything but that: hooks may refuse, what comes after a write is not run, and all is rolled back.
    pub(in crate::managed) async fn attempt(
        &self,
        cx: &CallContext,
    ) -> Result<Vec<Option<Record>>, WriteError> {
        let transaction = self.inner.begin(cx, &TransactionOptions::new()).await?;
        let outcome = self.all(&transaction.cx().clone(), false).await;
        transaction.rollback().await?;
        outcome
    }

    async fn all(&self, cx: &CallContext, after: bool) -> Result<Vec<Option<Record>>, WriteError> {
        let mut answers = Vec::with_capacity(self.writes.len());
        for (index, write) in self.writes.iter().enumerate() {
            let fate = match write {
                Write::Create(row) => self.create(cx, row).await,
                Write::Alter { key, scope, alter } => {
                    self.alter(cx, key, scope.as_ref(), alter).await
                }
                Write::Modify { .. } | Write::Delete { .. } | Write::Set { .. } => {
                    Err(Error::internal_error("a write that is not prepared"))
                }
            };
            let done = match (fate, after) {
                (Ok(fate), true) => self.after(cx, fate).await,
                (Ok(fate), false) => Ok(fate.answer()),
                (Err(error), _) => Err(error),
            };
            answers.push(done.map_err(|error| WriteError::at(index, error))?);
        }
        Ok(answers)
    }

    async fn create(&self, cx: &CallContext, row: &Record) -> Result<Fate> {
        let mut save = Save {
            row: row.clone(),
            previous: None,
        };
        self.hooks.before_save(cx, &mut save).await?;
        let row = self.stamp.restamped(None, save.row)?;
        let stored = self.write(cx, Write::Create(row)).await?;
        save.row = stored.ok_or_else(|| Error::internal_error("a create answered no row"))?;
        Ok(Fate::Stored(save))
    }

    async fn alter(
        &self,
        cx: &CallContext,
        key: &Key,
        scope: Option<&Filter>,
        alter: &Alter<Record>,
    ) -> Result<Fate> {
        for _ in 0..ATTEMPTS {
            let (scope, previous) = self.previous(cx, key, scope).await?;
            let (fate, alteration) = match alter(previous.as_ref())? {
                Alteration::Keep => return Ok(Fate::Kept(previous)),
                Alteration::Remove => match previous.clone() {
                    None => return Ok(Fate::Kept(None)),
                    Some(row) => {
                        self.hooks.before_delete(cx, &row).await?;
                        (Fate::Deleted(row, None), Alteration::Remove)
                    }
                },
                Alteration::Put(row) => self.put(cx, previous.clone(), row).await?,
            };
            let write = Write::Alter {
                key: key.clone(),
                scope,
                alter: Box::new(move |present| match present == previous.as_ref() {
                    true => Ok(alteration.clone()),
                    false => Err(Error::aborted(CHANGED)),
                }),
            };
            match self.write(cx, write).await {
                Err(error) if error.message() == CHANGED => {}
                Err(error) => return Err(error),
                Ok(_) => return Ok(fate),
            }
        }
        Err(serialization_failure())
    }

    /// The hooks of a row that is stored in the place of another, or marked as deleted.
    async fn put(
        &self,
        cx: &CallContext,
        previous: Option<Record>,
        row: Record,
    ) -> Result<(Fate, Alteration<Record>)> {
        let model = self.inner.model();
        let marks = |previous: &Record| {
            model.is_deleted(row.as_ref()) && !model.is_deleted(previous.as_ref())
        };
        match previous {
            Some(previous) if marks(&previous) => {
                self.hooks.before_delete(cx, &previous).await?;
                let fate = Fate::Deleted(previous, Some(row.clone()));
                Ok((fate, Alteration::Put(row)))
            }
            previous => {
                let mut save = Save { row, previous };
                self.hooks.before_save(cx, &mut save).await?;
                save.row = self.stamp.restamped(save.previous.as_ref(), save.row)?;
                let row = save.row.clone();
                Ok((Fate::Stored(save), Alteration::Put(row)))
            }
        }
    }

    /// The row of a key as the hooks of queries let it be seen, and the condition for that.
    async fn previous(
        &self,
        cx: &CallContext,
        key: &Key,
        scope: Option<&Filter>,
    ) -> Result<(Option<Filter>, Option<Record>)> {
        let model = self.inner.model();
        let asked = keyed::is_one_of(model, std::slice::from_ref(key));
        let mut query = Query::new(model.key_order().clone());
        query.filter = Some(asked.clone());
        self.hooks.before_query(cx, &mut query).await?;
        let own = query.filter.take().filter(|filter| *filter != asked);
        let lasting = own.clone().filter(|filter| !filter.is_related());
        query.filter = both(scope.cloned(), both(Some(asked), own));
        query.limit = Some(1);
        let found = self.inner.find(cx, &query).await?.pop();
        Ok((both(scope.cloned(), lasting), found))
    }

    async fn write(&self, cx: &CallContext, write: Write<Record>) -> Result<Option<Record>> {
        let mut answers = self.inner.write(cx, vec![write]).await?;
        Ok(answers.pop().flatten())
    }

    async fn after(&self, cx: &CallContext, fate: Fate) -> Result<Option<Record>> {
        match &fate {
            Fate::Kept(_) => {}
            Fate::Stored(save) => self.hooks.after_save(cx, save).await?,
            Fate::Deleted(row, _) => self.hooks.after_delete(cx, row).await?,
        }
        Ok(fate.answer())
    }
}

/// What the store is told when the row is not the one that the hooks have seen.
const CHANGED: &str = "changed while its hooks ran";

impl Fate {
    fn answer(self) -> Option<Record> {
        match self {
            Self::Kept(row) => row,
            Self::Stored(save) => Some(save.row),
            Self::Deleted(_, Some(marked)) => Some(marked),
            Self::Deleted(row, None) => Some(row),
        }
    }
}
