//! `protoloop discover`, and the models that `serve` takes from a database.

use std::{fs, path::Path, process::ExitCode};

use protoloop::Schema;
use protoloop_build::Compiled;
use protoloop_discover::{Discovered, LOCK_FILE, Lock, Naming, Notice, Options};
use protoloop_migrate::{Session, State, Target};
use serde_json::json;

use crate::{
    args::{Discover, DiscoverNaming, Output},
    datasource::{self, Schema as Leave},
    output::{self, Failure, RESET, YELLOW, counted},
};

pub(crate) fn run(arguments: &Discover) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    let lock_path = arguments.output.join(LOCK_FILE);
    let lock = read_lock(&lock_path)?;
    let options = Options {
        package: arguments.package.clone(),
        naming: match arguments.naming {
            DiscoverNaming::Style => Naming::Style,
            DiscoverNaming::Plural => Naming::Plural,
            DiscoverNaming::Keep => Naming::Keep,
        },
        strip_prefix: arguments.strip_prefix.clone(),
        read_only: arguments.read_only,
        keys: arguments.keys.iter().cloned().collect(),
        exclude: arguments.exclude.clone(),
        ..Options::default()
    };
    let url = url(arguments)?;
    check_file(&url)?;
    let found = runtime.block_on(async {
        let database = datasource::open(&url, Leave::Left).await?;
        let target = database.target.ok_or_else(|| {
            Failure::at(
                format_args!("--db {}", datasource::shown(&url)),
                "has no tables to discover",
            )
        })?;
        discover(&*target, options, &lock).await
    })?;
    if found.models == 0 {
        notices(&found.notices);
        return Err(Failure::at(
            format_args!("--db {}", datasource::shown(&url)),
            "no table that a model could be made of",
        ));
    }
    write_file(&arguments.output.join(&found.path), &found.text)?;
    write_file(&lock_path, &found.lock.text())?;
    report(&found, arguments);
    Ok(ExitCode::SUCCESS)
}

/// A file that is not there would be made.
fn check_file(url: &str) -> Result<(), Failure> {
    let file = protoloop_sqlite::Options::parse(url).map(|options| options.file);
    match file {
        Ok(Some(file)) if !file.exists() => Err(Failure::at(
            format_args!("--db {}", datasource::shown(url)),
            "there is no such file",
        )),
        _ => Ok(()),
    }
}

/// The URL of the database, with the schema that was asked for.
fn url(arguments: &Discover) -> Result<String, Failure> {
    let Some(schema) = &arguments.schema else {
        return Ok(arguments.db.clone());
    };
    let db = &arguments.db;
    if !(db.starts_with("postgres:") || db.starts_with("postgresql:")) {
        return Err(Failure::at(
            format_args!("--schema {schema}"),
            "only databases of PostgreSQL have schemas; name the database in --db",
        ));
    }
    let (base, parameters) = db.split_once('?').unwrap_or((db, ""));
    let others = parameters
        .split('&')
        .filter(|one| !one.is_empty() && !one.starts_with("schema="));
    let encoded: String = schema
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let schema = format!("schema={encoded}");
    let all: Vec<&str> = others.chain([&*schema]).collect();
    Ok(format!("{base}?{}", all.join("&")))
}

fn report(found: &Discovered, arguments: &Discover) {
    let path = arguments.output.join(&found.path);
    if arguments.report == Output::Json {
        return output::line(json!({
            "file": path.display().to_string(),
            "models": found.models,
            "notices": found.notices,
        }));
    }
    notices(&found.notices);
    output::line(format_args!(
        "wrote {} with {}",
        path.display(),
        counted(found.models, "model")
    ));
}

pub(super) fn notices(notices: &[Notice]) {
    for notice in notices {
        output::note(format_args!("{YELLOW}note{RESET}: {notice}"));
    }
}

/// Reads a database and turns it into models.
pub(super) async fn discover(
    target: &dyn Target,
    mut options: Options,
    lock: &Lock,
) -> Result<Discovered, Failure> {
    let told = |error: protoloop::Error| Failure::Other(error.message().to_owned());
    let mut session = target.open(None).await.map_err(told)?;
    let dialect = target.dialect();
    let state = State::read_with(&mut *session, dialect, true)
        .await
        .map_err(told)?;
    for (view, column) in protoloop_discover::unknown_types(&state.live) {
        if let Some(name) = sample(&mut *session, target, &view, &column).await {
            options.samples.insert((view, column), name);
        }
    }
    session.close().await;
    Ok(protoloop_discover::discover(
        &state.live,
        dialect.name(),
        &options,
        lock,
    ))
}

/// The type of a value of a view's column. A view that cannot be read has none.
async fn sample(
    session: &mut dyn Session,
    target: &dyn Target,
    view: &str,
    column: &str,
) -> Option<String> {
    protoloop_migrate::sample_type(session, target.dialect(), view, column).await
}

/// The schema of the models of a database, for `serve`.
pub(super) async fn schema(target: &dyn Target, write: bool) -> Result<Schema, Failure> {
    let options = Options {
        read_only: !write,
        ..Options::default()
    };
    let found = discover(target, options, &Lock::default()).await?;
    notices(&found.notices);
    if found.models == 0 {
        return Err(Failure::Other(
            "there are no .proto files, and no table in the database that a model could be made of"
                .to_owned(),
        ));
    }
    let folder = tempfile::tempdir().map_err(|error| Failure::at("making a folder", error))?;
    write_file(&folder.path().join(&found.path), &found.text)?;
    let compiled: Compiled = protoloop_build::compile(&[folder.path().to_owned()], &[])?;
    Ok(compiled.schema)
}

fn read_lock(path: &Path) -> Result<Lock, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => {
            Lock::parse(&text).map_err(|error| Failure::at(path.display(), error.message()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Lock::default()),
        Err(error) => Err(Failure::at(path.display(), error)),
    }
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| Failure::at(folder.display(), error))?;
    fs::write(path, text).map_err(|error| Failure::at(path.display(), error))
}
