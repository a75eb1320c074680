//! Parses the given files and everything they import.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::{Path, PathBuf},
};

use prost_types::FileDescriptorProto;
use protoloop_schema::{Diagnostic, Location};

use super::{
    bundled,
    imports::{self, Roots},
    inputs::Input,
    report,
};

/// A parsed file.
pub(super) struct Source {
    /// As the user would write it.
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Its name is the import path.
    pub(super) proto: FileDescriptorProto,
    /// Whether an import statement fixed the name.
    imported: bool,
}

/// Where an import leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A file of [`Loaded::sources`].
    Source(usize),
    /// A bundled file or one of a given descriptor set, by its name.
    Compiled(String),
    /// A file that does not parse or is not there; a problem says so already.
    Broken,
}

/// The given files and what they import.
pub(super) struct Loaded {
    pub(super) sources: Vec<Source>,
    /// The import path of each source, and the imports of each in order of declaration.
    pub(super) imports: Vec<Vec<Target>>,
    pub(super) problems: Vec<Diagnostic>,
}

impl Loaded {
    /// The file on disk of each import path.
    pub(super) fn paths(&self) -> HashMap<String, PathBuf> {
        let entry = |source: &Source| (source.proto.name().to_owned(), source.path.clone());
        self.sources.iter().map(entry).collect()
    }
}

/// Parses `inputs` and their imports. `known` tells whether a descriptor set has a file of that name.
pub(super) fn load(inputs: &[Input], includes: &[PathBuf], known: &dyn Fn(&str) -> bool) -> Loaded {
    let mut loader = Loader {
        roots: Roots::new(includes),
        known,
        by_path: BTreeMap::new(),
        names: HashMap::new(),
        loaded: Loaded {
            sources: Vec::new(),
            imports: Vec::new(),
            problems: Vec::new(),
        },
    };
    for input in inputs {
        loader.roots.add(&input.root);
    }
    for input in inputs {
        loader.input(input);
    }
    // Sources grow while their imports are followed.
    let mut next = 0;
    while next < loader.loaded.sources.len() {
        loader.follow(next);
        next += 1;
    }
    loader.loaded
}

struct Loader<'a> {
    roots: Roots,
    known: &'a dyn Fn(&str) -> bool,
    /// What became of each file, by its canonical path.
    by_path: BTreeMap<PathBuf, Target>,
    /// Which source has an import path.
    names: HashMap<String, usize>,
    loaded: Loaded,
}

