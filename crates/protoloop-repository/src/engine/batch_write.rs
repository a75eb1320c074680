//! `protoloop.v1.BatchService.BatchWrite`: creates, updates and deletes of several models, all or none.
//!
//! A write is the request of a standard method. It is done by that method's own operation, in the context of one
//! transaction, so it obeys whatever the method obeys.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, Weak},
};

use bytes::Bytes;
use protoloop_core::{BoxFuture, Call, CallContext, Detail, Error, Handler, Reply, Result};
use protoloop_schema::{MessageId, StandardKind};
use protoloop_wire::{Limits, Tables, Value, View, Writer, check};

use super::{
    batch::MAX_BATCH,
    operation::Operation,
    request_id::{Answers, RepeatableCall},
};
use crate::{Repository as _, RepositoryExt as _, TransactionOptions};

const PATH: &str = "/protoloop.v1.BatchService/BatchWrite";
const TYPE_URL: &str = "type.googleapis.com/";

/// Field numbers of `protoloop/v1/batch.proto` and of `google.protobuf.Any`.
mod number {
    pub(super) const WRITES: u32 = 1;
    pub(super) const REQUEST_ID: u32 = 2;
    pub(super) const VALIDATE_ONLY: u32 = 3;
    pub(super) const RESULTS: u32 = 1;
    pub(super) const ANY_TYPE: u32 = 1;
    pub(super) const ANY_VALUE: u32 = 2;
}

/// The fields of a write, by number.
const ARMS: [(u32, &str, StandardKind); 4] = [
    (1, "create", StandardKind::Create),
    (2, "update", StandardKind::Update),
    (3, "delete", StandardKind::Delete),
    (4, "undelete", StandardKind::Undelete),
];

/// The standard methods that the application answers itself. A batch calls those in the context of its transaction.
///
/// It keeps no handler alive: they know the engine, which knows these.
#[derive(Clone, Default)]
pub struct Overridden(Arc<RwLock<HashMap<String, Weak<dyn Handler>>>>);

impl Overridden {
    /// Adds what answers a path: `/shop.v1.BookService/CreateBook`.
    pub fn add(&self, path: &str, handler: &Arc<dyn Handler>) {
        let mut handlers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        handlers.insert(path.to_owned(), Arc::downgrade(handler));
    }

    /// `None` for a method that the engine answers.
    fn get(&self, path: &str) -> Result<Option<Arc<dyn Handler>>> {
        let handlers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(handler) = handlers.get(path) else {
            return Ok(None);
        };
        let gone = || Error::internal_error("a handler ended before the server");
        handler.upgrade().map(Some).ok_or_else(gone)
    }
}

impl fmt::Debug for Overridden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handlers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(handlers.keys()).finish()
    }
}

/// The method at run time.
pub(super) struct BatchWrite {
    tables: Arc<Tables>,
    input: MessageId,
    /// By full name of the request.
    operations: HashMap<Arc<str>, Arc<Operation>>,
    overridden: Overridden,
    answers: Answers,
}

/// One write of a call.
struct Step<'a> {
    arm: &'static str,
    operation: &'a Operation,
    /// What the application answers in the operation's place.
    own: Option<Arc<dyn Handler>>,
    request: Bytes,
}

impl BatchWrite {
    /// The method with its index, where the schema has it.
    pub(super) fn new(
        tables: &Arc<Tables>,
        operations: &[Option<Arc<Operation>>],
        overridden: &Overridden,
    ) -> Option<(usize, Self)> {
        let schema = tables.schema();
        let method = schema.method_by_path(PATH)?;
        let mut by_request = HashMap::new();
        for operation in operations.iter().flatten() {
            let name = &schema.message(operation.input).full_name;
            by_request
                .entry(Arc::clone(name))
                .or_insert_with(|| Arc::clone(operation));
        }
        let batch = Self {
            tables: Arc::clone(tables),
            input: method.input,
            operations: by_request,
            overridden: overridden.clone(),
            answers: Answers::default(),
        };
        Some((method.info.index, batch))
    }

