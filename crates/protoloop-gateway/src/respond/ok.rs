//! The reply of a unary call as an HTTP answer.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use protoloop_core::{Error, Reply, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, View, json};

use crate::{Body, headers, headers::value_of, plan::AnswerPlan};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer to a successful unary call. Reply metadata and trailers become headers.
///
/// # Errors
/// INTERNAL when the handler's message is malformed or a stream.
pub(crate) fn answer(
    tables: &Tables,
    plan: AnswerPlan,
    options: &json::EncodeOptions,
    mut reply: Reply,
) -> Result<Response<Body>> {
    let metadata = std::mem::take(&mut reply.metadata);
    let trailers = std::mem::take(&mut reply.trailers);
    let message = reply.into_one()?;
    let mut text = Vec::new();
    let encoded = match plan {
        AnswerPlan::Whole(id) => json::encode(tables, id, &message, options, &mut text),
        AnswerPlan::Field(id, number) => {
            json::encode_field(tables, id, number, &message, options, &mut text)
        }
        AnswerPlan::Raw(..) => Ok(()),
    };
    encoded.map_err(|error| Error::internal_error(format!("the reply has no JSON: {error}")))?;
    let (content_type, body) = match plan {
        AnswerPlan::Raw(id, number) => raw(tables, id, number, &message),
        AnswerPlan::Whole(_) | AnswerPlan::Field(..) => (JSON, text.into()),
    };
    let mut response = Response::new(Body::Full(body));
    headers::from_metadata(metadata, response.headers_mut());
    headers::from_metadata(trailers, response.headers_mut());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    Ok(response)
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
