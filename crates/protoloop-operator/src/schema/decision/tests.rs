use super::*;

/// Pods serve `a`, and `b` is wanted.
fn situation() -> Situation {
    Situation {
        wanted: Wanted::Valid(Candidate {
            digest: "b".to_owned(),
            key: "key-b".to_owned(),
            ..Candidate::default()
        }),
        serving: Some("a".to_owned()),
        migrates: Migrates::Jobs,
        expanded: Some("key-a".to_owned()),
        contracted: Some("key-a".to_owned()),
        expand: JobState::Absent,
        contract: JobState::Absent,
        rolled_out: true,
    }
}

fn candidate(change: impl FnOnce(&mut Candidate)) -> Wanted {
    let mut candidate = Candidate {
        digest: "b".to_owned(),
        key: "key-b".to_owned(),
        ..Candidate::default()
    };
    change(&mut candidate);
    Wanted::Valid(candidate)
}

/// Pods, Job, and the reasons of the three conditions with their status.
fn shown(decision: &Decision) -> String {
    let said = decision.said.iter().map(|said| {
        let status = match said.status {
            ConditionStatus::True => "+",
            ConditionStatus::False => "-",
            ConditionStatus::Unknown => "?",
        };
        format!("{status}{}", said.reason)
    });
    let said: Vec<_> = said.collect();
    format!(
        "{} {} {}",
        decision.release.as_deref().unwrap_or("none"),
        decision.job.map_or("-", Phase::as_str),
        said.join(" ")
    )
}

#[test]
#[allow(clippy::too_many_lines, reason = "it is a table")]
fn each_situation_has_its_next_step() {
    let failed = || JobState::Failed("why".to_owned());
    let breaking = || vec!["field-removed: a.v1.A.b is gone".to_owned()];
    let served = || Situation {
        serving: Some("b".to_owned()),
        ..situation()
    };
    let table = [
        (
            "compatible: expand first",
            situation(),
            "a expand +Compiled +Compatible ?Expanding",
        ),
        (
            "the expand Job runs",
            Situation {
                expand: JobState::Running,
                ..situation()
            },
            "a expand +Compiled +Compatible ?Expanding",
        ),
        (
            "it failed: the old schema stays",
            Situation {
                expand: failed(),
                ..situation()
            },
            "a expand +Compiled +Compatible -MigrationFailed",
        ),
        (
            "it is complete: pods get the schema",
            Situation {
                expand: JobState::Complete,
                ..situation()
            },
            "b - +Compiled +Compatible +Expanded",
        ),
        (
            "the Job is gone behind its time, and what it did is remembered",
            Situation {
                expanded: Some("key-b".to_owned()),
                ..situation()
            },
            "b - +Compiled +Compatible +Expanded",
        ),
        (
            "the rollout is under way",
            Situation {
                expanded: Some("key-b".to_owned()),
                rolled_out: false,
                ..served()
            },
            "b - +Compiled +Serving +Expanded",
        ),
        (
            "rolled out: contract",
            Situation {
                expanded: Some("key-b".to_owned()),
                ..served()
            },
            "b contract +Compiled +Serving +Contracting",
        ),
        (
            "the contract Job runs, and a pod is replaced",
            Situation {
                expanded: Some("key-b".to_owned()),
                contract: JobState::Running,
                ..served()
            },
            "b contract +Compiled +Serving +Contracting",
        ),
        (
            "the contract Job failed: the new schema stays",
            Situation {
                expanded: Some("key-b".to_owned()),
                contract: failed(),
                ..served()
            },
            "b contract +Compiled +Serving -MigrationFailed",
        ),
        (
            "the contract Job is complete",
            Situation {
                expanded: Some("key-b".to_owned()),
                contract: JobState::Complete,
                ..served()
            },
            "b - +Compiled +Serving +Migrated",
        ),
        (
            "all is done",
            Situation {
                expanded: Some("key-b".to_owned()),
                contracted: Some("key-b".to_owned()),
                ..served()
            },
            "b - +Compiled +Serving +Migrated",
        ),
        (
            "the first schema",
            Situation {
                serving: None,
                expanded: None,
                contracted: None,
                ..situation()
            },
            "none expand +Compiled +First ?Expanding",
        ),
        (
            "the first one's Job failed",
            Situation {
                serving: None,
                expanded: None,
                expand: failed(),
                ..situation()
            },
            "none expand +Compiled +First -MigrationFailed",
        ),
        (
            "another database for the schema that is served",
            Situation {
                wanted: candidate(|one| one.key = "other".to_owned()),
                ..served()
            },
            "b expand +Compiled +Serving ?Expanding",
        ),
        (
            "breaking",
            Situation {
                wanted: candidate(|one| one.breaking = breaking()),
                ..situation()
            },
            "a - +Compiled -BreakingChanges +Serving",
        ),
        (
            "breaking, and agreed to",
            Situation {
                wanted: candidate(|one| {
                    one.breaking = breaking();
                    one.agreed = true;
                }),
                ..situation()
            },
            "a expand +Compiled +Agreed ?Expanding",
        ),
        (
            "breaking, but there already: agreed to once, and not taken back",
            Situation {
                wanted: candidate(|one| one.breaking = breaking()),
                expanded: Some("key-b".to_owned()),
                contracted: Some("key-b".to_owned()),
                ..served()
            },
            "b - +Compiled +Serving +Migrated",
        ),
        (
            "it does not compile",
            Situation {
                wanted: Wanted::Invalid(vec!["a.proto:1:1: no".to_owned()]),
                ..situation()
            },
            "a - -CompileErrors ?NotCompared +Serving",
        ),
        (
            "the first one does not compile",
            Situation {
                wanted: Wanted::Invalid(vec!["a.proto:1:1: no".to_owned()]),
                serving: None,
                ..situation()
            },
            "none - -CompileErrors ?NotCompared ?NothingServed",
        ),
        (
            "its ConfigMap is gone",
            Situation {
                wanted: Wanted::Missing("no ConfigMap shop".to_owned()),
                ..situation()
            },
            "a - -SourceMissing ?NotCompared +Serving",
        ),
        (
            "pods migrate",
            Situation {
                migrates: Migrates::Pods,
                ..situation()
            },
            "b - +Compiled +Compatible +OnStart",
        ),
        (
            "nobody migrates",
            Situation {
                migrates: Migrates::Nobody,
                ..situation()
            },
            "b - +Compiled +Compatible +NotManaged",
        ),
    ];
    for (name, situation, wanted) in table {
        assert_eq!(shown(&decide(&situation)), wanted, "{name}");
    }
}

