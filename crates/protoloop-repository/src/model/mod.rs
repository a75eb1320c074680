//! A stored model at run time.

mod errors;
mod key;
mod property;
mod row;

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_schema::{
    Cardinality, Entity, EntityId, Field, Index, Kind, Message, MessageId, Presence, Schema,
};
use protoloop_wire::Tables;

use crate::{Direction, OrderBy, OrderTerm, managed::Guard};
pub use property::PropertyError;
pub(crate) use property::column;

/// What the repository layer knows of one stored model: its description and its compiled tables.
#[derive(Debug)]
pub struct Model {
    tables: Arc<Tables>,
    entity: EntityId,
    message: MessageId,
    key: Box<[key::KeyField]>,
    key_order: OrderBy,
    guard: Guard,
}

impl Model {
    /// The model of an entity of the tables' schema.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when a key field is missing or of a type that cannot be a key.
    pub fn new(tables: &Arc<Tables>, entity: EntityId) -> Result<Arc<Self>> {
        let mut model = Self {
            key: key::fields(tables.schema(), entity)?,
            tables: Arc::clone(tables),
            entity,
            message: tables.schema().entity(entity).message,
            key_order: OrderBy(Vec::new()),
            guard: Guard::new(tables.schema(), tables.schema().entity(entity)),
        };
        model.key_order = model.complete_order(Vec::new());
        Ok(Arc::new(model))
    }

    /// The models of a whole schema, in the order of [`Schema::entities`].
    ///
    /// # Errors
    /// As [`Model::new`], for the first that fails.
    pub fn all(tables: &Arc<Tables>) -> Result<Vec<Arc<Self>>> {
        let entities = tables.schema().entities();
        entities
            .iter()
            .map(|entity| Self::new(tables, entity.id))
            .collect()
    }

    /// The schema it belongs to.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        self.tables.schema()
    }

    /// The compiled tables of the whole schema.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// Its description: table, key, columns, indexes, server-filled fields.
    #[must_use]
    pub fn entity(&self) -> &Entity {
        self.schema().entity(self.entity)
    }

    /// The message that holds one row.
    #[must_use]
    pub fn message(&self) -> &Message {
        self.schema().message(self.message)
    }

    /// Full name of the message: `todo.v1.Todo`.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.message().full_name
    }

    /// The field of a number of the row's message.
    #[must_use]
    pub fn field(&self, number: u32) -> Option<&Field> {
        self.message().field_by_number(number).map(|found| found.1)
    }

    /// The name of a field, for messages; `#7` for a number that the message does not have.
    #[must_use]
    pub fn field_name(&self, number: u32) -> String {
        self.field(number)
            .map_or_else(|| format!("#{number}"), |field| field.name.to_string())
    }

    /// What keeps rows from callers.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The order by key, ascending.
    #[must_use]
    pub fn key_order(&self) -> &OrderBy {
        &self.key_order
    }

    /// A total order: `terms`, of which a repeated property counts only the first time, then the key fields that are not
    /// among them.
    #[must_use]
    pub fn complete_order(&self, terms: Vec<OrderTerm>) -> OrderBy {
        let mut complete: Vec<OrderTerm> = Vec::with_capacity(terms.len() + self.key.len());
        let key = self
            .key
            .iter()
            .map(|field| OrderTerm::own(field.path.clone(), Direction::Ascending));
        for term in terms.into_iter().chain(key) {
            if complete.iter().all(|present| !present.is_of(&term)) {
                complete.push(term);
            }
        }
        OrderBy(complete)
    }

    /// Whether rows do not meet in a unique index that leave all its fields unset, because each of these is a text, byte
    /// string or enum without presence: its default stands for no value. Zero is a value of a number, and a null (also
    /// [`Model::unset_is_null`]) keeps a row out of any unique index.
    #[must_use]
    pub fn spares_unset(&self, index: &Index) -> bool {
        let may_lack_value = |number: &u32| {
            self.field(*number).is_some_and(|field| {
                field.cardinality == Cardinality::Singular
                    && field.presence == Presence::Implicit
                    && matches!(field.kind, Kind::String | Kind::Bytes | Kind::Enum(_))
            })
        };
        let is_null = |number: &u32| self.unset_is_null(*number);
        index.unique && index.fields.iter().all(may_lack_value) && !index.fields.iter().any(is_null)
    }

    fn broken(&self, what: &str) -> Error {
        Error::internal_error(format!("{}: {what}", self.full_name()))
    }
}
