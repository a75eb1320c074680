//! `cargo xtask test`: everything there is to test, from a machine that has only Rust.

mod summary;

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, ExitCode, ExitStatus, Stdio},
};

use self::summary::Summary;
use crate::{
    Fallible, console, process,
    tools::{self, Tool},
};

/// Provides what the tests drive, runs them all and closes with one line of numbers.
///
/// That line is the last one printed, also when tests fail, for CI reads it: hence an exit code and no error.
///
/// `arguments` may hold `--forbid-skip` and, behind `--`, arguments for `cargo test`.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Fallible<ExitCode> {
    let (own, cargo) = match arguments.iter().position(|argument| *argument == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (arguments, &[][..]),
    };
    if let Some(unknown) = own.iter().find(|argument| **argument != "--forbid-skip") {
        return Err(format!(
            "unknown argument {unknown}; arguments for `cargo test` go behind `--`"
        )
        .into());
    }
    let forbid_skip = !own.is_empty() || env::var("CI").is_ok_and(|value| value == "true");
    let tools = tools::all(root);
    show(&tools);
    if forbid_skip
        && tools
            .iter()
            .any(|tool| tool.found.is_err() && !tool.may_miss())
    {
        console::note("a tool is missing and skipping is forbidden");
        console::say("0 passed, 1 failed, 0 skipped");
        return Ok(ExitCode::FAILURE);
    }
    let (status, summary) = run_cargo(&mut command(root, cargo, &tools, forbid_skip))?;
    for (test, reason) in summary.skipped() {
        console::say(format_args!("skipped {test}: {reason}"));
    }
    console::say(summary.closing_line(status.success()));
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(tools: &[Tool]) {
    for tool in tools {
        match &tool.found {
            Ok(path) => console::note(format_args!("{}={}", tool.variable, path.display())),
            Err(reason) => console::note(format_args!("{} is missing: {reason}", tool.variable)),
        }
    }
}

fn command(root: &Path, arguments: &[&str], tools: &[Tool], forbid_skip: bool) -> Command {
    let mut command = process::cargo(root);
    command.args(["test", "--no-fail-fast"]);
    let everything = !arguments
        .iter()
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if everything {
        // The program is tested as the image has it.
        command.args(["--workspace", "--features", "protoloop-cli/kubernetes"]);
    }
    let has_mysql = everything || arguments.contains(&"protoloop-mysql");
    if has_mysql && env::var_os(tools::WITH_MYSQL).is_some() {
        command.args(["--features", "protoloop-mysql/with-mysql"]);
    }
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for tool in tools {
        tools::announce(tool, &mut command);
    }
    if forbid_skip {
        command.env("PROTOLOOP_TESTS_FORBID_SKIP", "1");
    }
    command
}

/// Passes on what cargo prints, line by line as it comes, and counts along.
fn run_cargo(command: &mut Command) -> Fallible<(ExitStatus, Summary)> {
    let mut child = command.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("cargo has no output")?);
    let mut out = std::io::stdout();
    let mut summary = Summary::default();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        out.flush()?;
        summary.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok((child.wait()?, summary))
}
