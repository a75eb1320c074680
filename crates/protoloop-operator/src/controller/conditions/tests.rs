use super::*;
use crate::api::condition::{ACCEPTED, APPLIED, AVAILABLE, READY};

const THEN: &str = "2026-01-01T00:00:00Z";
const NOW: &str = "2026-01-02T00:00:00Z";

#[test]
fn ready_is_the_worst_and_the_first_of_it() {
    let accepted = Finding::yes(ACCEPTED, "Accepted", "");
    let late = Finding::unknown(AVAILABLE, "Progressing", "1 of 2");
    let refused = Finding::no(APPLIED, "NotOwned", "Service a");
    let crash = Finding::no(AVAILABLE, "CrashLoopBackOff", "code 1");
    let ready = |findings: &[&Finding]| {
        let all = with_ready(findings.iter().copied().cloned().collect());
        (
            all[0].kind,
            all[0].status,
            all[0].reason.clone(),
            all[0].message.clone(),
        )
    };
    let fine = Finding::yes(AVAILABLE, "Available", "2 pods are ready");
    assert_eq!(
        ready(&[&accepted, &fine]),
        (
            READY,
            ConditionStatus::True,
            "Ready".to_owned(),
            "2 pods are ready".to_owned()
        )
    );
    assert_eq!(ready(&[&accepted, &late]).1, ConditionStatus::Unknown);
    assert_eq!(ready(&[&late, &refused, &crash]).2, "NotOwned");
    assert_eq!(ready(&[&accepted, &crash, &refused]).2, "CrashLoopBackOff");
    assert_eq!(ready(&[]).1, ConditionStatus::Unknown);
}

#[test]
fn times_change_with_the_status_only() {
    let first = merge(&[], &[Finding::unknown(APPLIED, "A", "a")], Some(1), THEN);
    assert_eq!(first[0].last_transition_time, THEN);
    let same = merge(&first, &[Finding::unknown(APPLIED, "B", "b")], Some(2), NOW);
    assert_eq!(
        (
            &*same[0].last_transition_time,
            &*same[0].reason,
            same[0].observed_generation
        ),
        (THEN, "B", Some(2))
    );
    let other = merge(&same, &[Finding::yes(APPLIED, "B", "b")], Some(2), NOW);
    assert_eq!(other[0].last_transition_time, NOW);
    assert!(
        merge(&other, &[], Some(3), NOW).is_empty(),
        "what is not found any more is gone"
    );
}

#[test]
fn events_tell_of_changes_only() {
    let at = |findings: &[Finding]| merge(&[], &with_ready(findings.to_vec()), None, THEN);
    let fine = at(&[Finding::yes(APPLIED, "Applied", "")]);
    let broken = at(&[Finding::no(APPLIED, "NotOwned", "Service a")]);
    let otherwise = at(&[Finding::no(APPLIED, "Forbidden", "Service a")]);
    let reasons = |before: &[_], after: &[_]| {
        transitions(before, after)
            .into_iter()
            .map(|one| one.reason)
            .collect::<Vec<_>>()
    };
    assert_eq!(reasons(&[], &fine), ["Ready"]);
    assert!(reasons(&fine, &fine).is_empty());
    assert_eq!(reasons(&fine, &broken), ["NotOwned"]);
    assert!(reasons(&broken, &broken).is_empty());
    assert_eq!(reasons(&broken, &otherwise), ["Forbidden"]);
    assert_eq!(reasons(&otherwise, &fine), ["Ready"]);
    assert!(reasons(&[], &at(&[Finding::unknown(APPLIED, "Later", "")])).is_empty());
}

#[test]
fn messages_are_bounded() {
    let long = "ä".repeat(9000);
    let merged = merge(&[], &[Finding::no(APPLIED, "Long", long)], None, NOW);
    assert_eq!(merged[0].message.chars().count(), 4097);
}
