//! The reply of a unary call as an HTTP answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use protoloop_core::{Error, Reply, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, View, json};

use super::Refusal;
use crate::{
    Body,
    condition::{Conditions, Tag, Verdict},
    headers,
    headers::value_of,
    plan::{AnswerPlan, Plan},
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How a request wants its answer.
#[derive(Debug)]
pub(crate) struct How {
    pub(crate) encode: json::EncodeOptions,
    pub(crate) conditions: Conditions,
}

/// The answer to a successful unary call. Reply metadata and trailers become headers, the etag of the message as well.
///
/// # Errors
/// INTERNAL when the handler's message is malformed or a stream; 412 when the request's conditions do not hold for it.
pub(crate) fn answer(
    tables: &Tables,
    plan: &Plan,
    how: &How,
    mut reply: Reply,
) -> Result<Response<Body>, Refusal> {
    let mut headers = HeaderMap::new();
    headers::from_metadata(std::mem::take(&mut reply.metadata), &mut headers);
    headers::from_metadata(std::mem::take(&mut reply.trailers), &mut headers);
    let message = reply.into_one()?;
    if plan.etag.answer.is_some() {
        etag(tables, plan, &message, &mut headers);
    }
    if plan.is_read && !how.conditions.is_empty() {
        let current = headers.get(header::ETAG).and_then(Tag::of_header);
        match how.conditions.verdict(current.as_ref()) {
            Verdict::Send => {}
            Verdict::NotModified => {
                headers.remove(header::CONTENT_TYPE);
                return Ok(made(StatusCode::NOT_MODIFIED, headers, Body::Empty));
            }
            Verdict::Failed => {
                let error = Error::failed_precondition("the etag is none of those in If-Match");
                return Err(Refusal::precondition_failed(error));
            }
        }
    }
    let (content_type, body) = content(tables, plan.answer, &how.encode, &message)?;
    headers.insert(header::CONTENT_TYPE, content_type);
    Ok(made(StatusCode::OK, headers, Body::Full(body)))
}

fn made(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Sets `ETag` from the message's etag field, unless the handler's metadata set it.
fn etag(tables: &Tables, plan: &Plan, message: &Bytes, headers: &mut HeaderMap) {
    let Some(number) = plan
        .etag
        .answer
        .filter(|_| !headers.contains_key(header::ETAG))
    else {
        return;
    };
    let shown = match plan.answer {
        AnswerPlan::Whole(id) => Some(View::new(tables, id, message)),
        AnswerPlan::Field(id, field) => View::new(tables, id, message).message(field),
        AnswerPlan::Raw(..) => None,
    };
    let tag = shown.and_then(|shown| Tag::of_field(shown.string(number)));
    if let Some(value) = tag.and_then(|tag| tag.header()) {
        headers.insert(header::ETAG, value);
    }
}

/// Content type and content.
fn content(
    tables: &Tables,
    plan: AnswerPlan,
    encode: &json::EncodeOptions,
    message: &Bytes,
) -> Result<(HeaderValue, Bytes)> {
    let mut text = Vec::new();
    let encoded = match plan {
        AnswerPlan::Whole(id) => json::encode(tables, id, message, encode, &mut text),
        AnswerPlan::Field(id, number) => {
            json::encode_field(tables, id, number, message, encode, &mut text)
        }
        AnswerPlan::Raw(id, number) => return Ok(raw(tables, id, number, message)),
    };
    encoded.map_err(|error| Error::internal_error(format!("the reply has no JSON: {error}")))?;
    Ok((JSON, text.into()))
}

/// Content type and data of a `google.api.HttpBody`, the data without a copy.
fn raw(
    tables: &Tables,
    id: MessageId,
    number: Option<u32>,
    message: &Bytes,
) -> (HeaderValue, Bytes) {
    let whole = View::new(tables, id, message);
    let body = match number {
        None => Some(whole),
        Some(number) => whole.message(number),
    };
    let content_type = body.map_or("", |body| body.string(1));
    let content_type = if content_type.is_empty() {
        HeaderValue::from_static("application/octet-stream")
    } else {
        value_of(content_type)
    };
    let data = body.map_or(&[][..], |body| body.bytes_field(2));
    (content_type, message.slice_ref(data))
}
