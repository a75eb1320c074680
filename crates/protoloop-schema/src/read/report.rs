//! Collects the problems of a run.

use crate::{Diagnostic, Diagnostics, Location, Severity};

#[derive(Debug, Default)]
pub(crate) struct Report {
    found: Vec<Diagnostic>,
}

impl Report {
    pub(crate) fn error(
        &mut self,
        location: Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, location, message.into(), help.into());
    }

    pub(crate) fn warning(
        &mut self,
        location: Location,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, location, message.into(), help.into());
    }

    fn push(&mut self, severity: Severity, location: Location, message: String, help: String) {
        self.found.push(Diagnostic {
            severity,
            location,
            message,
            help: Some(help).filter(|help| !help.is_empty()),
        });
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Everything found, by place; what was found twice is told once.
    pub(crate) fn finish(mut self) -> Diagnostics {
        self.found
            .sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
        self.found.dedup();
        Diagnostics(self.found)
    }
}
