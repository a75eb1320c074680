//! How many services get other pods at once, where it was not their own resource that changed.
//!
//! A Secret that many read, or a newer operator, changes the pods of all of them in one moment. A few at a time are let through;
//! the next ones follow as the pods of those before become ready. Where they do not, their place stays taken: what harms every
//! service stops by itself behind the first few.
//!
//! Who has a place is written into its status before its pods change, so the operator that comes next counts it too. Here stands
//! what no watch may have told of yet.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Who is being rolled out.
#[derive(Debug)]
pub(super) struct Rollouts {
    most: usize,
    /// By uid: whether the Deployment has been applied. Before that it still looks as if it were complete.
    under_way: Mutex<HashMap<String, bool>>,
}

impl Rollouts {
    /// At most so many at once.
    pub(super) fn new(most: u16) -> Self {
        Self {
            most: usize::from(most.max(1)),
            under_way: Mutex::default(),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, bool>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Who has a place, with those whose status says so and without those that are through.
    fn present(
        &self,
        told: impl IntoIterator<Item = String>,
        is_complete: &impl Fn(&str) -> bool,
    ) -> MutexGuard<'_, HashMap<String, bool>> {
        let mut under_way = self.under_way();
        for uid in told {
            under_way.entry(uid).or_insert(true);
        }
        under_way.retain(|uid, applied| !*applied || !is_complete(uid));
        under_way
    }

    /// Whether a service may begin now. `told` are those whose status says that they have a place; `is_complete` tells of any
    /// one whether all its pods are as they should be.
    pub(super) fn may_begin(
        &self,
        uid: &str,
        told: impl FnOnce() -> Vec<String>,
        is_complete: impl Fn(&str) -> bool,
    ) -> bool {
        let is_full = |under_way: &HashMap<_, _>| {
            !under_way.contains_key(uid) && under_way.len() >= self.most
        };
        // Mostly that is known without asking everybody, and those who wait ask every few seconds.
        if is_full(&self.present([], &is_complete)) {
            return false;
        }
        let mut under_way = self.present(told(), &is_complete);
        if is_full(&under_way) {
            return false;
        }
        under_way.insert(uid.to_owned(), false);
        true
    }

    /// Notes that the Deployment has been applied.
    pub(super) fn applied(&self, uid: &str) {
        if let Some(applied) = self.under_way().get_mut(uid) {
            *applied = true;
        }
    }

    /// Notes that all pods are as they should be: what fails later is no rollout any more.
    pub(super) fn completed(&self, uid: &str) {
        let mut under_way = self.under_way();
        if under_way.get(uid) == Some(&true) {
            under_way.remove(uid);
        }
    }

    /// Forgets one that is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.under_way().remove(uid);
    }

    /// How many are under way.
    pub(super) fn len(
        &self,
        told: impl IntoIterator<Item = String>,
        is_complete: impl Fn(&str) -> bool,
    ) -> usize {
        self.present(told, &is_complete).len()
    }

    /// How many may be.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: &str) -> bool {
        false
    }

    #[test]
    fn a_place_is_free_again_when_pods_are_ready() {
        let rollouts = Rollouts::new(2);
        assert!(rollouts.may_begin("a", Vec::new, nobody));
        assert!(rollouts.may_begin("b", Vec::new, nobody));
        assert!(!rollouts.may_begin("c", Vec::new, nobody));
        assert!(rollouts.may_begin("a", Vec::new, nobody), "once more");
        // What has not been applied yet looks complete and is not.
        assert!(!rollouts.may_begin("c", Vec::new, |_| true));
        rollouts.completed("b");
        assert!(
            !rollouts.may_begin("c", Vec::new, nobody),
            "nothing was applied"
        );
        rollouts.applied("a");
        assert!(!rollouts.may_begin("c", Vec::new, |uid| uid == "b"));
        assert!(rollouts.may_begin("c", Vec::new, |uid| uid == "a"));
        assert_eq!(rollouts.len([], nobody), 2);
        rollouts.forget("b");
        assert!(rollouts.may_begin("d", Vec::new, nobody));
        rollouts.applied("d");
        rollouts.completed("d");
        assert_eq!(rollouts.len([], nobody), 1);
    }

    #[test]
    fn a_place_that_another_operator_gave_counts() {
        let told = || vec!["a".to_owned(), "b".to_owned()];
        let rollouts = Rollouts::new(2);
        assert!(!rollouts.may_begin("c", told, nobody));
        assert!(rollouts.may_begin("b", told, nobody), "it has one");
        assert!(rollouts.may_begin("c", told, |uid| uid == "a"));
        assert_eq!(rollouts.len(told(), |uid| uid == "a"), 2);
    }
}
