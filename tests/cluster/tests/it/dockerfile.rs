//! The stages of the Dockerfile that compile. They need an image with Rust and minutes, so they are not built here; but all that
//! they say is tried on a copy of what they would be given: their commands run, and what they ask cargo for is there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use protoloop_cluster::shell;
use serde_json::Value;

use crate::support::{new_project, root};

/// One line of a Dockerfile.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// The name of the stage, in which it stands.
    stage: String,
    /// `RUN`, `COPY`.
    word: String,
    rest: String,
}

/// The lines of all stages, each as one.
fn lines(text: &str) -> Vec<Line> {
    let joined = text.replace("\\\n", " ");
    let mut stage = String::new();
    let mut all = Vec::new();
    for line in joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
    {
        let Some((word, rest)) = line.split_once(' ') else {
            continue;
        };
        if word == "FROM" {
            stage = rest.rsplit(' ').next().unwrap_or_default().to_owned();
        }
        all.push(Line {
            stage: stage.clone(),
            word: word.to_owned(),
            rest: rest.split_whitespace().collect::<Vec<_>>().join(" "),
        });
    }
    all
}

fn said(lines: &[Line], stage: &str, word: &str) -> Vec<String> {
    let found = lines
        .iter()
        .filter(|line| line.stage == stage && line.word == word);
    found.map(|line| line.rest.clone()).collect()
}

/// The files that `COPY . .` brings: what is in the repository and not in `.dockerignore`.
fn context(folder: &Path) {
    let listed = shell::output(Command::new("git").arg("-C").arg(root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]));
    let listed = listed.unwrap_or_else(|failure| panic!("{failure}"));
    let ignored = fs::read_to_string(root().join(".dockerignore")).expect("it is there");
    for file in listed.lines().filter(|file| !is_ignored(file, &ignored)) {
        let (from, to) = (root().join(file), folder.join(file));
        if from.is_file() {
            fs::create_dir_all(to.parent().expect("a folder")).expect("the folder is ours");
            fs::copy(from, to).expect("the folder is ours");
        }
    }
}

/// Of what that file may say, what ours does: `/folder`, `**/name` and `**/*.end`.
fn is_ignored(file: &str, rules: &str) -> bool {
    rules.lines().any(
        |rule| match (rule.strip_prefix("**/*"), rule.strip_prefix("**/")) {
            (Some(end), _) => file.ends_with(end),
            (None, Some(name)) => file.split('/').any(|part| part == name),
            (None, None) => {
                let folder = rule.trim_start_matches('/');
                file == folder || file.starts_with(&format!("{folder}/"))
            }
        },
    )
}

/// What cargo says of the workspace in a folder, where nothing may be changed or fetched.
fn metadata(folder: &Path) -> Value {
    metadata_of(folder, &["--locked"])
}

fn metadata_of(folder: &Path, more: &[&str]) -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    let words = ["metadata", "--offline", "--no-deps", "--format-version=1"];
    let text = shell::output(cargo.current_dir(folder).args(words).args(more));
    serde_json::from_str(&text.unwrap_or_else(|failure| panic!("{failure}"))).expect("JSON")
}

/// The words behind each `flag`.
fn given<'a>(command: &'a str, flag: &str) -> Vec<&'a str> {
    let words: Vec<_> = command.split(' ').collect();
    let pairs = words.windows(2).filter(|pair| pair[0] == flag);
    pairs.map(|pair| pair[1]).collect()
}

