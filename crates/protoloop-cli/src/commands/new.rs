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
        return Err(Failure::at(
            root.display(),
            "is there already; choose another name",
        ));
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
    output::line(format_args!(
        "made {}; next: cd {} && {next}",
        root.display(),
        root.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// A name has to work as a folder, a package and a crate.
fn check_name(name: &str) -> Result<(), Failure> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if starts_well
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
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
    /// A checkout to take Protoloop from; the registry's release when there is none.
    checkout: Option<PathBuf>,
}

impl Names {
    fn of(arguments: &New) -> Result<Self, Failure> {
        let snake = arguments.name.to_snake_case();
        Ok(Self {
            camel: arguments.name.to_upper_camel_case(),
            checkout: checkout(arguments.protoloop_path.as_deref())?,
            name: arguments.name.clone(),
            snake,
        })
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{{name}}", &self.name)
            .replace("{{snake}}", &self.snake)
            .replace("{{camel}}", &self.camel)
            .replace("{{protoloop}}", &self.dependency("protoloop"))
            .replace("{{protoloop-build}}", &self.dependency("protoloop-build"))
    }

    /// Where one of Protoloop's crates comes from, as a key of its table in Cargo.toml.
    fn dependency(&self, name: &str) -> String {
        match &self.checkout {
            Some(checkout) => format!("path = \"{}/crates/{name}\"", checkout.display()),
            None => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// The checkout given, else the one this binary was built from while it is still there.
fn checkout(given: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match given {
        Some(path) => absolute(path).map(Some),
        None if built_from.join("crates/protoloop/Cargo.toml").exists() => {
            absolute(&built_from).map(Some)
        }
        None => Ok(None),
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize()
        .map_err(|error| Failure::at(path.display(), error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| Failure::at(parent.display(), error))?;
    fs::write(path, text).map_err(|error| Failure::at(path.display(), error))
}
