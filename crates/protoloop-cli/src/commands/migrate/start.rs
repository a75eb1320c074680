//! What `serve` does about the schema of its database.

use std::{path::Path, sync::Arc, time::Duration};

use protoloop::Schema;
use protoloop_migrate::{Options, Target};

use super::{Opened, apply, progress, told};
use crate::{args::OnStart, output::Failure};

/// Between two looks at a database that someone else migrates.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// Brings a database up to date, refuses it, or waits for it.
pub(crate) async fn bring_up(
    target: &Arc<dyn Target>,
    schema: &Arc<Schema>,
    migrations: &Path,
    how: OnStart,
) -> Result<(), Failure> {
    let opened = Opened::of(Arc::clone(target), Arc::clone(schema), migrations)?;
    match how {
        OnStart::Apply => {
            apply::apply(&opened, Options::default()).await?;
            check(&opened).await
        }
        OnStart::Create => create(&opened).await,
        OnStart::Check => check(&opened).await,
        OnStart::Wait => wait(&opened).await,
    }
}

/// Makes the first tables, once whoever may be at it has ended.
async fn create(opened: &Opened) -> Result<(), Failure> {
    if obstacles(opened).await?.is_empty() {
        return Ok(());
    }
    let migrator = opened.migrator(Options::default());
    let state = progress::shown(async |_| migrator.look_alone().await).await;
    if migrator.is_new(&state.map_err(told)?) {
        apply::apply(opened, Options::default()).await?;
    }
    check(opened).await
}

async fn obstacles(opened: &Opened) -> Result<Vec<String>, Failure> {
    let migrator = opened.migrator(Options::default());
    let status = migrator.status(&opened.folder).await.map_err(told)?;
    Ok(status.obstacles())
}

async fn check(opened: &Opened) -> Result<(), Failure> {
    let obstacles = obstacles(opened).await?;
    if obstacles.is_empty() {
        return Ok(());
    }
    let how = if opened.folder.files().is_empty() {
        "`protoloop migrate apply` or `serve --migrate` brings it up to date, `protoloop migrate plan` shows how"
    } else {
        "`protoloop migrate new NAME` writes the next migration, `protoloop migrate status` shows where it stands"
    };
    Err(Failure::Other(format!(
        "the database does not fit the models:\n{}\n{how}",
        obstacles.join("\n")
    )))
}

/// Returns when the database fits the models. What keeps it from that is logged whenever it changes.
/// A database that cannot be asked is waited for too.
async fn wait(opened: &Opened) -> Result<(), Failure> {
    let mut told_before = None;
    loop {
        let missing = match obstacles(opened).await {
            Ok(obstacles) if obstacles.is_empty() => return Ok(()),
            Ok(obstacles) => obstacles.join("\n"),
            Err(Failure::Other(why) | Failure::Away(why)) => why,
            Err(other) => return Err(other),
        };
        if told_before.as_ref() != Some(&missing) {
            tracing::warn!(missing, "waiting until the database fits the models");
            told_before = Some(missing);
        }
        tokio::time::sleep(LOOK).await;
    }
}
