//! From what a ConfigMap holds to a schema, and to what is told of it.

use std::{
    collections::HashMap,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use protoloop_schema::{
    Schema, Severity,
    compatibility::{Surface as Broken, compare},
};

use crate::children::{Content, Surface, digest};

/// What is known of a schema that compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What it answers.
    pub surface: Surface,
    /// What the compiler warns of, each with its place.
    pub warnings: Vec<String>,
}

/// What the compiler made of a content: a schema, or the problems, each with its place.
pub type Outcome = Result<Checked, Vec<String>>;

/// How much of each kind is kept.
const KEPT: usize = 2048;

/// Compiles each content once. Only what is told of a schema is kept: the schemas of a whole cluster would not fit.
#[derive(Debug, Default)]
pub struct Compiler {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outcomes: HashMap<String, Outcome>,
    broken: HashMap<(String, String), Vec<String>>,
    /// What is served: a ConfigMap that somebody deletes is made again from here.
    served: HashMap<String, Content>,
}

impl Compiler {
    /// The one of this process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Compiler> = OnceLock::new();
        SHARED.get_or_init(Self::default)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the compiler makes of `content`.
    pub fn check(&self, content: &Content) -> Outcome {
        let digest = digest(content);
        if let Some(known) = self.state().outcomes.get(&digest) {
            return known.clone();
        }
        let outcome = compile(content).map(|(schema, warnings)| Checked {
            surface: Surface::of(&schema),
            warnings,
        });
        keep(&mut self.state().outcomes, digest, outcome.clone());
        outcome
    }

    /// What breaks those who use `served` at the moment, one line each, with rule, element and place. Code that is generated
    /// is not looked at: it is not running. Nothing where one of them does not compile.
    pub fn breaking(&self, served: &Content, wanted: &Content) -> Vec<String> {
        let pair = (digest(served), digest(wanted));
        if pair.0 == pair.1 {
            return Vec::new();
        }
        if let Some(known) = self.state().broken.get(&pair) {
            return known.clone();
        }
        // What is served did compile; with a later compiler that is stricter it cannot be compared with.
        let lines = match (compile(served), compile(wanted)) {
            (Ok((old, _)), Ok((new, _))) => {
                let found = compare(&old, &new);
                let found = found.iter().filter(|one| one.breaks_any(&Broken::RUNNING));
                found.map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        };
        keep(&mut self.state().broken, pair, lines.clone());
        lines
    }

    /// Remembers a content that is served.
    pub fn remember(&self, content: &Content) {
        keep(&mut self.state().served, digest(content), content.clone());
    }

    /// A content that is remembered, by its digest.
    pub fn recall(&self, digest: &str) -> Option<Content> {
        self.state().served.get(digest).cloned()
    }
}

/// Adds to a map that may be emptied: whatever is in it can be found out again.
fn keep<K: Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= KEPT {
        map.clear();
    }
    map.insert(key, value);
}

fn compile(content: &Content) -> Result<(Schema, Vec<String>), Vec<String>> {
    match content {
        Content::Files(files) => {
            let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
            for (path, text) in files {
                let place = inside(folder.path(), path).ok_or_else(|| {
                    vec![format!("{path}: write a path below the schema's folder")]
                })?;
                write(&place, text).map_err(|error| failed(&error))?;
            }
            let compiled = protoloop_build::compile(&[folder.path().to_owned()], &[]);
            // The folder is ours; paths are told as they were given.
            let here = format!("{}/", folder.path().display());
            let plain = |lines: Vec<String>| -> Vec<String> {
                let lines = lines.into_iter();
                lines.map(|line| line.replace(&here, "")).collect()
            };
            let compiled = compiled.map_err(|diagnostics| plain(errors(&diagnostics)))?;
            let warnings = compiled.warnings.iter().map(ToString::to_string).collect();
            Ok((compiled.schema, plain(warnings)))
        }
        Content::DescriptorSet(bytes) => {
            let schema = Schema::from_descriptor_set(bytes);
            let schema = schema.map_err(|diagnostics| errors(&diagnostics))?;
            let warnings = schema.warnings().iter().map(ToString::to_string).collect();
            Ok((schema, warnings))
        }
        Content::KeptFiles | Content::KeptDescriptorSet(_) => Err(vec![
            "the object that holds the schema has not been read".to_owned(),
        ]),
    }
}

/// The place of a file, if its path leads nowhere else.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && path.file_name().is_some()).then(|| folder.join(path))
}

fn write(place: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(place, text)
}

fn failed(error: &io::Error) -> Vec<String> {
    vec![format!("the compiler has no room for its files: {error}")]
}

fn errors(diagnostics: &protoloop_schema::Diagnostics) -> Vec<String> {
    let errors = diagnostics
        .0
        .iter()
        .filter(|one| one.severity == Severity::Error);
    errors
        .map(|one| format!("{}: {}", one.location, one.message))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(files: &[(&str, &str)]) -> Content {
        let owned = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Content::Files(owned.collect())
    }

    const GOOD: &str = "syntax = \"proto3\";\npackage a.v1;\nmessage A {\n  string b = 1;\n}\nservice S { rpc Do(A) returns (A); }";

    #[test]
    fn problems_have_their_place() {
        let compiler = Compiler::default();
        let checked = compiler
            .check(&files(&[("a/v1/a.proto", GOOD)]))
            .expect("compiles");
        assert_eq!(checked.surface.services, ["a.v1.S"]);
        let bad = GOOD.replace("string", "strin");
        let problems = compiler
            .check(&files(&[("a/v1/a.proto", &bad)]))
            .expect_err("does not");
        assert!(problems[0].starts_with("a/v1/a.proto:4:"), "{problems:?}");
        for path in ["../a.proto", "/etc/a.proto", "", "."] {
            let problems = compiler
                .check(&files(&[(path, GOOD)]))
                .expect_err("refused");
            assert!(
                problems[0].contains("below the schema's folder"),
                "{problems:?}"
            );
        }
        let problems = compiler
            .check(&Content::DescriptorSet(vec![1, 2, 3]))
            .expect_err("no set");
        assert!(problems[0].contains("FileDescriptorSet"), "{problems:?}");
    }

    #[test]
    fn what_breaks_is_told_with_rule_and_place() {
        let compiler = Compiler::default();
        let old = files(&[("a/v1/a.proto", GOOD)]);
        let new = files(&[("a/v1/a.proto", &GOOD.replace("string", "int32"))]);
        let lines = compiler.breaking(&old, &new);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("a/v1/a.proto:4:3: field-type-changed: a.v1.A.b "),
            "{lines:?}"
        );
        assert_eq!(compiler.breaking(&old, &new), lines, "from memory");
        let more = files(&[(
            "a/v1/a.proto",
            &GOOD.replace("b = 1;", "b = 1; string c = 2;"),
        )]);
        assert!(compiler.breaking(&old, &more).is_empty());
        assert!(compiler.breaking(&old, &old).is_empty());
    }
}
