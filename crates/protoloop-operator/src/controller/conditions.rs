//! Conditions: what is put together, and what changed.

use kube::runtime::events::EventType;

use crate::api::{Condition, ConditionStatus, condition};

/// What was found out, before it is known since when it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The condition's type.
    pub kind: &'static str,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: String,
    /// Why, in a sentence.
    pub message: String,
}

impl Finding {
    /// It is so.
    pub fn yes(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, ConditionStatus::True, reason, message)
    }

    /// It is not so.
    pub fn no(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, ConditionStatus::False, reason, message)
    }

    /// It is not known, or not yet.
    pub fn unknown(kind: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self::new(kind, ConditionStatus::Unknown, reason, message)
    }

    fn new(
        kind: &'static str,
        status: ConditionStatus,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status,
            reason: reason.to_owned(),
            message: message.into(),
        }
    }
}

/// The findings with what they say together in front: `Ready` is what the worst of them is, and takes its words.
#[must_use]
pub fn with_ready(findings: Vec<Finding>) -> Vec<Finding> {
    // Of several equally bad ones the first counts: causes are found before effects.
    let worst = findings.iter().map(|finding| finding.status).min();
    let first = worst.and_then(|worst| findings.iter().find(|finding| finding.status == worst));
    let ready = match first {
        None => Finding::unknown(condition::READY, "Unknown", ""),
        Some(found) if found.status == ConditionStatus::True => {
            let available = findings
                .iter()
                .find(|finding| finding.kind == condition::AVAILABLE);
            let message = available
                .map(|finding| finding.message.clone())
                .unwrap_or_default();
            Finding::yes(condition::READY, "Ready", message)
        }
        Some(found) => Finding {
            kind: condition::READY,
            ..found.clone()
        },
    };
    std::iter::once(ready).chain(findings).collect()
}

/// The conditions that follow from findings. The time of one changes only with its status.
#[must_use]
pub fn merge(
    before: &[Condition],
    findings: &[Finding],
    generation: Option<i64>,
    now: &str,
) -> Vec<Condition> {
    let merged = |finding: &Finding| {
        let known = before
            .iter()
            .find(|known| known.kind == finding.kind && known.status == finding.status);
        let since = known.map_or_else(
            || now.to_owned(),
            |known| known.last_transition_time.clone(),
        );
        Condition {
            kind: finding.kind.to_owned(),
            status: finding.status,
            reason: finding.reason.clone(),
            message: shortened(&finding.message),
            last_transition_time: since,
            observed_generation: generation,
        }
    };
    findings.iter().map(merged).collect()
}

/// What is told as an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Whether it is a warning.
    pub kind: EventType,
    /// The reason, in one word.
    pub reason: String,
    /// What happened.
    pub note: String,
    /// Which condition it is about.
    pub condition: String,
}

/// What is worth an event: something fails, or fails for another reason, or all is well again.
#[must_use]
pub fn transitions(before: &[Condition], after: &[Condition]) -> Vec<Transition> {
    let told = |now: &Condition| {
        let then = before.iter().find(|then| then.kind == now.kind);
        let same = then.is_some_and(|then| then.status == now.status && then.reason == now.reason);
        let is_ready = now.kind == condition::READY;
        let kind = match now.status {
            ConditionStatus::False if !is_ready => EventType::Warning,
            ConditionStatus::True if is_ready => EventType::Normal,
            _ => return None,
        };
        (!same).then(|| Transition {
            kind,
            reason: now.reason.clone(),
            note: now.message.clone(),
            condition: now.kind.clone(),
        })
    };
    after.iter().filter_map(told).collect()
}

/// Compilers may have much to say; a condition may not.
fn shortened(text: &str) -> String {
    const MOST: usize = 4096;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
