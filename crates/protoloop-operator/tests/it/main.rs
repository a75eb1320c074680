//! The operator's binary against a real API server, without nodes: who wants to know how pods are is told so by the tests.
//!
//! Most tests share one server and have a namespace each; operators log in as the account of the operator's manifests, so what
//! those do not allow fails the tests. Where there is no such server (`cargo xtask test` installs it), they say why and do nothing.

mod adoption;
mod drift;
mod leaders;
mod many;
mod quiet;
mod rights;
mod routes;
mod runbooks;
mod scaling;
mod schema;
mod secrets;
mod support;
mod throttle;
mod verdicts;
