//! `google.api.field_behavior` and `hidden` for methods that the standard engine does not serve.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use futures_util::StreamExt as _;
use protoloop_core::{
    BoxFuture, Call, Error, Handler, Inbound, MessageStream, Outbound, Reply, Result,
};
use protoloop_schema::{Field, MessageId, Method, Schema, StandardKind, WellKnown};
use protoloop_wire::{
    Tables, View, canonicalize_bytes,
    marked::{MarkedFields, is_missing, is_present},
};

use super::CallLayer;

/// Holds messages to the behaviours of their fields (AIP-203), over every protocol:
///
/// - A REQUIRED field of a request that is not set is INVALID_ARGUMENT; below a message that is set as well, unless the
///   request holds a field mask: then the message is a part of a resource.
/// - OUTPUT_ONLY fields of a request are dropped.
/// - INPUT_ONLY and hidden fields never leave.
///
/// The standard engine does the first two itself, and knows more about them; of the methods that it answers only the answers
/// are looked at. Of one that an application answers in its stead, fields that the server fills are not required, and keys
/// and etags stay, which say what a change is about. IMMUTABLE and IDENTIFIER concern rows: the engine's alone.
#[derive(Debug)]
pub struct FieldBehavior {
    rules: Arc<Rules>,
}

/// By method index; `None` where no field has a mark.
#[derive(Debug)]
struct Rules {
    tables: Arc<Tables>,
    of_methods: Vec<Option<Rule>>,
}

#[derive(Debug)]
struct Rule {
    input: MessageId,
    required: MarkedFields,
    dropped: MarkedFields,
    output: MessageId,
    secret: MarkedFields,
}

impl FieldBehavior {
    /// The layer of a schema whose standard methods are all the engine's; `None` when no method has anything to check.
    #[must_use]
    pub fn new(tables: &Arc<Tables>) -> Option<Self> {
        Self::of(tables, |_| false)
    }

    /// The same, where `overridden` says which standard methods an application answers itself.
    #[must_use]
    pub fn of(tables: &Arc<Tables>, overridden: impl Fn(&Method) -> bool) -> Option<Self> {
        let schema = tables.schema();
        let of_methods: Vec<_> = schema
            .methods()
            .iter()
            .map(|method| match method.standard {
                None => Rule::custom(schema, method),
                Some(_) if overridden(method) => Rule::overridden(schema, method),
                Some(_) => Rule::answer_only(schema, method),
            })
            .map(|rule| Some(rule).filter(Rule::has_marks))
            .collect();
        of_methods.iter().any(Option::is_some).then(|| Self {
            rules: Arc::new(Rules {
                tables: Arc::clone(tables),
                of_methods,
            }),
        })
    }
}

impl Rule {
    /// Of a method that the engine answers.
    fn answer_only(schema: &Schema, method: &Method) -> Self {
        let (input, output) = (method.input, method.output);
        Self {
            input,
            required: MarkedFields::default(),
            dropped: MarkedFields::default(),
            output,
            secret: MarkedFields::new(schema, output, |field| {
                field.hidden || field.behavior.input_only
            }),
        }
    }

    fn custom(schema: &Schema, method: &Method) -> Self {
        let input = method.input;
        let required = |field: &Field| field.behavior.required;
        Self {
            required: match has_mask(schema, input) {
                true => MarkedFields::of_message(schema, input, required),
                false => MarkedFields::new(schema, input, required),
            },
            dropped: MarkedFields::new(schema, input, |field| field.behavior.output_only),
            ..Self::answer_only(schema, method)
        }
    }

    /// Of a standard method that an application answers.
    fn overridden(schema: &Schema, method: &Method) -> Self {
        let input = method.input;
        let given = Given::of(schema);
        let required =
            |field: &Field| field.behavior.required && !given.by_server.contains(&field.full_name);
        let partial = method.standard.as_ref().is_some_and(|standard| {
            use StandardKind::{BatchUpdate, BulkUpdate, Update};
            matches!(standard.kind, Update | BatchUpdate | BulkUpdate)
        });
        Self {
            required: match partial {
                true => MarkedFields::of_message(schema, input, required),
                false => MarkedFields::new(schema, input, required),
            },
            dropped: MarkedFields::new(schema, input, |field| {
                field.behavior.output_only && !given.by_caller.contains(&field.full_name)
            }),
            ..Self::answer_only(schema, method)
        }
    }

    fn has_marks(&self) -> bool {
        let sets = [&self.required, &self.dropped, &self.secret];
        sets.into_iter().any(|set| !set.is_empty())
    }

