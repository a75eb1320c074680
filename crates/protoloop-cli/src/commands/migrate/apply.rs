//! `protoloop migrate apply`.

use std::{fs, process::ExitCode, time::Duration};

use protoloop_migrate::{Applied, Options, Phases};

use super::{Opened, options, progress, show, told};
use crate::{
    args::{MigrateApply, UpTo},
    output::Failure,
};

pub(super) async fn run(arguments: &MigrateApply) -> Result<ExitCode, Failure> {
    let opened = Opened::new(&arguments.database).await?;
    let options = Options {
        phases: match arguments.phase {
            UpTo::All => Phases::All,
            UpTo::Expand => Phases::Expand,
            UpTo::Contract => Phases::Contract,
        },
        lock_wait: Duration::from_secs(arguments.lock_wait),
        ..options(&arguments.database, arguments.allow_destructive)
    };
    if arguments.no_downtime {
        refuse_downtime(&opened, options.clone()).await?;
    }
    let applied = apply(&opened, options.clone()).await?;
    if let Some(file) = &arguments.report {
        fs::write(file, report(&applied)).map_err(|error| Failure::at(file.display(), error))?;
    }
    let left = if opened.folder.files().is_empty() {
        None
    } else {
        let migrator = opened.migrator(options);
        Some(migrator.status(&opened.folder).await.map_err(told)?)
    };
    show::applied(&applied, left.as_ref(), arguments.database.output);
    Ok(ExitCode::SUCCESS)
}

/// Fails where no order of rollout and migration leaves both versions of the code working.
async fn refuse_downtime(opened: &Opened, options: Options) -> Result<(), Failure> {
    let plan = opened.migrator(options).plan().await.map_err(told)?;
    let steps: Vec<_> = plan
        .needs_downtime()
        .iter()
        .map(ToString::to_string)
        .collect();
    if steps.is_empty() {
        return Ok(());
    }
    Err(Failure::Other(format!(
        "code of before does not live with these steps, nor code of now without them: {}; keep the column or table under \
         its name by an option, or apply them while nothing runs",
        steps.join("; ")
    )))
}

/// The most that Kubernetes keeps of what a container leaves behind.
const MOST: usize = 4096;

/// What was done and what was left, a line each, as far as it fits.
fn report(applied: &Applied) -> String {
    let done = applied.steps.iter().map(|step| format!("done: {step}\n"));
    let left = applied
        .withheld
        .iter()
        .map(|step| format!("left: {step}\n"));
    let mut text = String::new();
    for line in done.chain(left) {
        if text.len() + line.len() > MOST {
            break;
        }
        text += &line;
    }
    text
}

/// Applies the files of the folder or, where there are none, what the models need.
pub(super) async fn apply(opened: &Opened, options: Options) -> Result<Applied, Failure> {
    let migrator = opened.migrator(options);
    if opened.folder.files().is_empty() {
        let state = migrator.look().await.map_err(told)?;
        if let Some(file) = state.journal.iter().find(|entry| entry.is_file()) {
            return Err(Failure::at(
                opened.folder.path().display(),
                format_args!(
                    "no migrations, and {} was applied from some; say where they are with --migrations",
                    file.id
                ),
            ));
        }
        progress::shown(async |observer| migrator.apply(observer).await).await
    } else {
        progress::shown(async |observer| migrator.apply_files(&opened.folder, observer).await).await
    }
    .map_err(told)
}