    fn view<'a>(&'a self, request: &'a [u8]) -> View<'a> {
        View::new(&self.tables, self.input, request)
    }

    /// Answers a repeated call as the first time.
    async fn once(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let view = self.view(request);
        let (id, tried) = (
            view.string(number::REQUEST_ID),
            view.bool(number::VALIDATE_ONLY),
        );
        if id.is_empty() || tried {
            return self.run(cx, request, tried).await;
        }
        let call = RepeatableCall {
            method: PATH,
            field: "request_id",
            id,
            request,
        };
        // All writes are of one datasource.
        let Some(first) = self.steps(request)?.into_iter().next() else {
            return self.run(cx, request, false).await;
        };
        let subject = &first.operation.subject;
        let (repository, stored) = (&*subject.repository, subject.request_ids.as_deref());
        let run = |cx: CallContext| async move { self.run(&cx, request, false).await };
        self.answers.once(cx, &call, repository, stored, run).await
    }

    async fn run(&self, cx: &CallContext, request: &Bytes, validate_only: bool) -> Result<Bytes> {
        let steps = self.steps(request)?;
        let Some(first) = steps.first() else {
            return Err(Error::invalid_field("writes", "is required"));
        };
        let mut cx = cx.clone();
        // What the headers say of one row, they say of no batch.
        for name in ["if-match", "if-none-match"] {
            cx.metadata_mut().remove(name);
        }
        let repository = first.operation.repository();
        let options = TransactionOptions::new();
        if validate_only {
            let transaction = repository.begin(&cx, &options).await?;
            let answer = all(transaction.cx(), &steps).await;
            transaction.rollback().await?;
            return answer;
        }
        let work = |cx: CallContext| {
            let steps = &steps;
            async move { all(&cx, steps).await }
        };
        repository.transaction(&cx, &options, work).await
    }

    /// The writes of a call, all of them looked at.
    fn steps(&self, request: &Bytes) -> Result<Vec<Step<'_>>> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        let writes = View::new(&self.tables, self.input, request);
        for (index, write) in writes.repeated(number::WRITES).enumerate() {
            if index == MAX_BATCH {
                let text = format!("has more than {MAX_BATCH} writes");
                return Err(Error::invalid_field("writes", text));
            }
            let write = write
                .as_message()
                .ok_or_else(|| Error::internal_error("a write that is no message"))?;
            let step = self.step(request, &write, &format!("writes[{index}]"))?;
            if let Some(first) = steps.first() {
                same_datasource(first, &step, index)?;
            }
            steps.push(step);
        }
        Ok(steps)
    }

    fn step(&self, request: &Bytes, write: &View<'_>, place: &str) -> Result<Step<'_>> {
        let set = ARMS
            .iter()
            .find_map(|arm| Some((arm, write.message_merged(arm.0)?)));
        let Some(((_, arm, kind), any)) = set else {
            let text = "says nothing; set `create`, `update`, `delete` or `undelete`";
            return Err(Error::invalid_field(place, text));
        };
        let place = format!("{place}.{arm}");
        let any_id = any_id(&self.tables, self.input)?;
        let any = View::new(&self.tables, any_id, &any);
        let url = any.string(number::ANY_TYPE);
        let name = url.rsplit('/').next().unwrap_or_default();
        let operation = self
            .operations
            .get(name)
            .filter(|operation| operation.standard.kind == *kind);
        let Some(operation) = operation else {
            let text = format!("`{name}` is no request of a standard {kind:?} method");
            return Err(Error::invalid_field(place, text));
        };
        let value = match any.get(number::ANY_VALUE) {
            Some(Value::Bytes(bytes)) => bytes,
            _ => &[],
        };
        check(&self.tables, operation.input, value, &Limits::default())
            .map_err(|error| Error::invalid_field(&*place, error.to_string()))?;
        // Shared with the call, unless the parts of the write were sent in pieces.
        let value = match is_within(request, value) {
            true => request.slice_ref(value),
            false => Bytes::copy_from_slice(value),
        };
        refuse_batch_arguments(operation, &value, &place)?;
        Ok(Step {
            arm,
            own: self.overridden.get(&operation.path)?,
            operation,
            request: value,
        })
    }
}

