//! What the generator must know of the schema, held by name because prost's generator owns its helpers.

use std::collections::HashMap;

use protoloop_schema::{MessageId, Method, Schema};

/// Services and methods by name.
pub(super) struct Plan {
    /// By gRPC path.
    pub(super) methods: HashMap<String, MethodPlan>,
    /// Comment by full name.
    pub(super) services: HashMap<String, String>,
}

/// One method.
pub(super) struct MethodPlan {
    pub(super) comment: String,
    /// Whether the standard engine can serve it.
    pub(super) standard: bool,
    /// Whether its request type alone tells that this method is meant.
    pub(super) request_is_unique: bool,
}

impl Plan {
    pub(super) fn new(schema: &Schema) -> Self {
        let mut uses: HashMap<MessageId, usize> = HashMap::new();
        for method in schema.methods().iter().filter(|method| is_standard(method)) {
            *uses.entry(method.input).or_default() += 1;
        }
        let plan = |method: &Method| MethodPlan {
            comment: method.comment.clone(),
            standard: is_standard(method),
            request_is_unique: uses.get(&method.input) == Some(&1),
        };
        let methods = schema.methods().iter();
        let services = schema.services().iter();
        Self {
            methods: methods
                .map(|method| (method.info.path.to_string(), plan(method)))
                .collect(),
            services: services
                .map(|service| (service.full_name.to_string(), service.comment.clone()))
                .collect(),
        }
    }
}

/// A standard method that streams is the application's: the engine answers with one message.
fn is_standard(method: &Method) -> bool {
    method.standard.is_some() && method.info.is_unary()
}
