//! The names that handlers and a `main` need: `use protoloop::prelude::*;`.

#[cfg(feature = "sqlite")]
pub use crate::SqliteConnector;
pub use crate::{
    Application, ApplicationError, Caller, Code, Context, Error, Hook, HookContext,
    HookRepositories, Key, MemoryConnector, Repository, RepositoryExt, ResponseStream, Result,
    Save, Streaming, field_mask,
};
