//! Stored models.

use std::sync::Arc;

use crate::{DefaultValue, MessageId, types::ids};

ids! {
    /// A stored model; the position in [`Schema::entities`](crate::Schema::entities).
    EntityId,
}

/// A message with `(protoloop.v1.model)`: a stored model.
///
/// Fields are named by their number in the message, which is their identity.
#[derive(Clone, Debug)]
pub struct Entity {
    /// Its id.
    pub id: EntityId,
    /// The message that holds one row.
    pub message: MessageId,
    /// Table name: `todos`.
    pub table: Arc<str>,
    /// Datasource name; `default` unless said.
    pub datasource: Arc<str>,
    /// Singular resource name in snake_case: `todo`.
    pub singular: Arc<str>,
    /// Plural resource name in snake_case: `todos`.
    pub plural: Arc<str>,
    /// Key fields, in order of declaration. Never empty; several are always [`IdStrategy::Client`].
    pub key: Vec<u32>,
    /// How a key is made.
    pub id_strategy: IdStrategy,
    /// Stored fields with their column names, in order of declaration; relation (navigation) fields left out.
    pub columns: Vec<(u32, Arc<str>)>,
    /// The types of columns of tables that others made, as their database writes them.
    pub column_types: Vec<(u32, Arc<str>)>,
    /// Fields whose columns the database computes.
    pub computed: Vec<u32>,
    /// Relations.
    pub relations: Vec<Relation>,
    /// Indexes and unique constraints, the ones of single fields included. In a model with a tenant key each begins with
    /// it, so values are unique per tenant, and there is one over the tenant key and the key.
    pub indexes: Vec<Index>,
    /// The etag field.
    pub etag: Option<u32>,
    /// Server-filled creation time.
    pub create_time: Option<u32>,
    /// Server-filled time of the last change.
    pub update_time: Option<u32>,
    /// Server-filled time of the soft delete. Where it is set, a delete only marks the row.
    pub delete_time: Option<u32>,
    /// Server-filled subject of the caller that created the row.
    pub created_by: Option<u32>,
    /// Server-filled subject of the caller that changed it last.
    pub updated_by: Option<u32>,
    /// Server-filled number of changes, the creation included.
    pub version: Option<u32>,
    /// The field that says whose row it is. Callers meet only rows of their own tenant.
    pub tenant_key: Option<u32>,
    /// What a new row gets in fields that it is created without.
    pub defaults: Vec<(u32, DefaultValue)>,
    /// Fields that may not be filtered or ordered by (hidden ones included).
    pub not_filterable: Vec<u32>,
    /// Page size when the caller gives none.
    pub default_page_size: u32,
    /// The largest page a caller gets.
    pub max_page_size: u32,
}

/// How the key of a new row is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the strategies' own")]
pub enum IdStrategy {
    UuidV4,
    UuidV7,
    Ulid,
    /// A growing integer from the database.
    Sequence,
    /// Given by the client.
    Client,
}

/// An index over columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name in the database.
    pub name: Arc<str>,
    /// Field numbers, in order.
    pub fields: Vec<u32>,
    /// Those of them that are sorted from large to small.
    pub descending: Vec<u32>,
    /// Whether two rows may not share the values.
    pub unique: bool,
}

impl Entity {
    /// Fields that only the server writes: what a caller sends in them is not stored. The tenant key is not among them,
    /// because a caller that names another tenant is refused instead.
    pub fn server_filled(&self) -> impl Iterator<Item = u32> {
        let fields = [
            self.etag,
            self.create_time,
            self.update_time,
            self.delete_time,
            self.created_by,
            self.updated_by,
            self.version,
        ];
        fields
            .into_iter()
            .flatten()
            .chain(self.computed.iter().copied())
    }
}

/// A relation, declared on its navigation field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The navigation field's number.
    pub field: u32,
    /// The navigation field's name.
    pub name: Arc<str>,
    /// The related model.
    pub target: EntityId,
    /// What kind, and by which key fields.
    pub kind: RelationKind,
    /// Whether writes of the parent may carry the children.
    pub owned: bool,
    /// For a polymorphic relation: what tells which model a key refers to.
    pub discriminator: Option<Discriminator>,
}

/// What tells, beside a key that may refer to rows of several models, which of them it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discriminator {
    /// A string field of the model that holds the key.
    pub field: u32,
    /// What it holds where the key refers to the model in question: its message's name, the full name where the models
    /// are of two packages.
    pub value: Arc<str>,
}

impl Relation {
    /// Whether it leads to any number of rows.
    #[must_use]
    pub fn is_to_many(&self) -> bool {
        !matches!(
            self.kind,
            RelationKind::BelongsTo { .. } | RelationKind::HasOne { .. }
        )
    }
}

/// A key of one model that refers to rows of another: a foreign key. However many relations are read along it, from
/// either end, it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The model that holds the key.
    pub from: EntityId,
    /// The key field; a list of keys where [`Reference::many`].
    pub key: u32,
    /// Whether the field is a list of keys.
    pub many: bool,
    /// The model referred to.
    pub to: EntityId,
    /// What a delete of the row referred to does. [`OnDelete::NoAction`]: keys are not checked at all.
    pub on_delete: OnDelete,
    /// Set when the key may refer to other models as well.
    pub discriminator: Option<Discriminator>,
    /// Whether both ends are in one datasource, so that the reference can be kept true.
    pub same_datasource: bool,
}

impl Reference {
    /// Whether it is kept true: within one datasource, and not NO_ACTION.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.same_datasource && self.on_delete != OnDelete::NoAction
    }

    /// Whether a foreign key of a database can keep it true: not for a list of keys, nor for a key into several tables.
    #[must_use]
    pub fn is_foreign_key(&self) -> bool {
        self.is_kept() && !self.many && self.discriminator.is_none()
    }
}

/// The kinds of relations. Key fields are numbers in the message that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "explained at each variant")]
pub enum RelationKind {
    /// `key` is a field of this model.
    BelongsTo { key: u32, on_delete: OnDelete },
    /// `key` is a field of the target.
    HasOne { key: u32 },
    /// `key` is a field of the target.
    HasMany { key: u32 },
    /// `key` and `through_key` are fields of the model `through`.
    HasManyThrough {
        through: EntityId,
        key: u32,
        through_key: u32,
    },
    /// `key` is a repeated field of this model.
    ReferencesMany { key: u32 },
}

/// What happens to rows that refer to a deleted one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum OnDelete {
    #[default]
    Restrict,
    Cascade,
    SetNull,
    NoAction,
}
