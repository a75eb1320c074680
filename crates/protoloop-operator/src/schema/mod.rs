//! The schema is the operator's business: what is served, what may be served next, and how the database gets there.
//!
//! - [`Compiler`]: from what a ConfigMap holds to what is told of a schema, and what it breaks of another one.
//! - [`decide`]: from everything that is known to the next step. Pure; the whole order of a rollout stands there.
//! - [`jobs`]: the Jobs that expand and contract.

mod compile;
mod decision;
pub mod jobs;

pub use compile::{Checked, Compiler, Outcome};
pub use decision::{
    Candidate, Decision, JobState, Migrates, Phase, Said, Situation, Wanted, decide,
};
