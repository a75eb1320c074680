//! Versioned SQL files.

use std::{collections::BTreeMap, fmt::Write as _};

use protoloop_core::{Error, Result};
use protoloop_sql::migrate::{Action, ModelRecord, Phase, Safety, Step};
use sha2::{Digest as _, Sha256};

#[cfg(test)]
mod tests;

/// Begins a line that says what the statements behind it do.
const STEP: &str = "-- protoloop:step ";
/// Begins the line that says which columns the field numbers have afterwards.
const RECORD: &str = "-- protoloop:record ";
/// Begins the line that says for which databases the file is.
const DIALECT: &str = "-- protoloop:dialect ";

/// A migration as a file.
///
/// ```text
/// -- protoloop:dialect sqlite
///
/// -- protoloop:step {"kind":"add-column","table":"todos","column":"note","phase":"expand","safety":"safe"}
/// ALTER TABLE "todos" ADD COLUMN "note" TEXT;
///
/// -- protoloop:step {"kind":"manual","what":"write notes","phase":"expand"}
/// UPDATE "todos" SET "note" = 'old';
///
/// -- protoloop:record {"todo.v1.Todo":{"table":"todos","fields":{"1":{"column":"id","kind":"string"}}}}
/// ```
///
/// Statements before the first step line, or of a file without any, are one step that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationFile {
    /// Its number, from 1.
    pub version: u32,
    /// What it is called: `add_notes`.
    pub name: String,
    /// The dialect that it is for; `None` for all.
    pub dialect: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// What is remembered afterwards of the models that it touches; `None` for one that is gone.
    pub record: BTreeMap<String, Option<ModelRecord>>,
    /// SHA-256 of the text, in hexadecimal.
    pub checksum: String,
}

impl MigrationFile {
    /// `0002_add_notes`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:04}_{}", self.version, self.name)
    }

    /// Whether code of before goes on working behind it.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let phases = self.steps.iter().map(|step| step.phase);
        phases.max().unwrap_or(Phase::Expand)
    }

    /// Whether it can lose data.
    #[must_use]
    pub fn safety(&self) -> Safety {
        let safeties = self.steps.iter().map(|step| step.safety);
        safeties.max().unwrap_or(Safety::Safe)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with the line that cannot be read.
    pub fn parse(version: u32, name: &str, text: &str) -> Result<Self> {
        let mut file = Self {
            version,
            name: name.to_owned(),
            dialect: None,
            steps: Vec::new(),
            record: BTreeMap::new(),
            checksum: checksum(text),
        };
        let mut body = Body::default();
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |error: serde_json::Error| {
                Error::invalid_argument(format!("line {number}: {error}"))
            };
            if let Some(rest) = line.strip_prefix(STEP) {
                body.end(&mut file.steps);
                body.step = Some(serde_json::from_str(rest).map_err(wrong)?);
            } else if let Some(rest) = line.strip_prefix(RECORD) {
                body.end(&mut file.steps);
                let record: BTreeMap<_, _> = serde_json::from_str(rest).map_err(wrong)?;
                file.record.extend(record);
            } else if let Some(rest) = line.strip_prefix(DIALECT) {
                file.dialect = Some(rest.trim().to_owned());
            } else if line.starts_with("-- protoloop:") {
                return Err(Error::invalid_argument(format!(
                    "line {number}: only step, record and dialect may stand behind `-- protoloop:`"
                )));
            } else {
                body.text.push_str(line);
                body.text.push('\n');
            }
        }
        body.end(&mut file.steps);
        Ok(file)
    }

    /// The text of a file. Its steps keep their statements outside the step lines.
    #[must_use]
    pub fn text(&self, notes: &[String]) -> String {
        let mut text = String::new();
        for note in notes.iter().flat_map(|note| note.lines()) {
            let _ = writeln!(text, "-- {note}");
        }
        if let Some(dialect) = &self.dialect {
            let _ = writeln!(text, "{DIALECT}{dialect}");
        }
        for step in &self.steps {
            let head = Step {
                sql: Vec::new(),
                ..step.clone()
            };
            // A name with a line break must not end the comment.
            let title = step.to_string().replace(char::is_control, " ");
            let _ = writeln!(text, "\n-- {title}");
            let _ = writeln!(text, "{STEP}{}", json(&head));
            for statement in &step.sql {
                let _ = writeln!(text, "{statement};");
            }
        }
        if !self.record.is_empty() {
            let _ = writeln!(text, "\n{RECORD}{}", json(&self.record));
        }
        text
    }
}

/// SHA-256 of a text in hexadecimal. Line ends count as `\n`, so that a checkout on Windows is the same file.
#[must_use]
pub fn checksum(text: &str) -> String {
    let digest = Sha256::digest(text.replace("\r\n", "\n").as_bytes());
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What was read of a step.
#[derive(Default)]
struct Body {
    step: Option<Step>,
    text: String,
}

impl Body {
    fn end(&mut self, steps: &mut Vec<Step>) {
        let text = std::mem::take(&mut self.text);
        let says_something = text.lines().any(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with("--")
        });
        match self.step.take() {
            Some(mut step) => {
                step.sql = if says_something {
                    vec![text.trim().to_owned()]
                } else {
                    Vec::new()
                };
                steps.push(step);
            }
            None if says_something => steps.push(manual(text.trim())),
            None => {}
        }
    }
}

fn manual(sql: &str) -> Step {
    Step {
        action: Action::Manual {
            what: String::new(),
        },
        phase: Phase::Contract,
        safety: Safety::Safe,
        long: false,
        required: false,
        alone: false,
        note: String::new(),
        sql: vec![sql.to_owned()],
    }
}

fn json(value: &impl serde::Serialize) -> String {
    // Strings, numbers and maps with string keys, which cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
