//! The operator's binary against a real API server, without nodes: who wants to know how pods are is told so by the tests.
//!
//! Where there is no such server (`cargo xtask test` installs it), the tests say why and do nothing.

mod adoption;
mod drift;
mod leaders;
mod many;
mod quiet;
mod scaling;
mod secrets;
mod support;
mod verdicts;
