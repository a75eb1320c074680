//! The names that handlers and a `main` need: `use protoloop::prelude::*;`.

#[cfg(feature = "sqlite")]
pub use crate::SqliteConnector;
pub use crate::{
    Application, ApplicationError, Caller, Code, Context, Error, Key, MemoryConnector, Repository,
    RepositoryExt, ResponseStream, Result, Streaming, field_mask,
};
