//! What is done next: from what is known to the schema that pods are given, the Job that is to run, and what is said of it.
//!
//! ```text
//! compiles? ─no─► the old schema stays                 SchemaValid=False
//!    │ yes
//! breaks callers? ─yes, and nobody agreed─► it stays   SchemaCompatible=False
//!    │ no
//! expand Job ─fails─► it stays                         Migrated=False
//!    │ complete
//! pods get the new schema
//!    │ every pod has it
//! contract Job ─fails─► the new schema stays           Migrated=False
//!    │ complete
//! done
//! ```
//!
//! Nothing here remembers anything: what has to be known after a restart of the operator stands in the status, and a step
//! that was begun is found as its Job.

use crate::api::{ConditionStatus, condition};

/// What is known of a service's schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    /// The schema that the resource asks for.
    pub wanted: Wanted,
    /// Digest of the schema that pods were given.
    pub serving: Option<String>,
    /// Who migrates.
    pub migrates: Migrates,
    /// What has been expanded, by its key.
    pub expanded: Option<String>,
    /// What has been contracted, by its key.
    pub contracted: Option<String>,
    /// The Job that expands for what is wanted.
    pub expand: JobState,
    /// The Job that contracts behind it.
    pub contract: JobState,
    /// Whether every pod has the schema that pods were given, and no pod of another one is left.
    pub rolled_out: bool,
}

/// The schema that a resource asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is not there: why.
    Missing(String),
    /// It does not compile: the problems, each with its place.
    Invalid(Vec<String>),
    /// It compiles.
    Valid(Candidate),
}

/// A schema that compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its digest.
    pub digest: String,
    /// What a migration for it is known by: another database or image is another migration.
    pub key: String,
    /// How many problems the compiler warns of.
    pub warnings: usize,
    /// The changes that break callers of the schema that is served, one line each.
    pub breaking: Vec<String>,
    /// Whether somebody agreed to them: by `allowBreaking`, or by going back to an earlier revision.
    pub agreed: bool,
    /// Whether somebody agreed to steps that lose data.
    pub destructive: bool,
}

impl Candidate {
    /// What a database that was contracted for it is known by: with consent to losing data that is more than without.
    #[must_use]
    pub fn contracted(&self) -> String {
        contracted(&self.key, self.destructive)
    }

    /// Whether a database that was contracted for `known` has nothing left to be taken away.
    #[must_use]
    pub fn is_contracted(&self, known: Option<&String>) -> bool {
        let all = contracted(&self.key, true);
        known.is_some_and(|known| *known == self.contracted() || *known == all)
    }
}

fn contracted(key: &str, destructive: bool) -> String {
    match destructive {
        true => format!("{key}-destructive"),
        false => key.to_owned(),
    }
}

/// Who brings the database to what a schema needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Migrates {
    /// Jobs of the operator.
    Jobs,
    /// Each pod when it starts.
    Pods,
    /// Nobody that we know of.
    Nobody,
}

/// How a Job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JobState {
    /// There is none.
    #[default]
    Absent,
    /// It waits or runs.
    Running,
    /// It has done its work.
    Complete,
    /// It has given up: why.
    Failed(String),
}

/// A part of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before pods get the schema: what pods of before do not mind.
    Expand,
    /// When no pod of before is left.
    Contract,
}

impl Phase {
    /// `expand`, `contract`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Contract => "contract",
        }
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its type.
    pub kind: &'static str,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: &'static str,
    /// Why, in a sentence.
    pub message: String,
}

/// What is done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Digest of the schema that pods are given; `None` where there is none to give.
    pub release: Option<String>,
    /// The Job that is to be there.
    pub job: Option<Phase>,
    /// What has been expanded and contracted, to be remembered.
    pub expanded: Option<String>,
    /// See [`Decision::expanded`].
    pub contracted: Option<String>,
    /// `SchemaValid`, `SchemaCompatible`, `Migrated`.
    pub said: [Said; 3],
}

impl Decision {
    /// Whether the schema is on its way: a Job runs, or is about to.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.said
            .iter()
            .any(|said| said.status == ConditionStatus::Unknown)
    }
}

/// What is done next.
#[must_use]
pub fn decide(situation: &Situation) -> Decision {
    let candidate = match &situation.wanted {
        Wanted::Missing(why) => {
            return stays(
                situation,
                valid(ConditionStatus::False, "SourceMissing", why.clone()),
            );
        }
        Wanted::Invalid(problems) => {
            let message = lines(problems, "error");
            return stays(
                situation,
                valid(ConditionStatus::False, "CompileErrors", message),
            );
        }
        Wanted::Valid(candidate) => candidate,
    };
    let compiles = match candidate.warnings {
        0 => valid(
            ConditionStatus::True,
            "Compiled",
            "the schema compiles".to_owned(),
        ),
        count => {
            let message = format!(
                "the schema compiles, with {}; see status.schema.warnings",
                counted(count, "warning")
            );
            valid(ConditionStatus::True, "Compiled", message)
        }
    };
    let served = situation.serving.as_ref() == Some(&candidate.digest);
    if !served && !candidate.breaking.is_empty() && !candidate.agreed {
        let message = format!(
            "{}; undo it, or set spec.schema.allowBreaking",
            lines(&candidate.breaking, "breaking change")
        );
        let breaks = said(
            condition::SCHEMA_COMPATIBLE,
            ConditionStatus::False,
            "BreakingChanges",
            message,
        );
        return Decision {
            said: [compiles, breaks, migrated_before(situation)],
            ..stays(situation, valid(ConditionStatus::True, "", String::new()))
        };
    }
    let compatible = compatible(candidate, served, situation.serving.is_some());
    migrate(situation, candidate, served, [compiles, compatible])
}

