//! What a person types: `cargo xtask cluster up`.

use std::{
    ffi::OsString,
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Command, ExitStatus},
};

use crate::{Cluster, Failure, Parts, Settings, shell::shown};

/// The words that follow.
pub const USAGE: &str = "up | down | load IMAGE.tar… | exec COMMAND… | kubectl ARGUMENT… | keep

  CLUSTER_NAME          its name, `one-node` unless given; clusters of different names run beside each other
  CLUSTER_AUDIT_POLICY  a policy by which the API server writes audit.log into the state folder
  CLUSTER_PARTS         `api-server` for a cluster without nodes";

/// Does what the words say, with the programs of that folder.
///
/// # Errors
/// What went wrong, or [`USAGE`].
pub fn run(programs: &Path, words: &[&str]) -> Result<ExitStatus, Failure> {
    let cluster = Cluster::of(settings(programs)?);
    match *words {
        ["up"] => {
            cluster.up()?;
            say(&format!("KUBECONFIG={}", cluster.kubeconfig().display()))?;
        }
        ["down"] => cluster.down()?,
        ["load", ref archives @ ..] if !archives.is_empty() => {
            for archive in archives {
                cluster.load(Path::new(archive))?;
            }
        }
        ["kubectl", ref rest @ ..] => return finish(cluster.command("kubectl").args(rest)),
        ["exec", program, ref rest @ ..] => return finish(cluster.command(program).args(rest)),
        ["keep"] => keep(&cluster)?,
        _ => return Err(format!("usage: {USAGE}")),
    }
    Ok(ExitStatus::default())
}

fn settings(programs: &Path) -> Result<Settings, Failure> {
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = given("CLUSTER_NAME").unwrap_or_else(|| "one-node".to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !name.chars().all(plain) {
        return Err(format!("CLUSTER_NAME={name}: letters, digits and - only"));
    }
    let mut settings = Settings::named(&name, programs);
    settings.audit_policy = given("CLUSTER_AUDIT_POLICY").map(Into::into);
    settings.parts = match given("CLUSTER_PARTS").as_deref() {
        None => Parts::Whole,
        Some("api-server") => Parts::ApiServer,
        Some(other) => return Err(format!("CLUSTER_PARTS={other}: there is only api-server")),
    };
    Ok(settings)
}

/// Starts a cluster that lives as long as standard input is open, so that it ends with whoever holds that, however it ends.
fn keep(cluster: &Cluster) -> Result<(), Failure> {
    cluster.down()?;
    let began = cluster.up();
    if began.is_ok() {
        say("ready")?;
        // Nobody writes; the end of the input, or its failure, is the sign.
        let _ = io::copy(&mut io::stdin().lock().take(u64::MAX), &mut io::sink());
    }
    cluster.down()?;
    began
}

fn finish(command: &mut Command) -> Result<ExitStatus, Failure> {
    command
        .status()
        .map_err(|error| format!("{}: {error}", shown(command)))
}

fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(|error| format!("standard output: {error}"))
}

/// The words of a command line, which have to be text.
///
/// # Errors
/// The word that is none.
pub fn words(arguments: impl Iterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    arguments
        .map(|word| {
            word.into_string()
                .map_err(|word| format!("{} is no text", word.display()))
        })
        .collect()
}
