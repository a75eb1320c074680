//! Why a gateway does not start.

use std::fmt;

use protoloop_schema::Diagnostics;

/// Everything that keeps a gateway from starting.
#[derive(Debug)]
#[non_exhaustive]
pub enum GatewayError {
    /// The schema or the rules have errors, each with its place.
    Schema(Diagnostics),
    /// Addresses, files, configuration: one text a problem.
    Problems(Vec<String>),
}

impl GatewayError {
    pub(super) fn text(problem: &dyn fmt::Display) -> Self {
        Self::Problems(vec![problem.to_string()])
    }
}

impl From<Diagnostics> for GatewayError {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Schema(diagnostics)
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(diagnostics) => write!(f, "{diagnostics}"),
            Self::Problems(problems) => f.write_str(&problems.join("\n")),
        }
    }
}

impl std::error::Error for GatewayError {}
