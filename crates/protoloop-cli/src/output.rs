//! What a person reads: results on standard output, problems on standard error, colours only on a terminal.

use std::{fmt, io::Write, process::ExitCode};

use protoloop_schema::{Diagnostic, Diagnostics, Severity};

/// Exit code for wrong input: schemas, paths, addresses (`EX_DATAERR` and its kin are all 1 here, as compilers do).
const WRONG_INPUT: u8 = 1;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The schema has errors; they are shown one by one.
    Schema(Diagnostics),
    /// Something that is needed does not answer; it may later.
    Away(String),
    /// Anything else: one sentence that names the place, and the cause if there is one.
    Other(String),
}

impl Failure {
    /// A failure of `what` (a path, an address, a URL) with its cause.
    pub(crate) fn at(what: impl fmt::Display, cause: impl fmt::Display) -> Self {
        Self::Other(format!("{what}: {cause}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(WRONG_INPUT)
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Schema(diagnostics)
    }
}

/// Writes a line to standard output. A closed pipe ends the program quietly, as `head` expects.
pub(crate) fn line(text: impl fmt::Display) {
    if writeln!(anstream::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Writes bytes to standard output as they are.
pub(crate) fn raw(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Writes a note to standard error. Nothing can be done when that is closed.
pub(crate) fn note(text: impl fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Shows why a command failed.
pub(crate) fn failure(failure: &Failure) {
    match failure {
        Failure::Schema(diagnostics) => self::diagnostics(&diagnostics.0),
        Failure::Other(text) | Failure::Away(text) => {
            note(format_args!("{RED}error{RESET}: {text}"));
        }
    }
}

/// Shows every diagnostic and, behind them, how many there were.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let (colour, word) = match diagnostic.severity {
            Severity::Error => (RED, "error"),
            Severity::Warning => (YELLOW, "warning"),
        };
        note(format_args!(
            "{BOLD}{}{RESET}: {colour}{word}{RESET}: {}",
            diagnostic.location, diagnostic.message
        ));
        if let Some(help) = &diagnostic.help {
            note(format_args!("  {CYAN}help{RESET}: {help}"));
        }
    }
    if !diagnostics.is_empty() {
        note(summary(diagnostics));
    }
}

/// `2 errors, 1 warning`.
pub(crate) fn summary(diagnostics: &[Diagnostic]) -> String {
    let count = |severity| {
        diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    };
    format!(
        "{}, {}",
        counted(count(Severity::Error), "error"),
        counted(count(Severity::Warning), "warning")
    )
}

/// `1 route`, `2 routes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

pub(crate) const BOLD: &str = "\x1b[1m";
pub(crate) const CYAN: &str = "\x1b[36m";
pub(crate) const RED: &str = "\x1b[1;31m";
pub(crate) const RESET: &str = "\x1b[0m";
pub(crate) const YELLOW: &str = "\x1b[1;33m";
