//! The repositories of an application, for hooks.

use std::sync::Arc;

use prost::Name;
use protoloop_core::Result;
use protoloop_repository::{Entity, HookContext, Recode, Repository};

/// Finds repositories by their message type.
pub trait HookRepositories {
    /// The rows of another model. What is done with the hook's context happens in the transaction of the write.
    ///
    /// # Errors
    /// INTERNAL when the application's schema has no such model.
    fn repository<E: Entity + Name>(&self) -> Result<Arc<dyn Repository<E>>>;
}

impl HookRepositories for HookContext<'_> {
    fn repository<E: Entity + Name>(&self) -> Result<Arc<dyn Repository<E>>> {
        Ok(Arc::new(Recode::new(self.records(&E::full_name())?)))
    }
}
