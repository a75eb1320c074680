//! A folder of versioned files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use protoloop_core::{Error, Result};

use crate::{MigrationFile, error::during};

/// The migrations of a folder for one dialect, in order: `0001_first.sql`, `0002_second.postgres.sql`.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    files: Vec<MigrationFile>,
}

impl Folder {
    /// Reads a folder; a missing one is empty.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a file whose name or text cannot be read, and for two of the same number.
    pub fn read(path: &Path, dialect: &str) -> Result<Self> {
        let mut files: Vec<MigrationFile> = Vec::new();
        for (name, path) in sql_files(path)? {
            let (version, title, of) = parts(&name).ok_or_else(|| {
                Error::invalid_argument(format!(
                    "{}: a migration is called NUMBER_NAME.sql, such as 0002_add_notes.sql, or NUMBER_NAME.DIALECT.sql",
                    path.display()
                ))
            })?;
            if of.is_some_and(|of| of != dialect) {
                continue;
            }
            let text = fs::read_to_string(&path)
                .map_err(|error| Error::invalid_argument(format!("{}: {error}", path.display())))?;
            let file = MigrationFile::parse(version, title, &text)
                .map_err(|error| during(path.display(), error))?;
            match &file.dialect {
                Some(of) if of != dialect => {
                    return Err(Error::invalid_argument(format!(
                        "{} is for {of} and not for {dialect}; call it {:04}_{title}.{of}.sql and write one for {dialect}",
                        path.display(),
                        version
                    )));
                }
                _ => {}
            }
            if let Some(other) = files.iter().find(|other| other.version == version) {
                return Err(Error::invalid_argument(format!(
                    "{}: number {version} is taken by {}; number one of them anew",
                    path.display(),
                    other.id()
                )));
            }
            files.push(file);
        }
        files.sort_by_key(|file| file.version);
        Ok(Self {
            path: path.to_owned(),
            files,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The migrations in order.
    #[must_use]
    pub fn files(&self) -> &[MigrationFile] {
        &self.files
    }

    /// The number of the next one.
    #[must_use]
    pub fn next_version(&self) -> u32 {
        self.files.last().map_or(1, |file| file.version + 1)
    }
}

/// The names and paths of the SQL files of a folder.
fn sql_files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let wrong =
        |error: std::io::Error| Error::invalid_argument(format!("{}: {error}", folder.display()));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(wrong)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if let Some(name) = name.strip_suffix(".sql") {
            files.push((name.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

/// Number, name and dialect in `0002_add_notes.sqlite`.
fn parts(stem: &str) -> Option<(u32, &str, Option<&str>)> {
    let (stem, dialect) = match stem.split_once('.') {
        Some((stem, dialect)) => (stem, Some(dialect)),
        None => (stem, None),
    };
    let (number, name) = stem.split_once('_')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let version = number.parse().ok().filter(|version| *version > 0)?;
    (digits && !name.is_empty()).then_some((version, name, dialect))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_number_and_perhaps_a_dialect() {
        assert_eq!(parts("0002_add_notes"), Some((2, "add_notes", None)));
        assert_eq!(parts("12_x.postgres"), Some((12, "x", Some("postgres"))));
        for wrong in [
            "notes",
            "0002",
            "0002_",
            "_x",
            "+1_x",
            "0_x",
            "99999999999_x",
        ] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_folder_is_read_in_order_and_for_one_dialect() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("writes");
        };
        write("0010_last.sql", "SELECT 3;");
        write("0002_b.sqlite.sql", "SELECT 2;");
        write("0002_b.postgres.sql", "SELECT 2;");
        write("0001_a.sql", "SELECT 1;");
        write("README.md", "no migration");
        let read = Folder::read(folder.path(), "sqlite").expect("reads");
        let ids: Vec<_> = read.files().iter().map(MigrationFile::id).collect();
        assert_eq!(ids, ["0001_a", "0002_b", "0010_last"]);
        assert_eq!(read.next_version(), 11);
        write("0010_other.sql", "SELECT 4;");
        let error = Folder::read(folder.path(), "sqlite").expect_err("two of a number");
        assert!(error.message().contains("number 10 is taken by"), "{error}");
    }
}
