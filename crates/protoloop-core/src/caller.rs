//! Who calls, and for which tenant.

use std::sync::Arc;

use crate::CallContext;

/// Who calls: a typed extension of [`CallContext`], read by everything that acts for somebody (tenant keys, audit
/// columns, remembered answers).
///
/// Only code of the server makes one: a layer that has checked who calls puts it into the context, at the phase
/// `authenticate` of the sequence. Nothing that a request carries becomes one by itself.
///
/// ```
/// use protoloop_core::{CallContext, Caller};
///
/// let mut cx = CallContext::new();
/// cx.set_caller(Caller::new("users/ada").in_tenant("acme"));
/// assert_eq!(cx.caller().and_then(Caller::tenant), Some("acme"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Caller {
    /// Who: the id of a person or a service, as the application's own names go. `None` for somebody unnamed.
    pub subject: Option<Arc<str>>,
    /// Whose rows the caller works with. `None` for nobody's: models with a tenant key refuse such a caller.
    pub tenant: Option<Arc<str>>,
    /// Whether the caller works with the rows of all tenants, as a background job or a migration does.
    pub every_tenant: bool,
}

impl Caller {
    /// A caller with a name, of no tenant.
    #[must_use]
    pub fn new(subject: impl Into<Arc<str>>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..Self::default()
        }
    }

    /// A caller without a name, of no tenant.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// The application itself, which works with the rows of all tenants. Never made from what a request says.
    #[must_use]
    pub fn every_tenant() -> Self {
        Self {
            every_tenant: true,
            ..Self::default()
        }
    }

    /// The same caller in a tenant, and in no other.
    #[must_use]
    pub fn in_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.tenant = Some(tenant.into());
        self.every_tenant = false;
        self
    }

    /// Who, where it is known.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The tenant, where there is one.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

impl CallContext {
    /// Who calls; `None` where no layer has found out.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.extensions().get()
    }

    /// Says who calls, in place of what was said before.
    pub fn set_caller(&mut self, caller: Caller) {
        self.extensions_mut().insert(caller);
    }

    /// The same context for another caller.
    #[must_use]
    pub fn with_caller(mut self, caller: Caller) -> Self {
        self.set_caller(caller);
        self
    }
}
