//! Rows in the memory of the process: for tests, prototypes and caches.

mod changes;
mod find;
mod references;
mod related;
mod repository;
mod rows;
mod shared;
mod store;
#[cfg(test)]
mod tests;
mod transaction;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use protoloop_core::{BoxFuture, CallContext, Error, Result};

use crate::{Capabilities, Connector, Model, Record, Repository, Transaction, TransactionOptions};
use repository::MemoryRepository;
use shared::Shared;

/// A connector whose rows live as long as it does. Reads take no lock that another read could hold up.
///
/// A transaction that writes has its turn alone: other writers wait for it, readers see what was committed. It works on a
/// copy of each model that it changes, so the first change of a model in it takes as long as the model has rows.
#[derive(Debug, Default)]
pub struct MemoryConnector {
    shared: Arc<Shared>,
    repositories: RwLock<HashMap<Arc<str>, Arc<MemoryRepository>>>,
}

impl MemoryConnector {
    /// A connector without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The datasource, as the models name it that are stored here.
    fn datasource(&self) -> Arc<str> {
        let repositories = self
            .repositories
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut named = repositories.values().map(|found| found.datasource());
        named.next().unwrap_or_else(|| self.name().into())
    }
}

impl Connector for MemoryConnector {
    fn name(&self) -> &str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL.without_durability()
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        let mut repositories = self
            .repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for model in models {
            repositories
                .entry(Arc::clone(&model.message().full_name))
                .or_insert_with(|| Arc::new(MemoryRepository::new(model, &self.shared)));
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let repositories = self
            .repositories
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match repositories.get(model.full_name()) {
            Some(found) => Ok(Arc::clone(found) as Arc<dyn Repository<Record>>),
            None => Err(Error::failed_precondition(format!(
                "{} was not prepared in the memory connector",
                model.full_name()
            ))),
        }
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        Box::pin(
            async move { transaction::begin(&self.shared, cx, options, self.datasource()).await },
        )
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
