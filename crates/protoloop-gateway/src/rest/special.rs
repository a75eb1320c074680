//! Headers that stand for fields of the request, `If-Match` and `Idempotency-Key`, and that name those of the answer.

use http::{HeaderMap, HeaderValue};
use protoloop_core::{Error, Result};

use super::Head;
use crate::{
    RestOptions,
    asked::{Asked, FIELD_MASK},
    bind::HeaderField,
    condition::Conditions,
    plan::Plan,
};

const LAST_EVENT_ID: &str = "last-event-id";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The values that headers give fields of the request.
///
/// # Errors
/// INVALID_ARGUMENT for a header that cannot be read, or a condition that the method cannot check.
pub(super) fn fields<'r>(
    plan: &'r Plan,
    head: &Head<'_>,
    options: &RestOptions,
    conditions: &Conditions,
) -> Result<Vec<HeaderField<'r>>> {
    let mut fields = Vec::new();
    if !conditions.is_empty() {
        let method = &plan.method.path[1..];
        if plan.is_read {
            conditions.of_read(options.content_etags || plan.etag.answer.is_some(), method)?;
        } else if let Some(text) = conditions.of_change(&plan.etag, method)?
            && let Some(field) = &plan.etag.request
        {
            fields.push(HeaderField {
                field,
                text,
                header: "If-Match header",
            });
        }
    }
    if head.asked.has(Asked::IDEMPOTENCY_KEY)
        && let Some(field) = plan.request_id.as_ref().filter(|_| !plan.is_read)
    {
        fields.push(HeaderField {
            field,
            text: idempotency_key(head.headers)?,
            header: "Idempotency-Key header",
        });
    }
    if head.asked.has(Asked::LAST_EVENT_ID)
        && let Some(field) = &plan.resume.from
    {
        let value = head.headers.get(LAST_EVENT_ID).map(HeaderValue::to_str);
        let Some(Ok(token)) = value else {
            let message = format!("header {LAST_EVENT_ID}: expected the id of an event");
            return Err(Error::invalid_argument(message));
        };
        fields.push(HeaderField {
            field,
            text: token.to_owned(),
            header: "Last-Event-ID header",
        });
    }
    Ok(fields)
}

/// The paths of `X-Goog-FieldMask`, joined by commas.
///
/// # Errors
/// INVALID_ARGUMENT for a value that is no text.
pub(super) fn field_mask(headers: &HeaderMap) -> Result<String> {
    let values = headers.get_all(FIELD_MASK).iter().map(HeaderValue::to_str);
    let values = values.collect::<Result<Vec<&str>, _>>();
    let values = values.map_err(|_| {
        Error::invalid_argument(format!(
            "header {FIELD_MASK}: expected paths joined by commas"
        ))
    })?;
    Ok(values.join(","))
}

/// The key: a quoted string, as the draft of the header has it, or bare, as most clients send it.
fn idempotency_key(headers: &HeaderMap) -> Result<String> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = match (values.next(), values.next()) {
        (Some(value), None) => unquoted(value),
        _ => None,
    };
    key.filter(|key| !key.is_empty()).ok_or_else(|| {
        Error::invalid_argument(format!(
            "header {IDEMPOTENCY_KEY}: expected one key, such as a UUID"
        ))
    })
}

fn unquoted(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let mut key = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return chars.next().is_none().then_some(key),
            '\\' => key.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => key.push(c),
        }
    }
}
