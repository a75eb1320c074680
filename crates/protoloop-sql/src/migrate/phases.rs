//! A plan before and behind a rollout.

use super::{Action, Phase, Plan, Step};

impl Plan {
    /// The steps that can be done while code of before runs, and those that are left for later, each in order.
    ///
    /// A step counts on those before it on the same table, so it is left with them; but one that drops an index is counted
    /// on only by one that makes it anew.
    #[must_use]
    pub fn expanding(&self) -> (Vec<Step>, Vec<Step>) {
        let mut left = Vec::<Step>::new();
        let mut taken = Vec::new();
        let (mut tables, mut indexes) = (Vec::<Option<&str>>::new(), Vec::<&str>::new());
        for step in &self.steps {
            let table = step.action.table();
            let made_anew = matches!(&step.action, Action::CreateIndex { index, .. } if indexes.contains(&&**index));
            if step.phase == Phase::Expand && !tables.contains(&table) && !made_anew {
                taken.push(step.clone());
                continue;
            }
            match &step.action {
                Action::DropIndex { index, .. } => indexes.push(index),
                Action::CreateIndex { .. } => {}
                Action::RenameTable { to, .. } => tables.extend([table, Some(to)]),
                _ => tables.push(table),
            }
            left.push(step.clone());
        }
        (taken, left)
    }

    /// The steps that code of now needs and that cannot be done while code of before runs: there is no moment at which both
    /// work.
    #[must_use]
    pub fn needs_downtime(&self) -> Vec<Step> {
        let (_, left) = self.expanding();
        let steps = left.into_iter().chain(self.withheld.iter().cloned());
        steps.filter(|step| step.required).collect()
    }
}
