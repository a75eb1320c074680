//! The names that handlers and a `main` need: `use protoloop::prelude::*;`.

pub use crate::{
    Application, ApplicationError, Code, Context, Error, MemoryConnector, Repository,
    RepositoryExt, ResponseStream, Result, Streaming,
};
