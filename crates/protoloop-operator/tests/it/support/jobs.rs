//! What the controller of Jobs would do.

use serde_json::{Value, json};

use super::{PATIENCE, World};

const BEGAN: &str = "2026-01-01T00:00:00Z";
const ENDED: &str = "2026-01-01T00:00:01Z";

/// The name of the Job that does a phase for a service and has not ended, once it is there.
pub(crate) fn of(world: &World, service: &str, phase: &str) -> String {
    let what = format!("a Job to {phase} for {service}");
    world
        .eventually(&what, PATIENCE, || begun(world, service, phase))
        .0
}

/// The same, if it is there.
pub(crate) fn begun(world: &World, service: &str, phase: &str) -> Option<String> {
    let is = |job: &Value| {
        let metadata = &job["metadata"];
        let labels = &metadata["labels"];
        labels["app.kubernetes.io/instance"] == service
            && labels["protoloop.dev/migration"] == phase
            && metadata["deletionTimestamp"].is_null()
            && job["status"]["conditions"].is_null()
    };
    let job = world.list("jobs").into_iter().find(is)?;
    job["metadata"]["name"].as_str().map(str::to_owned)
}

/// It has done its work.
pub(crate) fn completes(world: &World, job: &str) {
    let conditions =
        ["SuccessCriteriaMet", "Complete"].map(|kind| condition(kind, "CompletionsReached", ""));
    world.merge_status("jobs", job, &json!({
        "startTime": BEGAN, "completionTime": ENDED, "succeeded": 1, "ready": 0, "terminating": 0,
        "uncountedTerminatedPods": {}, "conditions": conditions,
    }));
}

/// It has given up.
pub(crate) fn fails(world: &World, job: &str, why: &str) {
    let conditions =
        ["FailureTarget", "Failed"].map(|kind| condition(kind, "BackoffLimitExceeded", why));
    world.merge_status(
        "jobs",
        job,
        &json!({
            "startTime": BEGAN, "failed": 1, "ready": 0, "terminating": 0,
            "uncountedTerminatedPods": {}, "conditions": conditions,
        }),
    );
}

fn condition(kind: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": reason, "message": message})
}
