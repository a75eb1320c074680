//! The database and how it is migrated.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the data lives.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.secret) != has(self.url)").message("give either secret or url")
)]
pub struct Datasource {
    /// The key of a Secret that holds the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<KeySelector>,
    /// The URL itself, where it holds no password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    #[x_kube(validation = Rule::new("self.matches('^(memory|sqlite|postgres|postgresql|mysql|mariadb):')")
        .message("write memory:, sqlite:FILE, postgres://…, mysql://… or mariadb://…"))]
    #[x_kube(validation = Rule::new("!self.matches('^[a-z]+://[^/@]*:[^/@]*@')")
        .message("this URL holds a password: put it into a Secret and name that"))]
    pub url: Option<String>,
}

/// A key of an object in the same namespace.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySelector {
    /// The object's name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key in it.
    #[schemars(length(min = 1, max = 253))]
    pub key: String,
}

/// How the database is brought to what the schema needs.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Migrations {
    /// Who does it.
    #[serde(default)]
    pub mode: MigrationMode,
    /// Take steps that lose data too, behind a complete rollout.
    #[serde(default)]
    pub allow_destructive: bool,
    /// Seconds that one Job may take.
    #[serde(default = "deadline")]
    #[schemars(range(min = 1, max = 604_800))]
    pub deadline_seconds: i64,
    /// How often a failed Job is tried again.
    #[serde(default = "retries")]
    #[schemars(range(min = 0, max = 20))]
    pub retries: i32,
}

impl Default for Migrations {
    fn default() -> Self {
        Self {
            mode: MigrationMode::default(),
            allow_destructive: false,
            deadline_seconds: deadline(),
            retries: retries(),
        }
    }
}

/// Who migrates.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MigrationMode {
    /// A Job before new pods start, and one behind the rollout for what old pods need.
    #[default]
    Job,
    /// Each pod when it starts, as far as no data is lost.
    OnStart,
    /// Nobody: pods refuse to start on a database that does not fit.
    Never,
}

fn deadline() -> i64 {
    3600
}

fn retries() -> i32 {
    3
}
