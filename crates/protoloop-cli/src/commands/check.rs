//! `protoloop check`.

use std::process::ExitCode;

use protoloop_schema::{
    Diagnostic, Diagnostics, Schema,
    compatibility::{self, Breaking, Surface},
};
use serde_json::{Value, json};

use crate::{
    args::{Check, Output, Sources},
    output::{self, BOLD, CYAN, Failure, RED, RESET, YELLOW, counted},
};

/// Exit code when a change breaks those who use what is compared with.
const BREAKING: u8 = 2;

pub(crate) fn run(arguments: &Check) -> Result<ExitCode, Failure> {
    let compiled = match (super::compile(&arguments.sources), arguments.format) {
        (Err(Failure::Schema(problems)), Output::Json) => {
            output::line(json!({ "diagnostics": diagnostics(&problems) }));
            return Ok(ExitCode::FAILURE);
        }
        (compiled, _) => compiled?,
    };
    let (found, allowed) = against(arguments, &compiled.schema)?;
    match arguments.format {
        Output::Text => text(
            arguments,
            &compiled.schema,
            &compiled.warnings,
            &found,
            &allowed,
        ),
        Output::Json => output::line(json!({
            "diagnostics": diagnostics(&Diagnostics(compiled.warnings.clone())),
            "breaking": found.iter().map(object).collect::<Vec<_>>(),
            "allowed": allowed.iter().map(object).collect::<Vec<_>>(),
        })),
    }
    let denied = arguments.deny_warnings && !compiled.warnings.is_empty();
    Ok(match (found.is_empty(), denied) {
        (false, _) => ExitCode::from(BREAKING),
        (true, true) => ExitCode::FAILURE,
        (true, false) => ExitCode::SUCCESS,
    })
}

/// The breaking changes, and those that are agreed to.
fn against(arguments: &Check, new: &Schema) -> Result<(Vec<Breaking>, Vec<Breaking>), Failure> {
    if arguments.against.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let old = super::compile(&Sources {
        paths: arguments.against.clone(),
        includes: arguments.sources.includes.clone(),
    })?;
    let surfaces = arguments.breaks.iter().copied().map(Surface::from);
    let surfaces: Vec<_> = surfaces.collect();
    let found = compatibility::compare(&old.schema, new);
    let found = found.into_iter().filter(|one| one.breaks_any(&surfaces));
    Ok(found.partition(|one| !arguments.allow.iter().any(|allowed| allowed.allows(one))))
}

fn text(
    arguments: &Check,
    schema: &Schema,
    warnings: &[Diagnostic],
    found: &[Breaking],
    allowed: &[Breaking],
) {
    output::diagnostics(warnings);
    for (breaking, colour, word) in found
        .iter()
        .map(|one| (one, RED, ""))
        .chain(allowed.iter().map(|one| (one, YELLOW, "allowed: ")))
    {
        let breaks: Vec<_> = breaking.breaks.iter().map(|one| one.name()).collect();
        output::line(format_args!(
            "{BOLD}{}{RESET}: {word}{colour}{}{RESET}: {} (breaks {})",
            breaking.location,
            breaking.rule,
            breaking.message,
            breaks.join(", ")
        ));
        output::line(format_args!("  {CYAN}help{RESET}: {}", breaking.help));
    }
    if !found.is_empty() {
        output::line(counted(found.len(), "breaking change"));
        return;
    }
    let paths = arguments
        .against
        .iter()
        .map(|path| path.display().to_string());
    let paths: Vec<_> = paths.collect();
    let compatible = match paths.is_empty() {
        true => String::new(),
        false => format!("; compatible with {}", paths.join(" ")),
    };
    output::line(format_args!(
        "ok: {}, {}, {}{compatible}",
        counted(schema.entities().len(), "model"),
        counted(schema.services().len(), "service"),
        counted(schema.methods().len(), "method"),
    ));
}

fn object(breaking: &Breaking) -> Value {
    let breaks: Vec<_> = breaking.breaks.iter().map(|one| one.name()).collect();
    json!({
        "rule": breaking.rule.name(),
        "element": breaking.element,
        "file": breaking.location.file,
        "line": breaking.location.line,
        "column": breaking.location.column,
        "message": breaking.message,
        "help": breaking.help,
        "breaks": breaks,
    })
}

fn diagnostics(diagnostics: &Diagnostics) -> Vec<Value> {
    let object = |one: &Diagnostic| {
        json!({
            "severity": match one.severity {
                protoloop_schema::Severity::Error => "error",
                protoloop_schema::Severity::Warning => "warning",
            },
            "file": one.location.file,
            "line": one.location.line,
            "column": one.location.column,
            "message": one.message,
            "help": one.help,
        })
    };
    diagnostics.0.iter().map(object).collect()
}
