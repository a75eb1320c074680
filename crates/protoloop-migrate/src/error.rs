//! Errors that name the step.

use protoloop_core::Error;

/// The same error with what was under way in front of its message.
pub(crate) fn during(what: impl std::fmt::Display, error: Error) -> Error {
    let message = format!("{what}: {}", error.message());
    Error::new(error.code(), message).with_source(error)
}

/// Several problems as one error.
pub(crate) fn refused(what: &str, problems: &[String]) -> Error {
    Error::failed_precondition(format!("{what}:\n{}", problems.join("\n")))
}
