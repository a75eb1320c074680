//! `protoloop new`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use heck::{ToSnakeCase, ToUpperCamelCase};

use crate::{
    args::New,
    output::{self, Failure},
};

/// A file of a template: its path in the project and its text, in which `{{name}}` and its kin are replaced.
type TemplateFile = (&'static str, &'static str);

macro_rules! template {
    ($folder:literal: $($target:literal <- $source:literal),* $(,)?) => {
        &[$(($target, include_str!(concat!("../../templates/", $folder, "/", $source)))),*]
    };
}

const ZERO_CODE: &[TemplateFile] = template!("zero-code":
    "README.md" <- "README.md",
    "proto/{{snake}}/v1/{{snake}}.proto" <- "model.proto",
    "test.sh" <- "test.sh",
    ".gitignore" <- "gitignore",
);

const TYPED: &[TemplateFile] = template!("typed":
    "README.md" <- "README.md",
    "Cargo.toml" <- "Cargo.toml.in",
    "build.rs" <- "build.rs.in",
    "proto/{{snake}}/v1/{{snake}}.proto" <- "model.proto",
    "src/lib.rs" <- "lib.rs.in",
    "src/main.rs" <- "main.rs.in",
    "tests/service.rs" <- "service.rs.in",
    ".gitignore" <- "gitignore",
);

pub(crate) fn run(arguments: &New) -> Result<ExitCode, Failure> {
    check_name(&arguments.name)?;
    let root = Path::new(&arguments.name);
    if root.exists() {
        return Err(Failure::at(root.display(), "is there already; choose another name"));
    }
    let (files, next) = if arguments.zero_code {
        (ZERO_CODE, "protoloop serve proto")
    } else {
        (TYPED, "cargo run")
    };
    let names = Names::of(arguments)?;
    for (path, text) in files {
        write(&root.join(names.fill(path)), &names.fill(text))?;
    }
    output::line(format_args!("made {}; next: cd {} && {next}", root.display(), root.display()));
    Ok(ExitCode::SUCCESS)
}

/// A name has to work as a folder, a package and a crate.
fn check_name(name: &str) -> Result<(), Failure> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if starts_well && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Ok(());
    }
    Err(Failure::at(
        format_args!("the name {name:?}"),
        "must start with a letter and go on in letters, digits, - and _",
    ))
}

/// What the placeholders of a template stand for.
struct Names {
    name: String,
    snake: String,
    camel: String,
    dependency: String,
}

impl Names {
    fn of(arguments: &New) -> Result<Self, Failure> {
        let snake = arguments.name.to_snake_case();
        Ok(Self {
            camel: arguments.name.to_upper_camel_case(),
            dependency: dependency(arguments.protoloop_path.as_deref())?,
            name: arguments.name.clone(),
            snake,
        })
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{{name}}", &self.name)
            .replace("{{snake}}", &self.snake)
            .replace("{{camel}}", &self.camel)
            .replace("{{dependency}}", &self.dependency)
    }
}

/// How the project's Cargo.toml names Protoloop: the checkout given, else the one this binary was built from while it is
/// still there, else the released version.
fn dependency(given: Option<&Path>) -> Result<String, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checkout = match given {
        Some(path) => Some(absolute(path)?),
        None if built_from.join("crates/protoloop/Cargo.toml").exists() => Some(absolute(&built_from)?),
        None => None,
    };
    Ok(checkout.map_or_else(
        || format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        |path| format!("path = \"{}/crates/protoloop", path.display()),
    ))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| Failure::at(path.display(), error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Failure::at(parent.display(), error))?;
    fs::write(path, text).map_err(|error| Failure::at(path.display(), error))
}
