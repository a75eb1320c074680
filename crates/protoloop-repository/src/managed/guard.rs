//! Which rows of a model a caller meets.

use protoloop_core::{CallContext, Caller, Error, Result};
use protoloop_schema::Schema;

use crate::{CompareOp, Filter, LeafKind, Model, PropertyPath, Value, model::column};

/// Says in a call context that rows which are marked as deleted are shown like others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShowDeleted;

/// What keeps rows of a model from callers: its tenant key and its soft delete. Empty for most models.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    pub(crate) tenant: Option<PropertyPath>,
    pub(crate) deleted: Option<PropertyPath>,
}

impl Guard {
    pub(crate) fn new(schema: &Schema, entity: &protoloop_schema::Entity) -> Self {
        let message = schema.message(entity.message);
        let path = |number: u32| column(schema, message.field_by_number(number)?.1);
        Self {
            tenant: entity.tenant_key.and_then(path),
            deleted: entity.delete_time.and_then(path),
        }
    }

    /// The condition that a row is not marked as deleted; `None` where none is.
    pub(crate) fn live(&self) -> Option<Filter> {
        let path = self.deleted.clone()?;
        Some(Filter::Not(Box::new(Filter::Has { path })))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tenant.is_none() && self.deleted.is_none()
    }
}

impl Model {
    /// The tenant whose rows a context may work with: `None` for a model without tenant key, and for a caller that works
    /// with the rows of all tenants.
    ///
    /// # Errors
    /// UNAUTHENTICATED when nobody said who calls, PERMISSION_DENIED when the caller is of no tenant, or of one that
    /// the tenant key cannot hold.
    pub fn tenant(&self, cx: &CallContext) -> Result<Option<Value>> {
        let Some(path) = &self.guard().tenant else {
            return Ok(None);
        };
        let Some(caller) = cx.caller() else {
            return Err(Error::unauthenticated(format!(
                "{} belong to tenants; say who calls",
                self.entity().plural
            )));
        };
        if caller.every_tenant {
            return Ok(None);
        }
        let said = caller.tenant().filter(|tenant| !tenant.is_empty());
        let tenant = said.and_then(|tenant| tenant_value(path.leaf().kind, tenant));
        tenant.map(Some).ok_or_else(|| {
            Error::permission_denied(format!(
                "{} belong to tenants, and the caller is of none",
                self.entity().plural
            ))
        })
    }

    /// The condition that a row belongs to the context's tenant; `None` where all do.
    ///
    /// # Errors
    /// As [`Model::tenant`].
    pub fn tenant_scope(&self, cx: &CallContext) -> Result<Option<Filter>> {
        let tenant = self.tenant(cx)?;
        Ok(self.guard().tenant.clone().zip(tenant).map(owned))
    }

    /// Which rows a context sees when it asks for several: those of its tenant that are not deleted, or with
    /// [`ShowDeleted`] the deleted ones too. `None` for all.
    ///
    /// # Errors
    /// As [`Model::tenant`].
    pub fn seen_rows(&self, cx: &CallContext) -> Result<Option<Filter>> {
        let deleted = cx.extensions().get::<ShowDeleted>();
        let live = self.guard().live().filter(|_| deleted.is_none());
        Ok(both(self.tenant_scope(cx)?, live))
    }

    /// Whether a row is marked as deleted.
    #[must_use]
    pub fn is_deleted(&self, row: &[u8]) -> bool {
        let number = self.entity().delete_time;
        number.is_some_and(|number| self.view(row).has(number))
    }
}

fn owned((path, value): (PropertyPath, Value)) -> Filter {
    let op = CompareOp::Eq;
    Filter::Compare { path, op, value }
}

/// Both conditions, of which each may be none.
pub(super) fn both(one: Option<Filter>, other: Option<Filter>) -> Option<Filter> {
    match (one, other) {
        (Some(one), Some(Filter::And(mut parts))) => {
            parts.insert(0, one);
            Some(Filter::And(parts))
        }
        (Some(one), Some(other)) => Some(Filter::And(vec![one, other])),
        (one, other) => one.or(other),
    }
}

/// The tenant as a value of the field; `None` when the field cannot hold it.
fn tenant_value(kind: LeafKind, tenant: &str) -> Option<Value> {
    // Zero is no tenant: a field without presence that holds it is absent.
    if !matches!(kind, LeafKind::String) && tenant.parse() == Ok(0) {
        return None;
    }
    Some(match kind {
        LeafKind::String => Value::String(tenant.to_owned()),
        LeafKind::Int32 => Value::I64(tenant.parse::<i32>().ok()?.into()),
        LeafKind::Int64 => Value::I64(tenant.parse().ok()?),
        LeafKind::Uint32 => Value::U64(tenant.parse::<u32>().ok()?.into()),
        LeafKind::Uint64 => Value::U64(tenant.parse().ok()?),
        _ => return None,
    })
}

/// The subject that audit columns are filled with.
pub(crate) fn subject(cx: &CallContext) -> Option<std::sync::Arc<str>> {
    cx.caller()
        .and_then(|caller: &Caller| caller.subject.clone())
        .filter(|subject| !subject.is_empty())
}
