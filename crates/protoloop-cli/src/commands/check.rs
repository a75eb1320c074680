//! `protoloop check`.

use std::process::ExitCode;

use crate::{
    args::Check,
    output::{self, Failure, counted},
};

pub(crate) fn run(arguments: &Check) -> Result<ExitCode, Failure> {
    let compiled = super::compile(&arguments.sources)?;
    let schema = &compiled.schema;
    output::diagnostics(&compiled.warnings);
    output::line(format_args!(
        "ok: {}, {}, {}",
        counted(schema.entities().len(), "model"),
        counted(schema.services().len(), "service"),
        counted(schema.methods().len(), "method"),
    ));
    let denied = arguments.deny_warnings && !compiled.warnings.is_empty();
    Ok(if denied {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
