//! Fields that HTTP headers stand for: etags and request ids.

use protoloop_schema::{Body, HttpMethod, HttpRule, Kind, MessageId, Method, Schema, StandardKind};
use protoloop_wire::{FieldTable, Tables};

use super::AnswerPlan;

/// Where etags stand.
#[derive(Debug, Default)]
pub(crate) struct EtagPlan {
    /// In the answer's message: field number of the etag.
    pub(crate) answer: Option<u32>,
    /// In the request, where the method compares it: what `If-Match` fills.
    pub(crate) request: Option<RequestField>,
    /// Whether the method can be told that there must be no row yet: what `If-None-Match: *` asks.
    pub(crate) creates: bool,
}

/// A string field of the request that a header may fill.
#[derive(Debug)]
pub(crate) struct RequestField {
    /// Field numbers from the request message.
    pub(crate) numbers: Vec<u32>,
    /// The message that holds the field.
    pub(crate) parent: MessageId,
    /// Its path in proto names.
    pub(crate) name: String,
}

impl EtagPlan {
    pub(super) fn new(
        schema: &Schema,
        tables: &Tables,
        method: &Method,
        rule: &HttpRule,
        answer: AnswerPlan,
    ) -> Self {
        let kind = method.standard.as_ref().map(|standard| standard.kind);
        let creates = match kind {
            Some(StandardKind::Create) => true,
            Some(StandardKind::Update) => {
                let standard = method.standard.as_ref();
                standard.is_some_and(|standard| standard.request.allow_missing.is_some())
            }
            _ => false,
        };
        Self {
            answer: answer_message(tables, answer)
                .and_then(|message| etag_of(schema, tables, message)),
            request: request_etag(schema, tables, method, rule),
            creates,
        }
    }
}

const RESUME_TOKEN: &str = "resume_token";

/// The number of a message's string field `resume_token`.
pub(super) fn resume_token(tables: &Tables, message: MessageId) -> Option<u32> {
    string(tables, message, RESUME_TOKEN)
}

impl RequestField {
    /// `resume_token`, from which a stream goes on.
    pub(super) fn resume_token(tables: &Tables, input: MessageId) -> Option<Self> {
        let field = resume_token(tables, input)?;
        Some(Self {
            numbers: vec![field],
            parent: input,
            name: RESUME_TOKEN.to_owned(),
        })
    }

    /// `request_id` of AIP-155.
    pub(super) fn request_id(tables: &Tables, input: MessageId) -> Option<Self> {
        let field = string(tables, input, "request_id")?;
        Some(Self {
            numbers: vec![field],
            parent: input,
            name: "request_id".to_owned(),
        })
    }
}

/// The message that the HTTP answer shows.
fn answer_message(tables: &Tables, answer: AnswerPlan) -> Option<MessageId> {
    match answer {
        AnswerPlan::Whole(id) => Some(id),
        AnswerPlan::Field(id, number) => tables
            .message(id)
            .field(number)
            .filter(|field| field.is_singular())
            .and_then(FieldTable::message),
        AnswerPlan::Raw(..) => None,
    }
}

/// The etag field of the request itself, else that of the resource in it.
fn request_etag(
    schema: &Schema,
    tables: &Tables,
    method: &Method,
    rule: &HttpRule,
) -> Option<RequestField> {
    let changes = method.standard.as_ref().is_none_or(|standard| {
        matches!(standard.kind, StandardKind::Update | StandardKind::Delete)
    });
    if !changes || rule.method == HttpMethod::Get {
        return None;
    }
    if let Some(number) = string(tables, method.input, "etag") {
        return Some(RequestField {
            numbers: vec![number],
            parent: method.input,
            name: "etag".to_owned(),
        });
    }
    let replaces = matches!(rule.method, HttpMethod::Patch | HttpMethod::Put);
    let resource = match (&method.standard, rule.body) {
        (Some(standard), _) => standard.request.resource,
        (None, Body::Field(number)) if replaces => Some(number),
        (None, _) => None,
    }?;
    let field = tables.message(method.input).field(resource)?;
    let parent = field.message().filter(|_| field.is_singular())?;
    let number = etag_of(schema, tables, parent)?;
    let leaf = tables.message(parent).field(number)?;
    Some(RequestField {
        numbers: vec![resource, number],
        parent,
        name: format!("{}.{}", field.name(), leaf.name()),
    })
}

/// The etag field of a message: a model's own, else a string of that name (AIP-154).
fn etag_of(schema: &Schema, tables: &Tables, message: MessageId) -> Option<u32> {
    match schema.message(message).entity {
        Some(entity) => schema.entity(entity).etag,
        None => string(tables, message, "etag"),
    }
}

fn string(tables: &Tables, message: MessageId, name: &str) -> Option<u32> {
    let fields = tables.message(message).fields().iter();
    fields
        .filter(|field| field.is_singular() && field.kind() == Kind::String && !field.is_hidden())
        .find(|field| field.name() == name)
        .map(FieldTable::number)
}
