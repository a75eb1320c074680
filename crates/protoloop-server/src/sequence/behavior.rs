//! `google.api.field_behavior` and `hidden` for methods that the standard engine does not serve.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use protoloop_core::{
    BoxFuture, Call, Error, Handler, Inbound, MessageStream, Outbound, Reply, Result,
};
use protoloop_schema::{Field, MessageId, Method, Schema, WellKnown};
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
/// The standard engine does the first two itself, and knows more about them; of standard methods only the answers are
/// looked at, since a typed service may override them. IMMUTABLE and IDENTIFIER concern rows: the engine's alone.
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
    /// The layer of a schema; `None` when no method of it has anything to check.
    #[must_use]
    pub fn new(tables: &Arc<Tables>) -> Option<Self> {
        let schema = tables.schema();
        let of_methods: Vec<_> = schema
            .methods()
            .iter()
            .map(|method| Rule::new(schema, method))
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
    fn new(schema: &Schema, method: &Method) -> Option<Self> {
        let (input, output) = (method.input, method.output);
        let of_input = |test: fn(&Field) -> bool| match method.standard {
            Some(_) => MarkedFields::default(),
            None => MarkedFields::new(schema, input, test),
        };
        let required = |field: &Field| field.behavior.required;
        let rule = Self {
            input,
            required: match method.standard {
                None if has_mask(schema, input) => {
                    MarkedFields::of_message(schema, input, required)
                }
                _ => of_input(required),
            },
            dropped: of_input(|field| field.behavior.output_only),
            output,
            secret: MarkedFields::new(schema, output, |field| {
                field.hidden || field.behavior.input_only
            }),
        };
        let sets = [&rule.required, &rule.dropped, &rule.secret];
        let marks = sets.into_iter().any(|set| !set.is_empty());
        marks.then_some(rule)
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
mod tests {
    use futures_util::FutureExt as _;
    use protoloop_core::CallContext;
    use protoloop_testing_proto::compile;
    use protoloop_wire::json;

    use super::*;

    const FILE: &str = r#"
        syntax = "proto3";
        package b.v1;
        import "google/api/field_behavior.proto";
        import "google/protobuf/field_mask.proto";
        import "protoloop/v1/annotations.proto";
        message Book {
          string title = 1 [(google.api.field_behavior) = REQUIRED];
          int32 sold = 2 [(google.api.field_behavior) = OUTPUT_ONLY];
          string pin = 3 [(google.api.field_behavior) = INPUT_ONLY];
          string note = 4 [(protoloop.v1.field) = { hidden: true }];
          int32 pages = 5 [(google.api.field_behavior) = REQUIRED];
        }
        message Books {
          string shelf = 1 [(google.api.field_behavior) = REQUIRED];
          repeated Book books = 2;
          google.protobuf.FieldMask mask = 3;
        }
        message Add { repeated Book books = 1; Book best = 2; }
        message Plain { string text = 1; }
        service S {
          rpc Add(Add) returns (Add);
          rpc Set(Books) returns (Books);
          rpc Plain(Plain) returns (Plain);
        }"#;

    fn tables() -> Arc<Tables> {
        let schema = Schema::from_descriptor_set(&compile(&[("test.proto", FILE)]));
        Tables::new(&Arc::new(schema.expect("a good schema")))
    }

    /// Answers with the message it got.
    struct Echo;

    impl Handler for Echo {
        fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
            let (_, message) = call.into_one().expect("one message");
            Box::pin(async { Ok(Reply::unary(message)) })
        }
    }

    fn exchange(method: &str, request: &str) -> String {
        let tables = tables();
        let layer = FieldBehavior::new(&tables).expect("there are marks");
        let handler = layer.layer(Arc::new(Echo));
        let path = format!("/b.v1.S/{method}");
        let method = tables.schema().method_by_path(&path).expect("a method");
        let options = json::DecodeOptions::default();
        let bytes = json::decode(&tables, method.input, request.as_bytes(), &options);
        let bytes = bytes.expect("a good request").into();
        let call = Call::unary(Arc::clone(&method.info), CallContext::new(), bytes);
        let reply = handler.call(call).now_or_never().expect("nothing waits");
        match reply.and_then(Reply::into_one) {
            Ok(message) => {
                let mut out = Vec::new();
                let options = json::EncodeOptions::default();
                json::encode(&tables, method.output, &message, &options, &mut out)
                    .expect("a good answer");
                String::from_utf8(out).expect("JSON is UTF-8")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn messages_are_held_to_their_fields_behaviours() {
        for (method, request, expected) in [
            (
                "Add",
                r#"{"books":[{"title":"t","sold":3,"pin":"p","note":"n"}]}"#,
                r#"{"books":[{"title":"t"}]}"#,
            ),
            (
                "Add",
                r#"{"books":[{"title":"t"},{"sold":1}]}"#,
                "INVALID_ARGUMENT: books[1].title: is required",
            ),
            (
                "Add",
                r#"{"best":{}}"#,
                "INVALID_ARGUMENT: best.title: is required",
            ),
            ("Add", "{}", "{}"),
            (
                "Set",
                r#"{"shelf":"s","books":[{"pages":1}],"mask":"books"}"#,
                r#"{"shelf":"s","books":[{"pages":1}],"mask":"books"}"#,
            ),
            ("Set", "{}", "INVALID_ARGUMENT: shelf: is required"),
            ("Plain", r#"{"text":"x"}"#, r#"{"text":"x"}"#),
        ] {
            assert_eq!(exchange(method, request), expected, "{method} {request}");
        }
    }
}
