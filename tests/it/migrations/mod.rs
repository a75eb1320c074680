//! `protoloop migrate`, and what `serve` does about a database that does not fit.

mod commands;
mod crash;
mod files;
mod phases;
mod together;

use std::{fs, path::Path};

use protoloop_testing::databases::{self, Server};
use serde_json::Value;

use crate::support::{
    self,
    run::{Ran, protoloop},
};

pub(super) const FIRST: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { expose: CRUD };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  int32 pages = 3;
}
"#;

/// A folder with a schema and migrations, and a database of its own.
pub(super) struct Place {
    folder: tempfile::TempDir,
    pub(super) db: String,
    /// Whether it is a server, which other replicas may use.
    pub(super) is_server: bool,
}

/// One place for each database that can be had.
pub(super) fn places() -> Vec<Place> {
    let place = |server: Option<&Server>| {
        let folder = support::folder();
        Place {
            db: match server {
                Some(server) => server.database(),
                None => support::database_in(&folder),
            },
            folder,
            is_server: server.is_some(),
        }
    };
    let servers = [databases::postgres(), databases::mariadb()];
    let mut places = vec![place(None)];
    places.extend(
        servers
            .into_iter()
            .flatten()
            .map(|server| place(Some(server))),
    );
    places
}

impl Place {
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `sqlite`, `postgres` or `mariadb`.
    pub(super) fn kind(&self) -> &str {
        self.db.split(':').next().unwrap_or_default()
    }

    /// Writes its schema.
    pub(super) fn write(&self, proto: &str) {
        fs::write(self.path().join("shop.proto"), proto).expect("the folder is ours");
    }

    /// The arguments of `protoloop migrate …` on its schema and database.
    pub(super) fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["migrate"];
        all.extend(arguments);
        all.extend(["shop.proto", "--db", &self.db]);
        all
    }

    /// Runs `protoloop migrate …` on them.
    #[track_caller]
    pub(super) fn migrate(&self, arguments: &[&str]) -> Ran {
        let ran = protoloop(self.path(), &self.arguments(arguments));
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains("s3cr"), "the password is shown: {ran}");
        }
        ran
    }

    /// The same, as JSON.
    #[track_caller]
    pub(super) fn migrate_json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--output", "json"]);
        let ran = self.migrate(&all);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
    }

    /// Runs `protoloop serve` to its end.
    #[track_caller]
    pub(super) fn serve(&self, arguments: &[&str]) -> Ran {
        let mut all = vec![
            "serve",
            "shop.proto",
            "--db",
            &self.db,
            "--listen",
            "127.0.0.1:0",
        ];
        all.extend(arguments);
        protoloop(self.path(), &all)
    }
}
