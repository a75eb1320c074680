//! What the commands print.

use protoloop_migrate::{Applied, EntryState, Plan, Safety, Status, Step};
use serde_json::{Value, json};

use crate::{
    args::Output,
    output::{self, BOLD, CYAN, RED, RESET, YELLOW, counted},
};

pub(super) fn plan(plan: &Plan, dialect: &str, output: Output) {
    let obstacles = plan.obstacles();
    if output == Output::Json {
        return object(&json!({
            "dialect": dialect,
            "steps": plan.steps,
            "withheld": plan.withheld,
            "problems": plan.problems,
            "obstacles": obstacles,
            "downtime": plan.needs_downtime().iter().map(ToString::to_string).collect::<Vec<_>>(),
        }));
    }
    if plan.is_empty() {
        return output::line("nothing to do: the database fits the models");
    }
    for (number, step) in (1..).zip(&plan.steps) {
        output::line(format_args!("{BOLD}{number}.{RESET} {}", coloured(step)));
        detail(step);
    }
    withheld(&plan.withheld);
    for problem in &plan.problems {
        output::line(format_args!("{RED}problem{RESET}: {problem}"));
    }
    for step in plan.needs_downtime() {
        output::line(format_args!(
            "{YELLOW}needs downtime{RESET}: {}: code of before does not live with it, nor code of now without it",
            step.action
        ));
    }
    output::line(format_args!(
        "{}, {} withheld, {}",
        counted(plan.steps.len(), "step"),
        plan.withheld.len(),
        counted(plan.problems.len(), "problem")
    ));
}

fn coloured(step: &Step) -> String {
    match step.safety {
        Safety::Safe => step.to_string(),
        Safety::Destructive => format!("{YELLOW}{step}{RESET}"),
    }
}

fn detail(step: &Step) {
    if !step.note.is_empty() {
        output::line(format_args!("   {CYAN}note{RESET}: {}", step.note));
    }
    for sql in &step.sql {
        output::line(format_args!("   {sql};"));
    }
}

fn withheld(steps: &[Step]) {
    for step in steps {
        let why = match step.safety {
            Safety::Destructive => "needs --allow-destructive",
            Safety::Safe => "left for later",
        };
        output::line(format_args!("{YELLOW}withheld{RESET} ({why}): {step}"));
        if !step.note.is_empty() {
            output::line(format_args!("   {CYAN}note{RESET}: {}", step.note));
        }
    }
}

pub(super) fn applied(applied: &Applied, left: Option<&Status>, output: Output) {
    let missing = left.map_or(0, |status| {
        status.plan.steps.len() + status.plan.withheld.len()
    });
    if output == Output::Json {
        return object(&json!({
            "applied": applied.ids,
            "steps": applied.steps,
            "withheld": applied.withheld,
            "missing": missing,
        }));
    }
    if applied.ids.is_empty() {
        output::line("nothing to do");
    } else {
        output::line(format_args!(
            "applied {} ({})",
            applied.ids.join(", "),
            counted(applied.steps.len(), "step")
        ));
    }
    withheld(&applied.withheld);
    if missing > 0 {
        output::line(format_args!(
            "{YELLOW}the models need {} more that no migration has{RESET}: `protoloop migrate new NAME` writes one",
            counted(missing, "step")
        ));
    }
}

pub(super) fn status(status: &Status, output: Output) {
    if output == Output::Json {
        let mut object_of = serde_json::to_value(status).unwrap_or(Value::Null);
        object_of["drift"] = json!(status.drift());
        return object(&object_of);
    }
    for file in &status.files {
        let state = match file.state {
            Some(EntryState::Done) => "applied".to_owned(),
            Some(_) => format!("broken off behind step {} of {}", file.done, file.steps),
            None => format!("{YELLOW}waits{RESET}"),
        };
        output::line(format_args!(
            "{}  {state}  ({}, {})",
            file.id,
            counted(file.steps, "step"),
            file.phase
        ));
    }
    for entry in status.journal.iter().filter(|entry| !entry.is_file()) {
        output::line(format_args!(
            "{}  {}  ({}, {})",
            entry.id,
            match entry.state {
                EntryState::Done => "applied",
                EntryState::Running => "running or broken off",
                EntryState::Replaced => "broken off, and gone on from",
            },
            counted(entry.steps, "step"),
            entry.started
        ));
    }
    for problem in &status.problems {
        output::line(format_args!("{RED}problem{RESET}: {problem}"));
    }
    let open = status.plan.steps.len() + status.plan.withheld.len() + status.plan.problems.len();
    if open == 0 {
        output::line("the database fits the models");
    } else {
        output::line(format_args!(
            "{YELLOW}the models need {}{RESET}; `protoloop migrate plan` shows them",
            counted(open, "change")
        ));
    }
}

pub(super) fn drift(drift: &[String], obstacles: &[String], output: Output) {
    if output == Output::Json {
        return object(&json!({ "drift": drift, "obstacles": obstacles }));
    }
    for line in drift {
        output::line(line);
    }
    if drift.is_empty() {
        output::line("files, models and database agree");
    }
}

pub(super) fn object(object: &Value) {
    output::line(object);
}