fn is_within(whole: &Bytes, part: &[u8]) -> bool {
    whole.as_ptr_range().contains(&part.as_ptr())
        && part.as_ptr_range().end <= whole.as_ptr_range().end
}

/// The id of `google.protobuf.Any`, as the type of a write's fields.
fn any_id(tables: &Tables, input: MessageId) -> Result<MessageId> {
    let write = tables.message(input).field(number::WRITES);
    let write = write.and_then(protoloop_wire::FieldTable::message);
    let any = write.and_then(|write| tables.message(write).field(ARMS[0].0)?.message());
    any.ok_or_else(|| Error::internal_error("batch.proto is another one than expected"))
}

/// INVALID_ARGUMENT when a write says what only the batch can say.
fn refuse_batch_arguments(operation: &Operation, request: &Bytes, place: &str) -> Result<()> {
    let arguments = operation.arguments(request);
    for number in [arguments.shape.request_id, arguments.shape.validate_only] {
        if number.is_some_and(|number| arguments.view.has(number)) {
            let error = arguments.invalid(number, "is set on the batch, not on its writes");
            return Err(error.under_field(place));
        }
    }
    Ok(())
}

fn same_datasource(first: &Step<'_>, step: &Step<'_>, index: usize) -> Result<()> {
    let [one, other] = [first, step].map(|step| step.operation.model());
    let (datasource, another) = (&one.entity().datasource, &other.entity().datasource);
    if datasource == another {
        return Ok(());
    }
    Err(Error::invalid_field(
        format!("writes[{index}].{}", step.arm),
        format!(
            "{} is stored in the datasource `{another}` and {} in `{datasource}`; a batch writes to one datasource",
            other.full_name(),
            one.full_name()
        ),
    ))
}

/// Does the writes in order, and answers what they answered.
async fn all(cx: &CallContext, steps: &[Step<'_>]) -> Result<Bytes> {
    let mut out = Writer::new();
    for (index, step) in steps.iter().enumerate() {
        let answer = match &step.own {
            None => step.operation.run(cx, &step.request).await,
            Some(handler) => answered(cx, step, &**handler).await,
        };
        let answer = answer.map_err(|error| in_write(index, step.arm, error))?;
        let schema = step.operation.model().schema();
        let name = &schema.message(step.operation.output).full_name;
        let result = out.open(number::RESULTS);
        out.string(number::ANY_TYPE, &format!("{TYPE_URL}{name}"));
        if !answer.is_empty() {
            out.bytes(number::ANY_VALUE, &answer);
        }
        out.close(result);
    }
    Ok(out.finish().into())
}

/// What the application answers to a write.
async fn answered(cx: &CallContext, step: &Step<'_>, handler: &dyn Handler) -> Result<Bytes> {
    let schema = step.operation.model().schema();
    let method = schema.method_by_path(&step.operation.path);
    let method = method.ok_or_else(|| Error::internal_error("a method without its schema"))?;
    let call = Call::unary(Arc::clone(&method.info), cx.clone(), step.request.clone());
    handler.call(call).await?.into_one()
}

/// The error as one of a write: `writes[3].update.book.title: is required`.
fn in_write(index: usize, arm: &str, error: Error) -> Error {
    let place = format!("writes[{index}].{arm}");
    let names_fields = |detail: &Detail| matches!(detail, Detail::BadRequest(_));
    if error.details().iter().any(names_fields) {
        return error.under_field(&place);
    }
    let message = format!("{place}: {}", error.message());
    error.with_message(message)
}

impl Handler for BatchWrite {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let (cx, request) = call.into_one()?;
            Ok(Reply::unary(self.once(&cx, &request).await?))
        })
    }
}
