use serde_json::json;

use super::*;

#[test]
fn a_deployment_tells_how_it_is() {
    let deployment: Deployment = serde_json::from_value(json!({
        "metadata": {"name": "a", "generation": 3},
        "spec": {"replicas": 2, "selector": {}, "template": {"metadata": {"annotations": {"protoloop.dev/checksum": "c"}}}},
        "status": {
            "observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "readyReplicas": 2, "availableReplicas": 2,
            "conditions": [
                {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too long"},
                {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota"},
            ],
        },
    }))
    .expect("a Deployment");
    let state = DeploymentState::of(&deployment);
    let expected = DeploymentState {
        current: false,
        wanted: 2,
        replicas: 3,
        updated: 1,
        ready: 2,
        available: 2,
        stuck: Some("too long".to_owned()),
        refused: Some("quota".to_owned()),
        checksum: Some("c".to_owned()),
    };
    assert_eq!(state, expected);
}
