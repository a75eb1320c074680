//! One schema: from a descriptor set to the model that everything else reads.
//!
//! - [`Schema::from_descriptor_set`] reads, synthesises the services of exposed models, checks, and reports every
//!   problem at once as [`Diagnostics`].
//! - [`ReadOptions`] says which services are read, and adds routes: of a [`HttpConfig`] or of every method.
//! - [`Message`], [`Field`], [`Enum`], [`Service`], [`Method`] describe the types.
//! - [`Entity`] describes a stored model; [`StandardMethod`] how a method maps to the standard engine.
//! - [`compatibility`] compares two schemas: what those who use the one find broken in the other.
//! - [`stored_kind`] says which kinds of stored values take those of another.
//! - [`bundled`] holds the `.proto` files that come with the toolkit.
//! - [`HttpRule`] and [`PathTemplate`] describe REST bindings after `google/api/http.proto`.

pub mod bundled;
pub mod compatibility;

mod descriptor;
mod diagnostic;
mod entity;
mod http;
pub mod inflect;
mod options;
mod print;
mod read;
mod read_options;
mod schema;
mod service;
mod standard;
pub mod stored_kind;
mod synth;
mod types;

pub use diagnostic::{Diagnostic, Diagnostics, Location, Severity};
pub use entity::{
    Discriminator, Entity, EntityId, IdStrategy, Index, OnDelete, Reference, Relation, RelationKind,
};
pub use http::{
    Body, FieldPath, HttpMethod, HttpRule, PathTemplate, PathTemplateAst, Segment, TemplateError,
    Variable,
};
pub use read_options::{HttpConfig, ReadOptions};
pub use schema::Schema;
pub use service::{
    Method, MethodId, RelationOf, RequestShape, Service, ServiceId, StandardKind, StandardMethod,
};
pub use types::{
    Behavior, Cardinality, DefaultValue, Enum, EnumId, EnumValue, Field, Kind, Message, MessageId,
    Oneof, Presence, WellKnown,
};
