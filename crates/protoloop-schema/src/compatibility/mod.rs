//! Whether those who use a schema can go on using a later one of it.
//!
//! [`compare`] finds every change between two schemas that breaks something: callers over gRPC or JSON, REST routes, stored
//! rows, or code that was generated. Each finding names its [`Rule`], the element and its place, and what it breaks; what is
//! harmful enough to stop a rollout is for the caller to say, by [`Surface`] and by [`Allowed`].

mod allowed;
mod comparison;
mod declared;
mod enums;
mod fields;
mod files;
mod kinds;
mod messages;
mod models;
mod routes;
mod rule;
mod services;

use std::fmt;

pub use allowed::{Allowed, UnknownRule};
use comparison::Comparison;
pub use rule::Rule;

use crate::{Location, Schema};

/// What a change breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Surface {
    /// Callers whose messages are protobuf: gRPC, gRPC-Web, Connect.
    Wire,
    /// Callers whose messages are JSON: REST and Connect.
    Json,
    /// REST routes.
    Rest,
    /// Rows that are stored, and replicas of before that use the same database.
    Rows,
    /// Code that is generated from the schema, where it is generated anew.
    Source,
}

impl Surface {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Wire, Self::Json, Self::Rest, Self::Rows, Self::Source];

    /// What those who run at the moment meet: everything but [`Surface::Source`].
    pub const RUNNING: [Self; 4] = [Self::Wire, Self::Json, Self::Rest, Self::Rows];

    /// Its name in commands and reports: `wire`, `json`, `rest`, `rows`, `source`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Json => "json",
            Self::Rest => "rest",
            Self::Rows => "rows",
            Self::Source => "source",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One change that breaks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaking {
    /// The rule that it breaks.
    pub rule: Rule,
    /// The full name of the element: `shop.v1.Book.title`; for a route its method and path.
    pub element: String,
    /// Where the element stands now; for one that is gone, what was around it; for a file that is gone, where it stood.
    pub location: Location,
    /// What has changed, naming the element.
    pub message: String,
    /// What to do instead.
    pub help: &'static str,
    /// What it breaks, in the order of [`Surface`]; never empty.
    pub breaks: Vec<Surface>,
}

impl Breaking {
    /// Whether it breaks one of these.
    #[must_use]
    pub fn breaks_any(&self, surfaces: &[Surface]) -> bool {
        self.breaks.iter().any(|surface| surfaces.contains(surface))
    }
}

impl fmt::Display for Breaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let breaks: Vec<_> = self.breaks.iter().map(|surface| surface.name()).collect();
        write!(
            f,
            "{}: {}: {} (breaks {})",
            self.location,
            self.rule,
            self.message,
            breaks.join(", ")
        )
    }
}

/// Every change from `old` to `new` that breaks something, by the place in `new`. What comes with the toolkit
/// (`google/*`, `buf/validate`, `protoloop/v1`) is not looked at.
#[must_use]
pub fn compare(old: &Schema, new: &Schema) -> Vec<Breaking> {
    let mut comparison = Comparison::new(old, new);
    comparison.files();
    comparison.messages();
    comparison.enums();
    comparison.services();
    comparison.routes();
    comparison.models();
    comparison.finish()
}