/// The schema that is served stays.
fn stays(situation: &Situation, valid: Said) -> Decision {
    let compared = said(
        condition::SCHEMA_COMPATIBLE,
        ConditionStatus::Unknown,
        "NotCompared",
        "there is no schema to compare with the one that is served".to_owned(),
    );
    Decision {
        release: situation.serving.clone(),
        job: None,
        expanded: situation.expanded.clone(),
        contracted: situation.contracted.clone(),
        said: [valid, compared, migrated_before(situation)],
    }
}

/// What is said of the database while the schema that is served stays.
fn migrated_before(situation: &Situation) -> Said {
    match situation.serving {
        Some(_) => migrated(
            ConditionStatus::True,
            "Serving",
            "the database fits the schema that is served",
        ),
        None => migrated(
            ConditionStatus::Unknown,
            "NothingServed",
            "no schema is served yet",
        ),
    }
}

fn compatible(candidate: &Candidate, served: bool, is_later: bool) -> Said {
    let (reason, message) = match (served, is_later, candidate.breaking.is_empty()) {
        (true, ..) => ("Serving", "it is the schema that is served".to_owned()),
        (_, false, _) => ("First", "no schema was served before".to_owned()),
        (.., true) => (
            "Compatible",
            "it breaks no caller of the schema that is served".to_owned(),
        ),
        (.., false) => {
            let message = format!(
                "agreed to: {}",
                lines(&candidate.breaking, "breaking change")
            );
            ("Agreed", message)
        }
    };
    said(
        condition::SCHEMA_COMPATIBLE,
        ConditionStatus::True,
        reason,
        message,
    )
}

/// Expands, hands the schema to the pods, contracts.
fn migrate(
    situation: &Situation,
    candidate: &Candidate,
    served: bool,
    [valid, compatible]: [Said; 2],
) -> Decision {
    let mut decision = Decision {
        release: Some(candidate.digest.clone()),
        job: None,
        expanded: situation.expanded.clone(),
        contracted: situation.contracted.clone(),
        said: [
            valid,
            compatible,
            migrated(
                ConditionStatus::True,
                "Migrated",
                "the database fits the schema",
            ),
        ],
    };
    match situation.migrates {
        Migrates::Jobs => {}
        Migrates::Pods => {
            let message = "each pod migrates when it starts";
            decision.said[2] = migrated(ConditionStatus::True, "OnStart", message);
            return decision;
        }
        Migrates::Nobody => {
            let message =
                "the operator does not migrate; pods do not start on a database that does not fit";
            decision.said[2] = migrated(ConditionStatus::True, "NotManaged", message);
            return decision;
        }
    }
    let is_key = |known: &Option<String>| known.as_ref() == Some(&candidate.key);
    if !is_key(&situation.expanded) {
        if situation.expand == JobState::Complete {
            decision.expanded = Some(candidate.key.clone());
        } else {
            // A schema that pods have already stays with them: what is expanded is another database, or for another image.
            if !served {
                decision.release.clone_from(&situation.serving);
            }
            decision.job = Some(Phase::Expand);
            decision.said[2] = under_way(Phase::Expand, &situation.expand);
            return decision;
        }
    }
    contract(situation, candidate, served, &mut decision);
    decision
}

/// Contracts once no pod of before is left.
fn contract(situation: &Situation, candidate: &Candidate, served: bool, decision: &mut Decision) {
    if candidate.is_contracted(situation.contracted.as_ref()) {
        return;
    }
    if !(served && situation.rolled_out) {
        let message =
            "the database is expanded; what pods of before need is taken away behind the rollout";
        decision.said[2] = migrated(ConditionStatus::True, "Expanded", message);
        return;
    }
    match &situation.contract {
        JobState::Complete => decision.contracted = Some(candidate.contracted()),
        state => {
            decision.job = Some(Phase::Contract);
            decision.said[2] = under_way(Phase::Contract, state);
        }
    }
}

fn under_way(phase: Phase, state: &JobState) -> Said {
    match (phase, state) {
        (Phase::Expand, JobState::Failed(why)) => migrated(
            ConditionStatus::False,
            "MigrationFailed",
            &format!("the expand Job failed and pods keep the schema that they have: {why}"),
        ),
        (Phase::Contract, JobState::Failed(why)) => migrated(
            ConditionStatus::False,
            "MigrationFailed",
            &format!("the contract Job failed; pods serve the new schema: {why}"),
        ),
        (Phase::Expand, _) => migrated(
            ConditionStatus::Unknown,
            "Expanding",
            "a Job prepares the database; pods keep the schema that they have until it is complete",
        ),
        // Pods have all that they need.
        (Phase::Contract, _) => migrated(
            ConditionStatus::True,
            "Contracting",
            "a Job takes away what pods of before needed",
        ),
    }
}

fn valid(status: ConditionStatus, reason: &'static str, message: String) -> Said {
    said(condition::SCHEMA_VALID, status, reason, message)
}

fn migrated(status: ConditionStatus, reason: &'static str, message: &str) -> Said {
    said(condition::MIGRATED, status, reason, message.to_owned())
}

fn said(
    kind: &'static str,
    status: ConditionStatus,
    reason: &'static str,
    message: String,
) -> Said {
    Said {
        kind,
        status,
        reason,
        message,
    }
}

/// As many lines as a condition should have.
const SHOWN: usize = 5;

/// `2 errors: …; …`, and how many more there are.
fn lines(all: &[String], noun: &str) -> String {
    let shown = all[..all.len().min(SHOWN)].join("; ");
    let more = match all.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{}: {shown}{more}", counted(all.len(), noun))
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
