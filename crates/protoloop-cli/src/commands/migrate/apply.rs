//! `protoloop migrate apply`.

use std::{process::ExitCode, time::Duration};

use protoloop_migrate::{Applied, Options};

use super::{Opened, options, progress, show, told};
use crate::{
    args::{MigrateApply, UpTo},
    output::Failure,
};

pub(super) async fn run(arguments: &MigrateApply) -> Result<ExitCode, Failure> {
    let opened = Opened::new(&arguments.database).await?;
    let options = Options {
        only_expand: arguments.phase == UpTo::Expand,
        lock_wait: Duration::from_secs(arguments.lock_wait),
        ..options(&arguments.database, arguments.allow_destructive)
    };
    let applied = apply(&opened, options.clone()).await?;
    let left = if opened.folder.files().is_empty() {
        None
    } else {
        let migrator = opened.migrator(options);
        Some(migrator.status(&opened.folder).await.map_err(told)?)
    };
    show::applied(&applied, left.as_ref(), arguments.database.output);
    Ok(ExitCode::SUCCESS)
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
