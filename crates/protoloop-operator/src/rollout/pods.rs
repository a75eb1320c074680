//! Why pods do not get ready.

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// What keeps a pod from being ready, in one word and in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodFailure {
    /// Such as `CrashLoopBackOff`.
    pub reason: String,
    /// With the pod's name, exit code and last words.
    pub message: String,
}

/// What a container waits for while it is merely starting.
const STARTING: [&str; 2] = ["ContainerCreating", "PodInitializing"];

/// Why pods do not get ready: of the newest pod that says it.
#[must_use]
pub fn failure(pods: &[Pod]) -> Option<PodFailure> {
    let mut pods: Vec<&Pod> = pods
        .iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .collect();
    pods.sort_by_key(|pod| {
        std::cmp::Reverse(pod.metadata.creation_timestamp.as_ref().map(|time| time.0))
    });
    pods.into_iter().find_map(of_pod)
}

fn of_pod(pod: &Pod) -> Option<PodFailure> {
    let name = pod.metadata.name.as_deref().unwrap_or_default();
    let status = pod.status.as_ref()?;
    let unscheduled = status
        .conditions
        .iter()
        .flatten()
        .find(|one| one.type_ == "PodScheduled" && one.status == "False");
    if let Some(condition) = unscheduled {
        return Some(PodFailure {
            reason: condition
                .reason
                .clone()
                .unwrap_or_else(|| "Unschedulable".to_owned()),
            message: format!(
                "pod {name}: {}",
                condition.message.as_deref().unwrap_or("cannot be placed")
            ),
        });
    }
    let inits = status.init_container_statuses.iter().flatten();
    let containers = inits.chain(status.container_statuses.iter().flatten());
    let container = containers
        .filter_map(|status| of_container(name, status))
        .next();
    container.or_else(|| evicted(name, pod))
}

fn evicted(name: &str, pod: &Pod) -> Option<PodFailure> {
    let status = pod.status.as_ref()?;
    let reason = status
        .reason
        .clone()
        .filter(|_| status.phase.as_deref() == Some("Failed"))?;
    let message = status.message.as_deref().unwrap_or("has failed");
    Some(PodFailure {
        message: format!("pod {name}: {message}"),
        reason,
    })
}

fn of_container(pod: &str, status: &ContainerStatus) -> Option<PodFailure> {
    let state = status.state.as_ref()?;
    let ended = status
        .last_state
        .as_ref()
        .and_then(|last| last.terminated.as_ref());
    let ended = state
        .terminated
        .as_ref()
        .filter(|ended| ended.exit_code != 0)
        .or(ended);
    let waiting = state.waiting.as_ref();
    let reason = waiting
        .and_then(|waiting| waiting.reason.as_deref())
        .filter(|reason| !STARTING.contains(reason));
    let reason = match (reason, ended) {
        (Some(reason), _) => reason,
        (None, Some(ended)) if !status.ready => ended.reason.as_deref().unwrap_or("Error"),
        _ => return None,
    };
    let mut message = format!("pod {pod}, container {}", status.name);
    if let Some(ended) = ended {
        message += &format!(": ended with code {}", ended.exit_code);
        if let Some(why) = ended.reason.as_deref().filter(|why| *why != "Error") {
            message += &format!(" ({why})");
        }
        if let Some(words) = ended
            .message
            .as_deref()
            .map(str::trim)
            .filter(|words| !words.is_empty())
        {
            message += &format!(": {}", last_words(words));
        }
    } else if let Some(words) = waiting.and_then(|waiting| waiting.message.as_deref()) {
        message += &format!(": {words}");
    }
    Some(PodFailure {
        reason: reason.to_owned(),
        message,
    })
}

/// The end of a log: errors stand there.
fn last_words(text: &str) -> &str {
    const MOST: usize = 600;
    let start = text.char_indices().rev().nth(MOST).map_or(0, |(at, _)| at);
    &text[start..]
}

#[cfg(test)]
mod tests;
