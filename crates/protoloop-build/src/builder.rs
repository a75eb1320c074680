//! The thin edge for a `build.rs`.

use std::{
    env, fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use protoloop_schema::Diagnostics;

use crate::{
    Compiled, GenerateError, Options, compile,
    generate::{DESCRIPTOR_FILE, generate},
};

/// Compiles protos and writes their Rust into `OUT_DIR`, for `protoloop::include_proto!()`.
///
/// ```no_run
/// // build.rs
/// fn main() -> Result<(), protoloop_build::BuildError> {
///     protoloop_build::Builder::new().compile(&["proto"])
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    includes: Vec<PathBuf>,
    out_dir: Option<PathBuf>,
    options: Options,
}

impl Builder {
    /// A builder that generates messages, servers and clients.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder that import paths may start from. The given inputs' own folders need none.
    #[must_use]
    pub fn include(mut self, folder: impl Into<PathBuf>) -> Self {
        self.includes.push(folder.into());
        self
    }

    /// Whether to generate clients. On.
    #[must_use]
    pub fn client(mut self, client: bool) -> Self {
        self.options.client = client;
        self
    }

    /// Whether to generate handler traits and servers. On.
    #[must_use]
    pub fn server(mut self, server: bool) -> Self {
        self.options.server = server;
        self
    }

    /// Where to write instead of `OUT_DIR`.
    #[must_use]
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Compiles files, folders or descriptor sets, as [`compile`] does, and tells cargo what to watch.
    ///
    /// # Errors
    /// Everything that is wrong with the protos; no `OUT_DIR`; a file that cannot be written.
    pub fn compile(self, inputs: &[impl AsRef<Path>]) -> Result<(), BuildError> {
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| path.as_ref().to_owned()).collect();
        watch(&inputs)?;
        watch(&self.includes)?;
        let compiled = compile(&inputs, &self.includes).map_err(BuildError::Protos)?;
        watch(&compiled.sources)?;
        for warning in &compiled.warnings {
            let text = warning.to_string().replace('\n', " ");
            tell_cargo(&format!("warning={text}"))?;
        }
        self.write(&compiled)
    }

    fn write(self, compiled: &Compiled) -> Result<(), BuildError> {
        let folder = self
            .out_dir
            .or_else(|| env::var_os("OUT_DIR").map(PathBuf::from));
        let folder = folder.ok_or(BuildError::NoOutDir)?;
        for file in generate(&compiled.schema, &self.options).map_err(BuildError::Generate)? {
            write(&folder.join(file.name), file.text.as_bytes())?;
        }
        write(
            &folder.join(DESCRIPTOR_FILE),
            compiled.schema.descriptor_set(),
        )
    }
}

/// Writes a file, unless it says the same already, so that nothing is compiled again for nothing.
fn write(path: &Path, contents: &[u8]) -> Result<(), BuildError> {
    if fs::read(path).is_ok_and(|present| present == contents) {
        return Ok(());
    }
    fs::write(path, contents).map_err(|error| BuildError::Write(path.to_owned(), error))
}

fn watch(paths: &[PathBuf]) -> Result<(), BuildError> {
    paths
        .iter()
        .try_for_each(|path| tell_cargo(&format!("rerun-if-changed={}", path.display())))
}

fn tell_cargo(instruction: &str) -> Result<(), BuildError> {
    writeln!(io::stdout(), "cargo:{instruction}")
        .map_err(|error| BuildError::Write(PathBuf::from("stdout"), error))
}

/// Why a build script failed. Its `Debug` is its `Display`, because cargo shows a `main`'s error by the former.
#[non_exhaustive]
pub enum BuildError {
    /// The protos are wrong.
    Protos(Diagnostics),
    /// The schema cannot be written as Rust.
    Generate(GenerateError),
    /// A file cannot be written.
    Write(PathBuf, io::Error),
    /// There is neither `OUT_DIR` nor [`Builder::out_dir`].
    NoOutDir,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protos(diagnostics) => write!(f, "the protos do not compile\n\n{diagnostics}"),
            Self::Generate(error) => error.fmt(f),
            Self::Write(path, error) => write!(f, "{} cannot be written: {error}", path.display()),
            Self::NoOutDir => {
                f.write_str("OUT_DIR is not set: call the builder in a build.rs, or name a folder with `out_dir`")
            }
        }
    }
}

impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BuildError {}
