//! Typed mode from outside: generated code against the façade.

#![allow(missing_docs, reason = "a test binary has no readers")]

mod chat;
mod golden;
mod hooks;
#[cfg(feature = "gateway")]
mod in_process;
mod relations;
mod standard;
