//! The one place that writes to the terminal.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks to its terminal"
)]

use std::fmt;

/// A result, on standard output.
pub(crate) fn say(text: impl fmt::Display) {
    println!("{text}");
}

/// A note or a problem, on standard error.
pub(crate) fn note(text: impl fmt::Display) {
    eprintln!("{text}");
}
