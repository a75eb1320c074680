//! Rows in the memory of the process: for tests, prototypes and caches.

mod find;
mod repository;
mod store;
#[cfg(test)]
mod tests;
mod transaction;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use protoloop_core::{BoxFuture, Error, Result};

use crate::{Connector, Model, Record, Repository};
use repository::MemoryRepository;

/// A connector whose rows live as long as it does. Reads take no lock that another read could hold up.
#[derive(Debug, Default)]
pub struct MemoryConnector {
    repositories: RwLock<HashMap<Arc<str>, Arc<MemoryRepository>>>,
}

impl MemoryConnector {
    /// A connector without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Connector for MemoryConnector {
    fn name(&self) -> &str {
        "memory"
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        let mut repositories = self
            .repositories
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for model in models {
            repositories
                .entry(Arc::clone(&model.message().full_name))
                .or_insert_with(|| Arc::new(MemoryRepository::new(model)));
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

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
