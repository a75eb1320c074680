//! From a live database to `.proto` files.
//!
//! [`discover`] takes what [`Live::read`](protoloop_sql::Live::read) found and gives the text of a file with a model per table
//! and view, a [`Lock`] that keeps field numbers as they are over later runs, and [`Notice`]s of everything that could not be
//! carried over. Nothing here asks a database.

mod defaults;
mod draft;
mod enums;
mod lock;
mod names;
mod print;
mod relations;
mod types;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use protoloop_sql::Live;

pub use lock::{LOCK_FILE, Lock};
pub use names::Naming;
pub use types::unknown_types;

/// How a database is turned into models.
#[derive(Clone, Debug)]
pub struct Options {
    /// The package of the models: `shop.v1`.
    pub package: String,
    /// How messages and fields are called.
    pub naming: Naming,
    /// What names of tables begin with and names of messages do not: `tbl_`.
    pub strip_prefix: String,
    /// Whether only reading methods are declared. Views have no others anyway.
    pub read_only: bool,
    /// The columns that tell the rows of a table or view apart, where the database does not say: by name of the table.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Tables that are left out.
    pub exclude: Vec<String>,
    /// Types of columns of views that the database declares none for, as `(view, column)`; see [`unknown_types`].
    pub samples: BTreeMap<(String, String), String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            package: "db.v1".to_owned(),
            naming: Naming::default(),
            strip_prefix: String::new(),
            read_only: false,
            keys: BTreeMap::new(),
            exclude: Vec::new(),
            samples: BTreeMap::new(),
        }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// Where the file belongs below the root of the protos: `shop/v1/shop.proto`.
    pub path: String,
    /// Its text.
    pub text: String,
    /// The lock to keep beside it.
    pub lock: Lock,
    /// What could not be carried over, in order of tables.
    pub notices: Vec<Notice>,
    /// How many models there are.
    pub models: usize,
}

/// Something that could not be carried over.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Notice {
    /// The table or view.
    pub table: String,
    /// The column, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Whether it is missing from the models, instead of being there otherwise.
    pub left_out: bool,
    /// What it is about, and what can be done.
    pub text: String,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.table)?;
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        let left_out = if self.left_out { " left out:" } else { ":" };
        write!(f, "{left_out} {}", self.text)
    }
}

/// Turns the schema of a database into models.
#[must_use]
pub fn discover(live: &Live, dialect: &str, options: &Options, lock: &Lock) -> Discovered {
    let mut lock = lock.clone();
    let mut notices = Vec::new();
    let mut drafts = draft::drafts(live, dialect, options, &mut lock, &mut notices);
    relations::add(live, &mut drafts.models, &mut lock, &mut notices);
    let text = print::file(&drafts, dialect, options, &lock);
    notices.sort_by(|one, other| (&one.table, &one.column).cmp(&(&other.table, &other.column)));
    Discovered {
        path: names::file_path(&options.package),
        text,
        models: drafts.models.len(),
        lock,
        notices,
    }
}
