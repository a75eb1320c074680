//! The reply of a unary call as an HTTP answer.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use protoloop_core::{Error, Reply};
use protoloop_wire::{Tables, View, json};

use super::{Form, Refusal, compress::compress};
use crate::{
    Body, RestOptions,
    asked::FIELD_MASK,
    compression::Encoding,
    condition::{Conditions, Tag, Verdict},
    headers,
    plan::{AnswerPlan, Plan},
    stream::StreamKind,
};

/// Reply metadata with the status of a success.
pub(super) const REPLY_STATUS: &str = "x-http-code";

/// How a request wants its answer.
#[derive(Debug)]
pub(crate) struct How {
    pub(crate) form: Form,
    pub(crate) encode: json::EncodeOptions,
    pub(crate) conditions: Conditions,
    /// Whether a header chose the form.
    pub(crate) by_header: bool,
    /// The coding the caller likes best, where answers are compressed.
    pub(crate) encoding: Option<Encoding>,
    /// The form of a stream of messages.
    pub(crate) stream: Option<StreamKind>,
}

impl How {
    /// The answer to a call that failed.
    pub(crate) fn refusal(&self, error: Error) -> Refusal {
        match self.conditions.explain(&error) {
            true => Refusal::precondition_failed(error),
            false => Refusal::from(error),
        }
    }
}

/// The answer to a successful unary call. Reply metadata and trailers become headers, the etag of the message as well.
///
/// # Errors
/// INTERNAL when the handler's message is malformed or a stream, or its status is none; 412 when the request's conditions
/// do not hold for it.
pub(crate) fn answer(
    tables: &Tables,
    plan: &Plan,
    options: &RestOptions,
    how: &How,
    mut reply: Reply,
) -> Result<Response<Body>, Refusal> {
    let metadata = std::mem::take(&mut reply.metadata);
    let trailers = std::mem::take(&mut reply.trailers);
    let mut head = Head {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
    };
    if !(metadata.is_empty() && trailers.is_empty()) {
        head.take(metadata.into(), trailers.into(), options)?;
    }
    if how.by_header {
        let name = HeaderValue::from_static(FIELD_MASK);
        head.headers.append(header::VARY, name);
    }
    let message = reply.into_one()?;
    if plan.etag.answer.is_some() {
        etag(tables, plan, &message, &mut head.headers);
    }
    let reads = plan.is_read && head.status.is_success();
    let content_etag = options.content_etags && reads && !head.headers.contains_key(header::ETAG);
    if reads
        && !how.conditions.is_empty()
        && !content_etag
        && let Some(answer) = conditional(&mut head, how)?
    {
        return Ok(answer);
    }
    if matches!(head.status.as_u16(), 204 | 205 | 304) {
        return Ok(head.with(Body::Empty));
    }
    let (content_type, body) = how.form.content(tables, &message, &how.encode)?;
    if content_etag {
        if let Some(value) = Tag::of_content(&body).header() {
            head.headers.insert(header::ETAG, value);
        }
        if let Some(answer) = conditional(&mut head, how)? {
            return Ok(answer);
        }
    }
    let body = match options.compress_from {
        Some(from) => compress(body, &content_type, from, how.encoding, &mut head.headers)?,
        None => body,
    };
    head.headers.insert(header::CONTENT_TYPE, content_type);
    Ok(head.with(Body::Full(body)))
}

/// The head of an answer in the making.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
}

impl Head {
    /// Takes up what the handler says beside its message.
    fn take(
        &mut self,
        mut metadata: HeaderMap,
        mut trailers: HeaderMap,
        options: &RestOptions,
    ) -> Result<(), Error> {
        if options.reply_status
            && let Some(value) = metadata.remove(REPLY_STATUS)
        {
            self.status = status(&value)?;
        }
        options.headers.reply.apply(&mut metadata);
        options.headers.reply.apply(&mut trailers);
        headers::from_metadata(metadata, &mut self.headers);
        headers::from_metadata(trailers, &mut self.headers);
        Ok(())
    }

    fn with(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// The status that a handler gives its success: 2xx or 3xx. Failures have codes.
fn status(value: &HeaderValue) -> Result<StatusCode, Error> {
    let status = StatusCode::from_bytes(value.as_bytes()).ok();
    let status = status.filter(|status| status.is_success() || status.is_redirection());
    status.ok_or_else(|| {
        Error::internal_error(format!(
            "the reply's {REPLY_STATUS} is {value:?}; expected 200 to 399, or an error"
        ))
    })
}

/// 304, where the caller has the answer.
fn conditional(head: &mut Head, how: &How) -> Result<Option<Response<Body>>, Refusal> {
    let current = head.headers.get(header::ETAG).and_then(Tag::of_header);
    match how.conditions.verdict(current.as_ref()) {
        Verdict::Send => Ok(None),
        Verdict::NotModified(tag) => {
            let mut headers = std::mem::take(&mut head.headers);
            if let Some(value) = tag.and_then(|tag| tag.header()) {
                headers.insert(header::ETAG, value);
            }
            let status = StatusCode::NOT_MODIFIED;
            Ok(Some(Head { status, headers }.with(Body::Empty)))
        }
        Verdict::Failed => {
            let error = Error::failed_precondition("the etag is none of those in If-Match");
            Err(Refusal::precondition_failed(error))
        }
    }
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
