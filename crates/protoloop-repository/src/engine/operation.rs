//! One standard method at run time.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use protoloop_core::{BoxFuture, Call, CallContext, Handler, Reply, Result};
use protoloop_schema::{EntityId, MessageId, Method, StandardKind, StandardMethod};

use super::{
    arguments::Arguments,
    request_id::{Answers, RepeatableCall},
    request_ids::RequestIds,
};
use protoloop_wire::marked::MarkedFields;

use crate::{Managed, Model, PageTokenKey};

/// Every model that has a repository.
pub(super) type Subjects = HashMap<EntityId, Arc<Subject>>;

/// A model with what the engine works out about it once.
pub(super) struct Subject {
    pub(super) model: Arc<Model>,
    pub(super) repository: Arc<Managed>,
    pub(super) page_tokens: PageTokenKey,
    /// OUTPUT_ONLY and server-filled fields: dropped on input.
    pub(super) ignored: MarkedFields,
    /// Hidden fields: unknown to masks.
    pub(super) hidden: MarkedFields,
    /// Hidden fields and, in the row itself, navigation fields: refused on input.
    pub(super) refused: MarkedFields,
    /// Hidden and OUTPUT_ONLY fields: kept by an update that replaces the message around them.
    pub(super) kept: MarkedFields,
    /// REQUIRED fields.
    pub(super) required: MarkedFields,
    /// Hidden and INPUT_ONLY fields: stripped from answers.
    pub(super) stripped: MarkedFields,
    /// IMMUTABLE fields of the row.
    pub(super) immutable: Vec<u32>,
    /// Where the datasource keeps the answers to calls with a `request_id`.
    pub(super) request_ids: Option<Arc<RequestIds>>,
}

impl Subject {
    pub(super) fn new(
        model: Arc<Model>,
        repository: Arc<Managed>,
        page_tokens: &PageTokenKey,
        request_ids: Option<Arc<RequestIds>>,
    ) -> Self {
        let (schema, entity, root) = (model.schema(), model.entity(), model.message().id);
        let is_key = |number: u32| entity.key.contains(&number);
        let mut ignored = MarkedFields::new(schema, root, |field| field.behavior.output_only);
        for number in entity.server_filled() {
            ignored.add(Some(number));
        }
        ignored.keep(&entity.key);
        let mut refused = MarkedFields::new(schema, root, |field| field.hidden);
        for relation in &entity.relations {
            refused.add(Some(relation.field));
        }
        let mut required = MarkedFields::new(schema, root, |field| {
            field.behavior.required && !field.behavior.output_only
        });
        // The key has rules of its own, and the tenant is the caller's.
        required.keep(&entity.key);
        required.keep(entity.tenant_key.as_slice());
        Self {
            kept: MarkedFields::new(schema, root, |field| {
                field.hidden || field.behavior.output_only
            }),
            hidden: MarkedFields::new(schema, root, |field| field.hidden),
            stripped: MarkedFields::new(schema, root, |field| {
                field.hidden || field.behavior.input_only
            }),
            immutable: model
                .message()
                .fields
                .iter()
                .filter(|field| field.behavior.immutable && !is_key(field.number))
                .map(|field| field.number)
                .collect(),
            ignored,
            refused,
            required,
            page_tokens: page_tokens.clone(),
            request_ids,
            repository,
            model,
        }
    }
}

/// A standard method: which one, of which model, with its arguments where.
pub(super) struct Operation {
    pub(super) subject: Arc<Subject>,
    pub(super) subjects: Arc<Subjects>,
    pub(super) standard: StandardMethod,
    pub(super) input: MessageId,
    pub(super) output: MessageId,
    pub(super) path: Arc<str>,
    answers: Answers,
}

impl Operation {
    /// `None` for a method that is not standard, or whose model has no repository.
    pub(super) fn new(subjects: &Arc<Subjects>, method: &Method) -> Option<Self> {
        let standard = method.standard.clone()?;
        Some(Self {
            subject: Arc::clone(subjects.get(&standard.entity)?),
            subjects: Arc::clone(subjects),
            standard,
            input: method.input,
            output: method.output,
            path: Arc::clone(&method.info.path),
            answers: Answers::default(),
        })
    }