impl Loader<'_> {
    fn input(&mut self, input: &Input) {
        let below_root = imports::name_below(&input.root, &input.path);
        if bundled::is_ours(&below_root) && bundled::has(&below_root) {
            return;
        }
        let Target::Source(index) = self.open(&input.path) else {
            return;
        };
        let source = &self.loaded.sources[index];
        let split = imports::split_at_package(&input.path, source.proto.package());
        let name = split.map_or(below_root, |(root, name)| {
            self.roots.add(&root);
            name
        });
        self.name(index, name);
    }

    /// Gives a source its import path, or its whole path when another source has that one.
    fn name(&mut self, index: usize, name: String) {
        let source = &mut self.loaded.sources[index];
        let taken = self.names.get(&name).is_some_and(|holder| *holder != index);
        let name = match taken {
            true => imports::join(&source.path),
            false => name,
        };
        self.names.remove(source.proto.name());
        source.proto.name = Some(name.clone());
        self.names.insert(name, index);
    }

    /// Reads and parses a file once.
    fn open(&mut self, path: &Path) -> Target {
        let canonical = match fs::canonicalize(path) {
            Ok(canonical) => canonical,
            Err(error) => {
                self.loaded.problems.push(report::unreadable(path, &error));
                return Target::Broken;
            }
        };
        if let Some(target) = self.by_path.get(&canonical) {
            return target.clone();
        }
        let target = match parse(path) {
            Ok(source) => {
                self.loaded.sources.push(source);
                self.loaded.imports.push(Vec::new());
                Target::Source(self.loaded.sources.len() - 1)
            }
            Err(problems) => {
                self.loaded.problems.extend(problems);
                Target::Broken
            }
        };
        self.by_path.insert(canonical, target.clone());
        target
    }

    fn follow(&mut self, index: usize) {
        let imports = self.loaded.sources[index].proto.dependency.clone();
        let targets = imports
            .iter()
            .enumerate()
            .map(|(position, import)| self.resolve(index, position, import))
            .collect();
        self.loaded.imports[index] = targets;
    }

    fn resolve(&mut self, importer: usize, position: usize, import: &str) -> Target {
        let is_bundled = bundled::has(import);
        if is_bundled && bundled::is_ours(import) {
            return Target::Compiled(import.to_owned());
        }
        if let Some(path) = self.roots.find(import) {
            return self.import(&path, import, importer, position);
        }
        if is_bundled || (self.known)(import) {
            return Target::Compiled(import.to_owned());
        }
        if let Some(path) = Roots::find_above(&self.loaded.sources[importer].path, import) {
            return self.import(&path, import, importer, position);
        }
        let problem = self.not_found(importer, position, import);
        self.loaded.problems.push(problem);
        Target::Broken
    }

    /// Opens an imported file. The import statement's spelling is its name: the linker looks it up by that.
    fn import(&mut self, path: &Path, import: &str, importer: usize, position: usize) -> Target {
        let target = self.open(path);
        if let Target::Source(index) = target {
            let source = &mut self.loaded.sources[index];
            if source.imported && source.proto.name() != import {
                let other = source.proto.name().to_owned();
                let place = location_of_import(&self.loaded.sources[importer], position);
                self.loaded.problems.push(Diagnostic {
                    help: Some(format!("write `import \"{other}\";` here too")),
                    ..report::error(
                        place,
                        format!(
                            "the file imported as \"{import}\" is also imported as \"{other}\""
                        ),
                    )
                });
                return Target::Broken;
            }
            source.imported = true;
            self.name(index, import.to_owned());
        }
        target
    }

    fn not_found(&self, importer: usize, position: usize, import: &str) -> Diagnostic {
        let file_name = import.rsplit('/').next().unwrap_or(import);
        let similar = self.loaded.sources.iter().find(|source| {
            source
                .path
                .file_name()
                .is_some_and(|name| name == file_name)
        });
        let help = match similar {
            Some(source) => format!("did you mean \"{}\"?", source.proto.name()),
            None => format!(
                "looked below {} and above the importing file; bundled are {}",
                self.roots.describe(),
                bundled::describe()
            ),
        };
        Diagnostic {
            help: Some(help),
            ..report::error(
                location_of_import(&self.loaded.sources[importer], position),
                format!("import \"{import}\" is not found"),
            )
        }
    }
}

fn parse(path: &Path) -> Result<Source, Vec<Diagnostic>> {
    let bytes = fs::read(path).map_err(|error| vec![report::unreadable(path, &error)])?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()])
            .into_owned();
        vec![report::error(
            report::at_offset(path, &valid, valid.len()),
            "is not valid UTF-8",
        )]
    })?;
    let name = imports::join(path);
    match protox_parse::parse(&name, &text) {
        Ok(proto) => Ok(Source {
            path: path.to_owned(),
            text,
            proto,
            imported: false,
        }),
        Err(failure) => Err(report::of_parse(&failure, path, &text)),
    }
}

/// Where the import statement number `position` stands.
pub(super) fn location_of_import(source: &Source, position: usize) -> Location {
    // 3 is the number of FileDescriptorProto.dependency.
    let wanted = i32::try_from(position).map(|position| [3, position]);
    let place = source
        .proto
        .source_code_info
        .iter()
        .flat_map(|info| &info.location)
        .find(|location| wanted.is_ok_and(|wanted| location.path == wanted))
        .and_then(|location| Some((location.span.first()?, location.span.get(1)?)))
        .and_then(|(line, column)| {
            Some((
                u32::try_from(line + 1).ok()?,
                u32::try_from(column + 1).ok()?,
            ))
        });
    report::at(&source.path, place)
}
