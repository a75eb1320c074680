//! What a binding does, worked out once.

mod special;

use std::{ops::Range, sync::Arc, time::Duration};

use protoloop_core::MethodInfo;
use protoloop_schema::{
    Body, FieldPath, HttpMethod, HttpRule, MessageId, Method, Schema, StandardKind,
};
use protoloop_wire::{FieldTable, Tables};

pub(crate) use special::{EtagPlan, RequestField};

/// The plan of one binding. Field numbers are of the request or response message.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The method to call.
    pub(crate) method: Arc<MethodInfo>,
    /// `(protoloop.v1.method).timeout`.
    pub(crate) timeout: Option<Duration>,
    /// Request type.
    pub(crate) input: MessageId,
    /// Path variables.
    pub(crate) variables: Vec<Variable>,
    /// Where the HTTP body goes.
    pub(crate) body: BodyPlan,
    /// What of the response is the HTTP body.
    pub(crate) answer: AnswerPlan,
    /// Set for PATCH and PUT of a standard Update.
    pub(crate) update: Option<UpdatePlan>,
    /// Whether it is bound to GET.
    pub(crate) is_read: bool,
    /// Where etags stand.
    pub(crate) etag: EtagPlan,
    /// What `Idempotency-Key` fills.
    pub(crate) request_id: Option<RequestField>,
    /// The filter of a standard method, which LoopBack's brackets may spell.
    pub(crate) filter: Option<FilterPlan>,
    /// Set for server streams.
    pub(crate) resume: Resume,
}

/// Where a stream's tokens stand: what `id` of an event is made of, and what `Last-Event-ID` fills.
#[derive(Debug, Default)]
pub(crate) struct Resume {
    /// In the response.
    pub(crate) token: Option<(MessageId, u32)>,
    /// In the request.
    pub(crate) from: Option<RequestField>,
}

impl Resume {
    fn new(tables: &Tables, method: &Method) -> Self {
        if !method.info.server_streaming {
            return Self::default();
        }
        let token = special::resume_token(tables, method.output);
        Self {
            token: token.map(|number| (method.output, number)),
            from: RequestField::resume_token(tables, method.input),
        }
    }
}

/// The `filter` of a standard method.
#[derive(Debug)]
pub(crate) struct FilterPlan {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its number in the request.
    pub(crate) number: u32,
    /// The message of the rows that it selects.
    pub(crate) model: MessageId,
}

impl FilterPlan {
    fn new(schema: &Schema, tables: &Tables, method: &Method) -> Option<Self> {
        let standard = method.standard.as_ref()?;
        let number = standard.request.filter?;
        let field = tables.message(method.input).field(number)?;
        Some(Self {
            name: field.name().into(),
            number,
            model: schema.entity(standard.entity).message,
        })
    }
}

/// A path variable.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its field.
    pub(crate) path: FieldPath,
    /// The segments of the template it covers.
    pub(crate) range: Range<usize>,
    /// The message that holds the leaf.
    pub(crate) parent: MessageId,
}

/// Where the HTTP body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyPlan {
    /// There must be none.
    None,
    /// JSON of the whole request.
    Whole,
    /// JSON of one field.
    Field(u32),
    /// Any content, for a field of type `google.api.HttpBody`; `None` when the request itself is one.
    Raw(Option<u32>),
}

/// What of the response is the HTTP body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerPlan {
    /// JSON of the whole response.
    Whole(MessageId),
    /// JSON of one field of the message.
    Field(MessageId, u32),
    /// The content of a `google.api.HttpBody`: a field of the message, or the response itself.
    Raw(MessageId, Option<u32>),
}

/// How a standard Update gets its mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpdatePlan {
    /// The resource.
    pub(crate) resource: u32,
    /// `update_mask`.
    pub(crate) mask: u32,
    /// PUT: the mask is `*`. PATCH: the fields of the body.
    pub(crate) replace: bool,
    /// Fields of the resource that a derived mask leaves out: its key and its etag.
    pub(crate) unmasked: Vec<u32>,
}