    pub(super) fn model(&self) -> &Arc<Model> {
        &self.subject.model
    }

    pub(super) fn repository(&self) -> &Managed {
        &self.subject.repository
    }

    pub(super) fn arguments<'a>(&'a self, request: &'a Bytes) -> Arguments<'a> {
        let tables = self.model().tables();
        Arguments::new(tables, self.input, &self.standard.request, request)
    }

    /// Whether the call has an id by which a repetition of it is told.
    fn is_repeatable(&self, arguments: &Arguments<'_>) -> bool {
        !arguments.text(arguments.shape.request_id).is_empty()
            && !arguments.flag(arguments.shape.validate_only)
            && !self.standard.kind.is_read()
    }

    /// Answers a repeated call as the first time.
    async fn once(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        let arguments = self.arguments(request);
        if !self.is_repeatable(&arguments) {
            return self.run(cx, request).await;
        }
        let number = arguments.shape.request_id;
        let (field, id) = (arguments.name(number), arguments.text(number));
        let call = RepeatableCall {
            method: &self.path,
            field,
            id,
            request,
        };
        let (repository, stored) = (self.repository(), self.subject.request_ids.as_deref());
        let run = |cx: CallContext| async move { self.run(&cx, request).await };
        let once = self.answers.once(cx, &call, repository, stored, run);
        Box::pin(once).await
    }

    /// Does what the method says.
    pub(super) async fn run(&self, cx: &CallContext, request: &Bytes) -> Result<Bytes> {
        match self.standard.kind {
            StandardKind::Create if self.standard.relation.is_some() => {
                Box::pin(self.create_related(cx, request)).await
            }
            StandardKind::Create => self.create(cx, request).await,
            StandardKind::Get if self.standard.relation.is_some() => {
                Box::pin(self.get_related(cx, request)).await
            }
            StandardKind::Get => self.get(cx, request).await,
            StandardKind::List => self.list(cx, request).await,
            StandardKind::Update => self.update(cx, request).await,
            StandardKind::Delete => self.delete(cx, request).await,
            StandardKind::Count => self.count(cx, request).await,
            StandardKind::BatchGet => self.batch_get(cx, request).await,
            StandardKind::BatchCreate => self.batch_create(cx, request).await,
            StandardKind::BatchUpdate => self.batch_update(cx, request).await,
            StandardKind::BatchDelete => self.batch_delete(cx, request).await,
            StandardKind::Undelete => self.undelete(cx, request).await,
            StandardKind::Purge => self.purge(cx, request).await,
            StandardKind::BulkUpdate => self.bulk_update(cx, request).await,
            StandardKind::Link => Box::pin(self.link(cx, request)).await,
            StandardKind::Unlink => Box::pin(self.unlink(cx, request)).await,
            kind => Err(protoloop_core::Error::unimplemented(format!(
                "{kind:?} is not served yet"
            ))),
        }
    }
}

impl Handler for Operation {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        // The hottest methods: their futures are boxed without the room that the others need.
        match self.standard.kind {
            StandardKind::Get if self.standard.relation.is_none() => Box::pin(async move {
                let (cx, request) = call.into_one()?;
                Ok(Reply::unary(self.get(&cx, &request).await?))
            }),
            StandardKind::Create if self.standard.relation.is_none() => Box::pin(async move {
                let (cx, request) = call.into_one()?;
                let answer = match self.is_repeatable(&self.arguments(&request)) {
                    true => Box::pin(self.once(&cx, &request)).await,
                    false => self.create(&cx, &request).await,
                };
                Ok(Reply::unary(answer?))
            }),
            _ => Box::pin(async move {
                let (cx, request) = call.into_one()?;
                Ok(Reply::unary(self.once(&cx, &request).await?))
            }),
        }
    }
}
