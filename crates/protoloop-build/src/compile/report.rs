//! What the parser and the linker say, as diagnostics.

use std::path::Path;

use miette::LabeledSpan;
use prost_reflect::DescriptorError;
use protoloop_schema::{Diagnostic, Location, Severity};
use protox_parse::ParseError;

/// An error at a place.
pub(super) fn error(location: Location, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        location,
        message: message.into(),
        help: None,
    }
}

/// An error about a path as a whole.
pub(super) fn about_path(path: &Path, message: &str, help: &str) -> Diagnostic {
    Diagnostic {
        help: Some(help.to_owned()),
        ..error(at(path, None), message)
    }
}

/// A path that cannot be read.
pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Diagnostic {
    error(at(path, None), format!("cannot be read: {cause}"))
}

/// A place in a file; `position` is line and column, from 1.
pub(super) fn at(path: &Path, position: Option<(u32, u32)>) -> Location {
    let (line, column) = position.unwrap_or_default();
    Location {
        file: path.display().to_string(),
        line,
        column,
    }
}

/// The place of a byte offset.
pub(super) fn at_offset(path: &Path, text: &str, offset: usize) -> Location {
    at(path, Some(position(text, offset)))
}

/// Everything the parser found wrong with a file.
pub(super) fn of_parse(failure: &ParseError, path: &Path, text: &str) -> Vec<Diagnostic> {
    let at_edition = failure.span().and_then(|span| text.get(span)) == Some("edition");
    if at_edition {
        let span = failure.span().map_or(0, |span| span.start);
        return vec![Diagnostic {
            help: Some(
                "write `syntax = \"proto3\";` instead of `edition = …;`; \
                 a field that needs presence is then `optional`"
                    .to_owned(),
            ),
            ..error(
                at_offset(path, text, span),
                "protobuf editions are not supported",
            )
        }];
    }
    let end_of_file = text.trim_end().len();
    every(failure)
        .map(|one| {
            let offset = primary_label(one).map_or(end_of_file, |label| label.offset());
            describe(one, at_offset(path, text, offset))
        })
        .collect()
}

/// Everything the linker found wrong with a file.
pub(super) fn of_link(failure: DescriptorError, path: &Path, text: &str) -> Vec<Diagnostic> {
    let failure = failure.with_source_code(text);
    let first = failure
        .line()
        .zip(failure.column())
        .map(|(line, column)| (one_based(line), one_based(column)));
    every(&failure)
        .enumerate()
        .map(|(index, one)| {
            let label = || primary_label(one).map(|label| position(text, label.offset()));
            let place = if index == 0 { first } else { label() };
            let place = place.or_else(|| place_of_name(&one.to_string(), text));
            describe(one, at(path, place))
        })
        .collect()
}

/// The failure itself and the ones related to it.
fn every(failure: &dyn miette::Diagnostic) -> impl Iterator<Item = &dyn miette::Diagnostic> {
    std::iter::once(failure).chain(failure.related().into_iter().flatten())
}

fn describe(failure: &dyn miette::Diagnostic, location: Location) -> Diagnostic {
    let mut message = failure.to_string();
    // An option's own text has its own parser, whose finding is the useful half.
    if let Some(cause) = failure.diagnostic_source() {
        message = format!("{message}: {cause}");
    }
    let help = failure
        .help()
        .or_else(|| {
            failure
                .diagnostic_source()
                .and_then(miette::Diagnostic::help)
        })
        .map(|help| help.to_string());
    Diagnostic {
        help,
        ..error(location, message)
    }
}

/// The label that stands where the mistake is, not where the thing it clashes with was defined.
fn primary_label(failure: &dyn miette::Diagnostic) -> Option<LabeledSpan> {
    let labels: Vec<LabeledSpan> = failure.labels()?.collect();
    let is_primary = |label: &&LabeledSpan| {
        let text = label.label().unwrap_or_default();
        text.starts_with("found") || text.contains("again") || text == "defined here"
    };
    let primary = labels.iter().find(is_primary).or(labels.first());
    primary.cloned()
}

/// Where the name that a message tells stands first, or else the nearest of those around it. The linker knows no place of what
/// stands for a map.
fn place_of_name(message: &str, text: &str) -> Option<(u32, u32)> {
    let name = message.split('\'').nth(1)?;
    let offset = name.rsplit('.').find_map(|part| offset_of_word(part, text));
    offset.map(|offset| position(text, offset))
}

fn offset_of_word(word: &str, text: &str) -> Option<usize> {
    let is_end =
        |next: Option<char>| next.is_none_or(|next| next != '_' && !next.is_alphanumeric());
    let mut found = text.match_indices(word).map(|(at, _)| at);
    found.find(|at| {
        let (before, behind) = (&text[..*at], &text[at + word.len()..]);
        !word.is_empty() && is_end(before.chars().next_back()) && is_end(behind.chars().next())
    })
}

/// Line and column, from 1, of a byte offset; the column counts characters.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        one_based(before.matches('\n').count()),
        one_based(before[start..].chars().count()),
    )
}

fn one_based(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}
