//! Why an application does not start.

use std::fmt;

use protoloop_core::Error;

/// Every problem that keeps an application from starting. Its `Debug` is its `Display`, because that is how a `main`
/// that returns it is shown.
pub struct ApplicationError {
    problems: Vec<String>,
}

impl ApplicationError {
    pub(super) fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    pub(super) fn one(problem: impl Into<String>) -> Self {
        Self::new(vec![problem.into()])
    }

    /// One text per problem.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application cannot start")?;
        for problem in &self.problems {
            write!(f, "\n  {}", problem.replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApplicationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ApplicationError {}

/// An error with what is only for the log: at start-up the reader is the operator.
pub(super) fn whole(error: &Error) -> String {
    let mut text = error.message().to_owned();
    if let Some(internal) = error.internal() {
        text = format!("{text} ({internal})");
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