/// From one schema to the next, whatever fails on the way: pods never have a schema that the database was not expanded for.
#[test]
fn pods_never_get_ahead_of_the_database() {
    let jobs = [
        JobState::Absent,
        JobState::Running,
        JobState::Complete,
        JobState::Failed("why".to_owned()),
    ];
    for expand in &jobs {
        for contract in &jobs {
            for expanded in [None, Some("key-a"), Some("key-b")] {
                for serving in [None, Some("a"), Some("b")] {
                    for rolled_out in [false, true] {
                        let situation = Situation {
                            serving: serving.map(str::to_owned),
                            expanded: expanded.map(str::to_owned),
                            expand: expand.clone(),
                            contract: contract.clone(),
                            rolled_out,
                            ..situation()
                        };
                        let decision = decide(&situation);
                        let new = decision.release.as_deref() == Some("b");
                        let ready = expanded == Some("key-b") || *expand == JobState::Complete;
                        assert!(!new || ready || serving == Some("b"), "{situation:?}");
                        // And nothing is taken away while a pod of before is there.
                        let contracts = decision.job == Some(Phase::Contract);
                        assert!(
                            !contracts || (rolled_out && serving == Some("b")),
                            "{situation:?}"
                        );
                        // What pods had is never taken without another one.
                        assert!(
                            serving.is_none() || decision.release.is_some(),
                            "{situation:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn long_lists_are_cut() {
    let problems: Vec<_> = (1..=7)
        .map(|line| format!("a.proto:{line}:1: no"))
        .collect();
    let decision = decide(&Situation {
        wanted: Wanted::Invalid(problems),
        ..situation()
    });
    assert_eq!(
        decision.said[0].message,
        "7 errors: a.proto:1:1: no; a.proto:2:1: no; a.proto:3:1: no; a.proto:4:1: no; a.proto:5:1: no; and 2 more"
    );
}
