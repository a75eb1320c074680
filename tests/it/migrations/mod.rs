//! `protoloop migrate`, and what `serve` does about a database that does not fit.

mod commands;
mod crash;
mod files;
mod together;

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::run::{Ran, protoloop};

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

/// Writes the schema of a folder.
pub(super) fn write(folder: &Path, proto: &str) {
    fs::write(folder.join("shop.proto"), proto).expect("the folder is ours");
}

/// Runs `protoloop migrate …` on the folder's schema and database.
#[track_caller]
pub(super) fn migrate(folder: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["migrate"];
    all.extend(arguments);
    all.extend(["shop.proto", "--db", "sqlite:data.db"]);
    protoloop(folder, &all)
}

/// The same, as JSON.
#[track_caller]
pub(super) fn migrate_json(folder: &Path, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.extend(["--output", "json"]);
    let ran = migrate(folder, &all);
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}