#[test]
fn the_stages_that_compile_ask_for_what_there_is() {
    let text = fs::read_to_string(root().join("Dockerfile")).expect("it is there");
    let lines = lines(&text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    context(folder.path());

    // What the first stage leaves is a workspace without code.
    let before = metadata(folder.path());
    for command in said(&lines, "manifests", "RUN") {
        let mut sh = Command::new("sh");
        shell::output(sh.current_dir(folder.path()).args(["-c", &command]))
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
    let left =
        shell::output(Command::new("find").arg(folder.path()).args(["-type", "f"])).expect("find");
    let odd = |file: &&str| {
        let name = Path::new(file)
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        !(name.ends_with(".rs")
            || ["Cargo.toml", "Cargo.lock"].contains(&name)
            || file.contains("/.cargo/"))
    };
    assert_eq!(left.lines().find(odd), None);
    let emptied = metadata(folder.path());
    assert_eq!(emptied["workspace_members"], before["workspace_members"]);

    // What the second one asks cargo for.
    let commands = said(&lines, "build", "RUN").join(" && ");
    let builds: Vec<_> = commands
        .split(" && ")
        .filter(|one| one.starts_with("cargo build "))
        .collect();
    assert_eq!(builds.len(), 2, "the dependencies, and then everything");
    assert_eq!(
        builds[0], builds[1],
        "of other features other dependencies would be built"
    );
    let words = builds[0].replacen("cargo build", "tree --offline --depth=0 --edges=normal", 1);
    let words = words.replace(" --bins", "").replace(" --release", "");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(folder.path()).args(words.split(' '));
    shell::output(&mut cargo).unwrap_or_else(|failure| panic!("{failure}"));
    assert!(builds[0].contains(" --release "), "{}", builds[0]);

    // What is installed is built, and what the last ones copy is installed.
    let binaries = binaries(&emptied, &given(builds[0], "--package"));
    let installed: Vec<_> = commands
        .split(' ')
        .filter_map(|word| word.strip_prefix("target/release/"))
        .collect();
    assert!(
        !installed.is_empty()
            && installed
                .iter()
                .all(|one| binaries.contains(&(*one).to_owned())),
        "{installed:?} of {binaries:?}"
    );
    for line in lines
        .iter()
        .filter(|line| line.rest.starts_with("--from=build /out/"))
    {
        let words: Vec<_> = line.rest.split(' ').collect();
        let name = Path::new(words[1])
            .file_name()
            .and_then(|name| name.to_str());
        assert!(
            name.is_some_and(|name| installed.contains(&name)),
            "{line:?}"
        );
        let entry = said(&lines, &line.stage, "ENTRYPOINT");
        assert_eq!(entry, [format!("[\"{}\"]", words[2])]);
    }
    compiler_is_ours(&lines);
}

/// The same of the Dockerfile that `protoloop new` writes, but for cargo's builds: before each of them the project is looked at.
#[test]
fn that_of_a_new_project_builds_what_it_copies() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let project = new_project(folder.path());
    let text = fs::read_to_string(project.join("Dockerfile")).expect("it is there");
    let lines = lines(&text);
    compiler_is_ours(&lines);

    // What its only stage that compiles does, line by line, in a folder that holds what was copied so far.
    let stage = folder.path().join("stage");
    fs::create_dir(&stage).expect("the folder is ours");
    let mut looked = 0;
    for line in lines.iter().filter(|line| line.stage == "build") {
        match (&*line.word, &*line.rest) {
            ("COPY", "Cargo.toml Cargo.lock* ./") => {
                let (from, to) = (project.join("Cargo.toml"), stage.join("Cargo.toml"));
                fs::copy(from, to).expect("the folder is ours");
            }
            ("COPY", ". .") => {
                let mut copy = Command::new("cp");
                shell::output(copy.arg("-rT").arg(&project).arg(&stage)).expect("cp");
            }
            ("RUN", commands) => {
                for command in commands.split(" && ") {
                    if command == "cargo build --release" {
                        builds(&stage, "book-shop");
                        looked += 1;
                    } else if let Some(words) = command.strip_prefix("install -D ") {
                        let words: Vec<_> = words.split(' ').collect();
                        let place = "/usr/local/bin/book-shop";
                        assert_eq!(words, ["target/release/book-shop", &format!("/out{place}")]);
                        let entry = said(&lines, "service", "ENTRYPOINT");
                        assert_eq!(entry, [format!("[\"{place}\"]")]);
                    } else {
                        let mut sh = Command::new("sh");
                        shell::output(sh.current_dir(&stage).args(["-c", command]))
                            .unwrap_or_else(|failure| panic!("{command}: {failure}"));
                    }
                }
            }
            ("FROM" | "WORKDIR", _) => {}
            _ => panic!("{line:?}"),
        }
    }
    assert_eq!(looked, 2, "the dependencies, and then everything");
}

/// Whether cargo finds a program of this name in a folder, a library beside it, and what makes code for them.
fn builds(folder: &Path, program: &str) {
    let metadata = metadata_of(folder, &[]);
    assert_eq!(binaries(&metadata, &[program]), [program]);
    let targets = metadata["packages"][0]["targets"].to_string();
    for kind in ["custom-build", "lib"] {
        assert!(targets.contains(&format!("[\"{kind}\"]")), "{targets}");
    }
}

/// The programs of some packages.
fn binaries(metadata: &Value, packages: &[&str]) -> Vec<String> {
    let all = metadata["packages"].as_array().expect("a list");
    let of_them = all.iter().filter(|one| {
        one["name"]
            .as_str()
            .is_some_and(|name| packages.contains(&name))
    });
    let targets = of_them.flat_map(|one| one["targets"].as_array().cloned().unwrap_or_default());
    targets
        .filter(|target| target["kind"][0] == "bin")
        .filter_map(|target| target["name"].as_str().map(str::to_owned))
        .collect()
}

/// Another compiler would be fetched while the image is built.
fn compiler_is_ours(lines: &[Line]) {
    let toolchain: PathBuf = root().join("rust-toolchain.toml");
    let toolchain = fs::read_to_string(toolchain).expect("it is there");
    let channel = toolchain
        .lines()
        .find_map(|line| line.strip_prefix("channel = "));
    let channel = channel.expect("it names one").trim_matches('"');
    let rust = said(lines, "", "ARG")
        .into_iter()
        .find(|one| one.starts_with("RUST="));
    assert!(
        rust.is_some_and(|rust| rust.contains(&format!("rust:{channel}-"))),
        "{channel}"
    );
}