impl Plan {
    /// # Errors
    /// The path of a variable that leads to no field of the request.
    pub(crate) fn new(
        schema: &Schema,
        tables: &Tables,
        method: &Method,
        rule: &HttpRule,
    ) -> Result<Self, FieldPath> {
        let body = match rule.body {
            Body::None => BodyPlan::None,
            Body::Whole if is_http_body(tables, method.input) => BodyPlan::Raw(None),
            Body::Whole => BodyPlan::Whole,
            Body::Field(number) if field_is_http_body(tables, method.input, number) => {
                BodyPlan::Raw(Some(number))
            }
            Body::Field(number) => BodyPlan::Field(number),
        };
        let answer = match rule.response_body {
            None if is_http_body(tables, method.output) => AnswerPlan::Raw(method.output, None),
            None => AnswerPlan::Whole(method.output),
            Some(number) if field_is_http_body(tables, method.output, number) => {
                AnswerPlan::Raw(method.output, Some(number))
            }
            Some(number) => AnswerPlan::Field(method.output, number),
        };
        Ok(Self {
            method: Arc::clone(&method.info),
            timeout: method.timeout,
            input: method.input,
            variables: variables(tables, method.input, rule)?,
            body,
            answer,
            update: update(schema, method, rule),
            is_read: rule.method == HttpMethod::Get,
            etag: EtagPlan::new(schema, tables, method, rule, answer),
            filter: FilterPlan::new(schema, tables, method),
            resume: Resume::new(tables, method),
            request_id: RequestField::request_id(tables, method.input),
        })
    }
}

impl Variable {
    /// The leaf's field.
    pub(crate) fn leaf<'t>(&self, tables: &'t Tables) -> &'t FieldTable {
        self.path
            .numbers
            .last()
            .and_then(|number| tables.message(self.parent).field(*number))
            .expect("a plan is only made of variables that lead to a field")
    }
}

fn variables(
    tables: &Tables,
    input: MessageId,
    rule: &HttpRule,
) -> Result<Vec<Variable>, FieldPath> {
    let parent_of_leaf = |path: &FieldPath| {
        let (leaf, parents) = path.numbers.split_last()?;
        let parent = parents.iter().try_fold(input, |message, number| {
            tables.message(message).field(*number)?.message()
        })?;
        tables.message(parent).field(*leaf).map(|_| parent)
    };
    let variables = rule.template.variables.iter();
    variables
        .map(|(path, range)| {
            Ok(Variable {
                path: path.clone(),
                range: range.clone(),
                parent: parent_of_leaf(path).ok_or_else(|| path.clone())?,
            })
        })
        .collect()
}

fn update(schema: &Schema, method: &Method, rule: &HttpRule) -> Option<UpdatePlan> {
    let standard = method.standard.as_ref()?;
    let replace = match rule.method {
        HttpMethod::Patch => false,
        HttpMethod::Put => true,
        _ => return None,
    };
    if standard.kind != StandardKind::Update {
        return None;
    }
    let entity = schema.entity(standard.entity);
    Some(UpdatePlan {
        resource: standard.request.resource?,
        mask: standard.request.update_mask?,
        replace,
        unmasked: entity.key.iter().copied().chain(entity.etag).collect(),
    })
}

fn field_is_http_body(tables: &Tables, message: MessageId, number: u32) -> bool {
    let field = tables.message(message).field(number);
    field
        .filter(|field| field.is_singular())
        .and_then(FieldTable::message)
        .is_some_and(|id| is_http_body(tables, id))
}

/// Whether a message is `google.api.HttpBody`.
pub(crate) fn is_http_body(tables: &Tables, message: MessageId) -> bool {
    tables.message(message).full_name() == "google.api.HttpBody"
}
