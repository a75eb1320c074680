//! The expected files of `protoloop-build`'s golden cases, compiled with warnings as errors.

#![deny(warnings, missing_docs, unreachable_pub)]
#![allow(dead_code, unreachable_pub, reason = "compiling is the test")]

/// Handlers of every kind.
#[path = "../../../protoloop-build/tests/golden/handlers/expected/protoloop.rs"]
pub(crate) mod handlers;
/// A model and its synthesised service.
#[path = "../../../protoloop-build/tests/golden/model/expected/protoloop.rs"]
pub(crate) mod model;
/// Models that are nested messages, in a package whose name is a keyword.
#[path = "../../../protoloop-build/tests/golden/nested/expected/protoloop.rs"]
pub(crate) mod nested;
/// Models with a relation of every kind, in two packages.
#[path = "../../../protoloop-build/tests/golden/relations/expected/protoloop.rs"]
pub(crate) mod relations;
