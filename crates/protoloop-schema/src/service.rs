//! Services, methods and how a method maps to the standard engine.

use std::{sync::Arc, time::Duration};

use protoloop_core::MethodInfo;

use crate::{EntityId, HttpRule, Location, MessageId, types::ids};

ids! {
    /// A service; the position in [`Schema::services`](crate::Schema::services).
    ServiceId,
    /// A method; the position in [`Schema::methods`](crate::Schema::methods), equal to [`MethodInfo::index`].
    MethodId,
}

/// A gRPC service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// `todo.v1.TodoService`.
    pub full_name: Arc<str>,
    /// `TodoService`.
    pub name: Arc<str>,
    /// `todo.v1`.
    pub package: Arc<str>,
    /// In order of declaration.
    pub methods: Vec<MethodId>,
    /// Whether it was made by the toolkit and stands in no file of the user.
    pub synthesised: bool,
    /// Leading comment.
    pub comment: String,
    /// Where it is declared.
    pub location: Location,
}

/// A method of a service.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its id.
    pub id: MethodId,
    /// Name, path and streaming, as calls carry them.
    pub info: Arc<MethodInfo>,
    /// The service it belongs to.
    pub service: ServiceId,
    /// Request type.
    pub input: MessageId,
    /// Response type.
    pub output: MessageId,
    /// REST bindings, the first one first; `additional_bindings` flattened behind it.
    pub http: Vec<HttpRule>,
    /// Set when the standard engine serves it.
    pub standard: Option<StandardMethod>,
    /// `idempotency_level = NO_SIDE_EFFECTS`, or a standard read.
    pub safe: bool,
    /// `(protoloop.v1.method).timeout`.
    pub timeout: Option<Duration>,
    /// Leading comment.
    pub comment: String,
    /// Where it is declared.
    pub location: Location,
}

/// Which standard method, of which entity, with the request in which shape.
#[derive(Clone, Debug)]
pub struct StandardMethod {
    /// Which one.
    pub kind: StandardKind,
    /// Of which model.
    pub entity: EntityId,
    /// Of a method on the rows of a relation: which one.
    pub relation: Option<RelationOf>,
    /// Where its arguments stand in the request.
    pub request: RequestShape,
    /// For List and the batch methods: number of the repeated resource field in the response. For Count, Purge and
    /// BulkUpdate: of the number.
    /// For List also see [`StandardMethod::next_page_token`].
    pub response_field: Option<u32>,
    /// List: field number of `next_page_token` in the response.
    pub next_page_token: Option<u32>,
    /// List: field number of `total_size` in the response.
    pub total_size: Option<u32>,
    /// Purge: field number of `purge_sample` in the response.
    pub purge_sample: Option<u32>,
}

/// A relation that a method is about; [`StandardMethod::entity`] is the model that it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelationOf {
    /// The model that has the relation.
    pub parent: EntityId,
    /// Its navigation field.
    pub field: u32,
}

/// The standard methods (AIP-131 to 135, 164, 165, 231 to 235; Count and BulkUpdate).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are the methods' own")]
pub enum StandardKind {
    Create,
    Get,
    List,
    Update,
    Delete,
    Count,
    BatchGet,
    BatchCreate,
    BatchUpdate,
    BatchDelete,
    /// Takes a soft delete back.
    Undelete,
    /// Removes every row that a filter selects.
    Purge,
    /// Changes every row that a filter selects.
    BulkUpdate,
    Link,
    Unlink,
}

impl StandardKind {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::List | Self::Count | Self::BatchGet)
    }
}

/// Field numbers of a standard request's arguments; `None` where the request has no such field.
///
/// For BatchCreate, BatchUpdate, BatchDelete, and BatchGet by ids of several fields, [`requests`](RequestShape::requests) is the repeated field and
/// [`element`](RequestShape::element) the shape of its message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestShape {
    /// Of a method on the rows of a relation: the id of the row that they belong to.
    pub parent: Option<u32>,
    /// Get, Delete, Undelete: the id; one entry per key field of the entity.
    pub key: Vec<u32>,
    /// Create, Update, BulkUpdate: the resource.
    pub resource: Option<u32>,
    /// Create: `{resource}_id`, for client-given ids.
    pub resource_id: Option<u32>,
    /// Update, BulkUpdate: `update_mask`.
    pub update_mask: Option<u32>,
    /// Get, List: `read_mask`.
    pub read_mask: Option<u32>,
    /// Get, List: `include`.
    pub include: Option<u32>,
    /// Update, Delete: `allow_missing`.
    pub allow_missing: Option<u32>,
    /// `validate_only`.
    pub validate_only: Option<u32>,
    /// `request_id`.
    pub request_id: Option<u32>,
    /// Delete, Undelete: `etag`.
    pub etag: Option<u32>,
    /// List, Count, Purge, BulkUpdate, Get: `filter`.
    pub filter: Option<u32>,
    /// List: `order_by`.
    pub order_by: Option<u32>,
    /// List: `page_size`.
    pub page_size: Option<u32>,
    /// List: `page_token`.
    pub page_token: Option<u32>,
    /// List: `skip`.
    pub skip: Option<u32>,
    /// Get, List, Count: `show_deleted`.
    pub show_deleted: Option<u32>,
    /// Purge: `force`.
    pub force: Option<u32>,
    /// BatchGet, BatchDelete, Link, Unlink: the repeated id.
    pub ids: Option<u32>,
    /// BatchCreate, BatchUpdate, BatchDelete: the repeated request.
    pub requests: Option<u32>,
    /// The shape of one element of [`RequestShape::requests`], and its type.
    pub element: Option<(MessageId, Box<Self>)>,
}
