//! The model as a whole.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Diagnostic, Entity, EntityId, Enum, EnumId, Field, Message, MessageId, Method, MethodId,
    Reference, Service, ServiceId,
};

/// Everything a descriptor set says, resolved and checked. Immutable; share it by [`Arc`].
#[derive(Debug)]
pub struct Schema {
    pub(crate) messages: Vec<Message>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) extensions: Vec<(MessageId, Field)>,
    pub(crate) services: Vec<Service>,
    pub(crate) methods: Vec<Method>,
    pub(crate) entities: Vec<Entity>,
    pub(crate) references: Vec<Reference>,
    pub(crate) messages_by_name: HashMap<Arc<str>, MessageId>,
    pub(crate) enums_by_name: HashMap<Arc<str>, EnumId>,
    pub(crate) methods_by_path: HashMap<Arc<str>, MethodId>,
    pub(crate) descriptor_set: Vec<u8>,
    pub(crate) warnings: Vec<Diagnostic>,
}

impl Schema {
    /// All messages, imported ones included.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// All enums.
    #[must_use]
    pub fn enums(&self) -> &[Enum] {
        &self.enums
    }

    /// proto2 extensions of messages, each with the message it extends; those of descriptor options left out.
    ///
    /// Name and JSON name are the full name in brackets, as ProtoJSON spells it: `[acme.v1.priority]`.
    #[must_use]
    pub fn extensions(&self) -> &[(MessageId, Field)] {
        &self.extensions
    }

    /// All services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// All methods of all services.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// All stored models.
    #[must_use]
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// Every key of a stored model that refers to another, in the order of the models that hold them.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The message of an id.
    #[must_use]
    pub fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.index()]
    }

    /// The enum of an id.
    #[must_use]
    pub fn enumeration(&self, id: EnumId) -> &Enum {
        &self.enums[id.index()]
    }

    /// The service of an id.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.services[id.index()]
    }

    /// The method of an id.
    #[must_use]
    pub fn method(&self, id: MethodId) -> &Method {
        &self.methods[id.index()]
    }

    /// The stored model of an id.
    #[must_use]
    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.index()]
    }

    /// The message of a full name.
    #[must_use]
    pub fn message_by_name(&self, full_name: &str) -> Option<&Message> {
        self.messages_by_name
            .get(full_name)
            .map(|id| self.message(*id))
    }

    /// The enum of a full name.
    #[must_use]
    pub fn enum_by_name(&self, full_name: &str) -> Option<&Enum> {
        self.enums_by_name
            .get(full_name)
            .map(|id| self.enumeration(*id))
    }

    /// The stored model whose rows a message holds.
    #[must_use]
    pub fn entity_of(&self, message: MessageId) -> Option<&Entity> {
        self.message(message).entity.map(|id| self.entity(id))
    }

    /// What is suspicious but does not keep the schema from being used, by place.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The method of a gRPC path such as `/todo.v1.TodoService/GetTodo`.
    #[must_use]
    pub fn method_by_path(&self, path: &str) -> Option<&Method> {
        self.methods_by_path.get(path).map(|id| self.method(*id))
    }

    /// The encoded `FileDescriptorSet`, synthesised services included, source info kept.
    #[must_use]
    pub fn descriptor_set(&self) -> &[u8] {
        &self.descriptor_set
    }
}