    /// A request without what is ignored.
    fn request(&self, tables: &Tables, message: Bytes) -> Result<Bytes> {
        if self.required.is_empty() && self.dropped.is_empty() {
            return Ok(message);
        }
        let message = canonicalize_bytes(tables, self.input, message)?;
        let view = View::new(tables, self.input, &message);
        if let Some(path) = self.required.find(&view, None, is_missing) {
            return Err(Error::invalid_field(path, "is required"));
        }
        Ok(without(&self.dropped, &view).unwrap_or(message))
    }

    /// An answer without what is not shown.
    fn answer(&self, tables: &Tables, message: Bytes) -> Result<Bytes> {
        if self.secret.is_empty() {
            return Ok(message);
        }
        let message = canonicalize_bytes(tables, self.output, message).map_err(|error| {
            Error::internal_error("the answer is no message of its type").with_source(error)
        })?;
        let view = View::new(tables, self.output, &message);
        Ok(without(&self.secret, &view).unwrap_or(message))
    }
}

/// The message without the marked fields; `None` when it holds none, which is looked at first, so that the usual message
/// is not copied.
fn without(marked: &MarkedFields, message: &View<'_>) -> Option<Bytes> {
    marked.find(message, None, is_present)?;
    marked.without(message).map(Bytes::from)
}

/// Fields of models, by full name, whose marks are not all there is to know.
struct Given {
    /// Filled where the caller leaves them out.
    by_server: HashSet<Arc<str>>,
    /// What says which row, and which state of it, is meant.
    by_caller: HashSet<Arc<str>>,
}

impl Given {
    fn of(schema: &Schema) -> Self {
        let (mut by_server, mut by_caller) = (HashSet::new(), HashSet::new());
        for entity in schema.entities() {
            let message = schema.message(entity.message);
            let name = |number: u32| {
                let (_, field) = message.field_by_number(number)?;
                Some(Arc::clone(&field.full_name))
            };
            let defaults = entity.defaults.iter().map(|(number, _)| *number);
            let keys = entity.key.iter().copied();
            let filled = entity.server_filled().chain(entity.tenant_key);
            let filled = filled.chain(defaults).chain(keys.clone());
            by_server.extend(filled.filter_map(name));
            by_caller.extend(keys.chain(entity.etag).filter_map(name));
        }
        Self {
            by_server,
            by_caller,
        }
    }
}

fn has_mask(schema: &Schema, input: MessageId) -> bool {
    let is_mask = |field: &Field| match field.kind {
        protoloop_schema::Kind::Message(id) => {
            schema.message(id).well_known == Some(WellKnown::FieldMask)
        }
        _ => false,
    };
    schema.message(input).fields.iter().any(is_mask)
}

impl CallLayer for FieldBehavior {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        let rules = Arc::clone(&self.rules);
        Arc::new(Held { rules, inner })
    }

    fn name(&self) -> &str {
        "field-behavior"
    }
}

struct Held {
    rules: Arc<Rules>,
    inner: Arc<dyn Handler>,
}

impl Handler for Held {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let index = call.method.index;
        match self.rules.of_methods.get(index) {
            Some(Some(rule)) => Box::pin(self.held(rule, index, call)),
            _ => self.inner.call(call),
        }
    }
}

impl Held {
    async fn held(&self, rule: &Rule, index: usize, mut call: Call) -> Result<Reply> {
        let tables = &*self.rules.tables;
        call.messages = match call.messages {
            Inbound::One(message) => Inbound::One(rule.request(tables, message)?),
            Inbound::Stream(messages) => Inbound::Stream(self.each(index, messages, Rule::request)),
        };
        let mut reply = self.inner.call(call).await?;
        reply.messages = match reply.messages {
            Outbound::One(message) => Outbound::One(rule.answer(tables, message)?),
            Outbound::Stream(messages) => {
                Outbound::Stream(self.each(index, messages, Rule::answer))
            }
        };
        Ok(reply)
    }

    fn each(
        &self,
        index: usize,
        messages: MessageStream,
        hold: fn(&Rule, &Tables, Bytes) -> Result<Bytes>,
    ) -> MessageStream {
        let rules = Arc::clone(&self.rules);
        Box::pin(messages.map(move |message| match &rules.of_methods[index] {
            Some(rule) => hold(rule, &rules.tables, message?),
            None => message,
        }))
    }
}

#[cfg(test)]
mod tests;
