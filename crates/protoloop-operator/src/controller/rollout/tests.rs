use super::*;
use crate::api::ConditionStatus;

fn state(wanted: i32, updated: i32, available: i32, replicas: i32) -> DeploymentState {
    DeploymentState {
        current: true,
        wanted,
        replicas,
        updated,
        ready: available,
        available,
        ..DeploymentState::default()
    }
}

fn service(spec: &str) -> Microservice {
    Microservice::new("a", serde_saphyr::from_str(spec).expect("a spec"))
}

#[test]
fn a_rollout_is_judged() {
    let running = service("image: {name: 'a:1'}");
    let crash = PodFailure {
        reason: "CrashLoopBackOff".to_owned(),
        message: "code 1".to_owned(),
    };
    let stuck = DeploymentState {
        stuck: Some("too long".to_owned()),
        ..state(2, 1, 1, 3)
    };
    let unseen = DeploymentState {
        current: false,
        ..state(2, 2, 2, 2)
    };
    for (state, failure, status, reason) in [
        (state(2, 2, 2, 2), None, ConditionStatus::True, "Available"),
        (state(1, 1, 1, 1), None, ConditionStatus::True, "Available"),
        (
            state(0, 0, 0, 0),
            None,
            ConditionStatus::True,
            "ScaledToZero",
        ),
        (
            state(2, 2, 2, 3),
            None,
            ConditionStatus::Unknown,
            "Progressing",
        ),
        (unseen, None, ConditionStatus::Unknown, "Progressing"),
        (
            state(2, 1, 1, 3),
            Some(crash.clone()),
            ConditionStatus::False,
            "CrashLoopBackOff",
        ),
        (
            stuck.clone(),
            None,
            ConditionStatus::False,
            "ProgressDeadlineExceeded",
        ),
        (
            stuck,
            Some(crash),
            ConditionStatus::False,
            "CrashLoopBackOff",
        ),
    ] {
        let finding = judge(&running, &state, failure);
        assert_eq!(
            (finding.status, &*finding.reason),
            (status, reason),
            "{state:?}"
        );
    }
    let stopped = service("image: {name: 'a:1'}\noperation: {stopped: true}");
    assert_eq!(judge(&stopped, &state(0, 0, 0, 1), None).reason, "Stopping");
    assert_eq!(judge(&stopped, &state(0, 0, 0, 0), None).reason, "Stopped");
}

#[test]
fn routes_are_what_gateways_say() {
    let routes = service("image: {name: 'a:1'}\nroutes: {grpc: {parentRefs: [{name: g}]}}");
    let parent = |accepted| ParentState {
        name: "g".to_owned(),
        accepted,
        message: "NoMatchingParent: no".to_owned(),
    };
    let judged = |apis, parents| {
        routed(&routes, apis, &[("GRPCRoute", parents)])
            .map(|finding| (finding.status, finding.reason))
    };
    let told = |status, reason: &str| Some((status, reason.to_owned()));
    assert_eq!(
        judged(Apis::default(), None),
        told(ConditionStatus::False, "ApiMissing")
    );
    assert_eq!(
        judged(Apis::ALL, None),
        told(ConditionStatus::Unknown, "Pending")
    );
    assert_eq!(
        judged(Apis::ALL, Some(vec![])),
        told(ConditionStatus::Unknown, "Pending")
    );
    assert_eq!(
        judged(Apis::ALL, Some(vec![parent(true)])),
        told(ConditionStatus::True, "Accepted")
    );
    assert_eq!(
        judged(Apis::ALL, Some(vec![parent(true), parent(false)])),
        told(ConditionStatus::False, "NotAccepted")
    );
    assert_eq!(
        routed(&service("image: {name: 'a:1'}"), Apis::default(), &[]),
        None
    );
}
