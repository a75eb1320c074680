//! `protoloop new`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use heck::ToSnakeCase;

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
    "Dockerfile" <- "Dockerfile.in",
    "build.rs" <- "build.rs.in",
    "proto/{{snake}}/v1/{{snake}}.proto" <- "model.proto",
    "src/lib.rs" <- "lib.rs.in",
    "src/main.rs" <- "main.rs.in",
    "tests/service.rs" <- "service.rs.in",
    ".dockerignore" <- "dockerignore",
    ".gitignore" <- "gitignore",
);

pub(crate) fn run(arguments: &New) -> Result<ExitCode, Failure> {
    check_name(&arguments.name, !arguments.zero_code)?;
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
fn check_name(name: &str, typed: bool) -> Result<(), Failure> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let goes_on_well = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let why = if !starts_well || !goes_on_well {
        "must start with a letter and go on in letters, digits, - and _"
    } else if typed && TAKEN.contains(&&*name.to_snake_case()) {
        "means something else to Rust or Cargo already; choose another name"
    } else {
        return Ok(());
    };
    Err(Failure::at(format_args!("the name {name:?}"), why))
}

/// Words of Rust, crates that are there without being asked for, folders of Cargo, and what the project depends on.
#[rustfmt::skip]
const TAKEN: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue", "core", "crate",
    "deps", "do", "dyn", "else", "enum", "examples", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
    "incremental", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "proc_macro", "protoloop",
    "protoloop_build", "pub", "ref", "return", "self", "static", "std", "struct", "super", "test", "tokio", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// What the placeholders of a template stand for.
struct Names {
    name: String,
    /// Of the package: the name, or one like it whose crate is called `snake`.
    package: String,
    snake: String,
    /// A checkout to take Protoloop from; the registry's release when there is none.
    checkout: Option<PathBuf>,
}

impl Names {
    fn of(arguments: &New) -> Result<Self, Failure> {
        let snake = arguments.name.to_snake_case();
        Ok(Self {
            package: package(&arguments.name, &snake),
            checkout: checkout(arguments.protoloop_path.as_deref())?,
            name: arguments.name.clone(),
            snake,
        })
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{{name}}", &self.name)
            .replace("{{snake}}", &self.snake)
            .replace("{{package}}", &self.package)
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

fn package(name: &str, snake: &str) -> String {
    match name.replace('-', "_") == snake {
        true => name.to_owned(),
        false => snake.replace('_', "-"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_the_crate_that_the_templates_name() {
        for (name, expected) in [
            ("book-shop", "book-shop"),
            ("book_shop", "book_shop"),
            ("BookShop", "book-shop"),
            ("A", "a"),
            ("a--b_", "a-b"),
        ] {
            let snake = name.to_snake_case();
            assert_eq!(package(name, &snake), expected);
            assert_eq!(expected.replace('-', "_"), snake);
        }
    }

    #[test]
    fn names_that_would_not_build_are_refused() {
        for name in [
            "fn",
            "Self",
            "core",
            "deps",
            "proc-macro",
            "tokio",
            "1a",
            "a b",
            "",
        ] {
            assert!(check_name(name, true).is_err(), "{name}");
        }
        assert!(check_name("test", false).is_ok());
        assert!(check_name("todo", true).is_ok());
    }
}
