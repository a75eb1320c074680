//! What related rows must fulfil to be seen, put into every place where a query follows a relation.

use protoloop_core::Result;

use super::{Filter, Related};
use crate::{Join, Link, Model, OrderBy};

/// Which rows of a model may be seen: those of the tenant, those that are not deleted. `None` for all.
pub type SeenRows<'a> = &'a (dyn Fn(&Model) -> Result<Option<Filter>> + Sync);

impl Filter {
    /// Whether it asks for related rows.
    #[must_use]
    pub fn is_related(&self) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::is_related),
            Self::Not(inner) => inner.is_related(),
            Self::Related(_) => true,
            _ => false,
        }
    }

    /// Sees to it that the filter takes only those related rows into account that may be seen: the one place where scopes
    /// enter the conditions on other models. The rows of the model itself are not touched.
    ///
    /// # Errors
    /// What `seen` answers.
    pub fn scope_related(&mut self, seen: SeenRows<'_>) -> Result<()> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts
                .iter_mut()
                .try_for_each(|part| part.scope_related(seen)),
            Self::Not(inner) => inner.scope_related(seen),
            Self::Related(related) => {
                let Related { link, filter } = &mut **related;
                filter.scope_related(seen)?;
                link.see(seen)
            }
            _ => Ok(()),
        }
    }
}

impl Link {
    /// Takes only those related and linking rows into account that may be seen.
    ///
    /// # Errors
    /// What `seen` answers.
    pub fn see(&mut self, seen: SeenRows<'_>) -> Result<()> {
        if let Some(scope) = seen(self.target())? {
            self.scope = match std::mem::replace(&mut self.scope, Filter::True) {
                Filter::True => scope,
                // What a polymorphic relation means by itself.
                meant => Filter::And(vec![meant, scope]),
            };
        }
        if let Join::Through { through, scope, .. } = self.join_mut()
            && let Some(seen) = seen(through)?
        {
            **scope = seen;
        }
        Ok(())
    }
}

impl OrderBy {
    /// As [`Filter::scope_related`], for the related rows that an order leads to: those that may not be seen order as
    /// if they were not there.
    ///
    /// # Errors
    /// What `seen` answers.
    pub fn scope_related(&mut self, seen: SeenRows<'_>) -> Result<()> {
        let mut links = self.0.iter_mut().flat_map(|term| term.via.iter_mut());
        links.try_for_each(|link| link.see(seen))
    }
}
