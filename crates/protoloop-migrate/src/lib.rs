//! Bringing a database to the schema that its models need.
//!
//! - [`Target`] and [`Session`]: what a driver does for migrations.
//! - [`Desired`]: the tables of the models.
//! - [`Migrator`]: plans, applies, verifies; directly from the models or by the versioned files of a [`Folder`].
//! - [`Folder`], [`MigrationFile`]: versioned SQL files with their checksums.
//!
//! Everything that changes a database does so under a lock that all processes share, and keeps a journal beside it, so
//! that replicas which start together apply once and a crash in the middle is gone on from.

mod desired;
mod error;
mod execute;
mod file;
mod folder;
mod journal;
mod migrator;
mod observe;
mod start;
mod state;
mod status;
mod target;

pub use desired::Desired;
pub use file::{MigrationFile, checksum};
pub use folder::Folder;
pub use journal::{Entry, EntryState};
pub use migrator::{Applied, Migrator, Options, Phases, file_for};
pub use observe::{Event, Observer, Quiet};
/// What plans are made of.
pub use protoloop_sql::migrate::{Action, Phase, Plan, Record, Safety, Step};
pub use state::{State, sample_type};
pub use status::{FileStatus, Status};
pub use target::{BoxSession, Session, Target};
