//! `protoloop migrate new`.

use std::{fs, process::ExitCode};

use protoloop_migrate::file_for;
use serde_json::json;

use super::{Opened, options, show, told};
use crate::{
    args::{MigrateNew, Output},
    datasource,
    output::{self, Failure},
};

pub(super) async fn run(arguments: &MigrateNew) -> Result<ExitCode, Failure> {
    let opened = Opened::new(&arguments.database).await?;
    let options = options(&arguments.database, arguments.allow_destructive);
    let migrator = opened.migrator(options);
    let state = migrator.look().await.map_err(told)?;
    let plan = migrator.plan_for(&state);
    let status = migrator.status(&opened.folder).await.map_err(told)?;
    if let Some(pending) = status.pending().next() {
        return Err(Failure::at(
            datasource::shown(&arguments.database.db),
            format_args!(
                "migration {} was not applied there; apply it first, so that the next one begins where it ends",
                pending.id
            ),
        ));
    }
    if plan.is_empty() && !arguments.by_hand {
        output::line(
            "nothing to do: the database fits the models; --by-hand writes an empty migration",
        );
        return Ok(ExitCode::SUCCESS);
    }
    let dialect = opened.target.dialect().name();
    let version = opened.folder.next_version();
    let files = file_for(
        &plan,
        &state.record,
        version,
        &arguments.name,
        dialect,
        arguments.by_hand,
    )
    .map_err(told)?;
    let folder = opened.folder.path();
    fs::create_dir_all(folder).map_err(|error| Failure::at(folder.display(), error))?;
    let mut notes: Vec<String> = plan
        .withheld
        .iter()
        .map(|step| format!("withheld: {step}"))
        .collect();
    notes.extend(
        plan.problems
            .iter()
            .map(|problem| format!("to be written by hand: {problem}")),
    );
    let mut written = Vec::new();
    for file in files {
        let path = folder.join(format!("{}.sql", file.id()));
        let text = file.text(&notes);
        fs::write(&path, text).map_err(|error| Failure::at(path.display(), error))?;
        written.push(path.display().to_string());
    }
    match arguments.database.output {
        Output::Json => show::object(&json!({ "files": written })),
        Output::Text => written
            .iter()
            .for_each(|path| output::line(format_args!("wrote {path}"))),
    }
    Ok(ExitCode::SUCCESS)
}
