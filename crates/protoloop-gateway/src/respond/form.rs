//! In which form, and how much of, a message goes out.

use bytes::Bytes;
use http::HeaderValue;
use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{
    FieldTable, Tables, View, json,
    mask::{self, Mask, project},
};

use crate::{bind::Alt, headers::value_of, plan::AnswerPlan};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROTO: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// The form of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    shown: Shown,
    /// What of the response message is written; all of it without.
    mask: Option<Mask>,
}

#[derive(Clone, Copy, Debug)]
enum Shown {
    /// JSON of a message.
    Json(MessageId),
    /// JSON of one field of a message.
    JsonField(MessageId, u32),
    /// The message in protobuf's own encoding; or that in one field of it.
    Proto(MessageId, Option<u32>),
    /// The content of a `google.api.HttpBody`: a field of the message, or the message itself.
    Raw(MessageId, Option<u32>),
}

impl Form {
    /// The form that the binding gives, changed by what the caller asks with `alt`.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a form that the answer does not have.
    pub(crate) fn new(tables: &Tables, plan: AnswerPlan, alt: Alt) -> Result<Self> {
        let refused = |why: &str| {
            Err(Error::invalid_argument(format!(
                "query parameter alt: {why}"
            )))
        };
        let shown = match (plan, alt) {
            (AnswerPlan::Raw(id, field), Alt::Unsaid | Alt::Media) => Shown::Raw(id, field),
            (_, Alt::Media) => return refused("the answer has no media; leave it out"),
            (AnswerPlan::Whole(id) | AnswerPlan::Raw(id, None), Alt::Proto) => {
                Shown::Proto(id, None)
            }
            (AnswerPlan::Field(id, field) | AnswerPlan::Raw(id, Some(field)), Alt::Proto) => {
                if message_of(tables, id, field).is_none() {
                    return refused("the answer is no message; leave it out");
                }
                Shown::Proto(id, Some(field))
            }
            (AnswerPlan::Whole(id) | AnswerPlan::Raw(id, None), _) => Shown::Json(id),
            (AnswerPlan::Field(id, field) | AnswerPlan::Raw(id, Some(field)), _) => {
                Shown::JsonField(id, field)
            }
        };
        Ok(Self { shown, mask: None })
    }

    /// Only the fields of these paths, joined by commas and relative to what the answer shows. `source` is the header or
    /// parameter they came in.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a path that names no field, or an answer that has none.
    pub(crate) fn only(mut self, tables: &Tables, paths: &str, source: &str) -> Result<Self> {
        let refused = |why: &str| Error::invalid_argument(format!("{source}: {why}"));
        let (root, field) = match self.shown {
            Shown::Json(id) | Shown::Proto(id, None) => (id, None),
            Shown::JsonField(id, field) | Shown::Proto(id, Some(field)) => (id, Some(field)),
            Shown::Raw(..) => return Err(refused("the answer has no fields to choose from")),
        };
        let shown = match field {
            None => Some(root),
            Some(field) => element_of(tables, root, field),
        };
        let Some(shown) = shown.filter(|id| tables.message(*id).well_known().is_none()) else {
            return Err(refused("the answer has no fields to choose from"));
        };
        let paths = mask::paths(paths).map_err(|what| refused(&format!("has {what}")))?;
        let mask =
            Mask::parse(tables, shown, paths).map_err(|error| refused(&error.to_string()))?;
        if let Some(name) = hidden(tables, shown, &mask) {
            let message = tables.message(shown).full_name();
            return Err(refused(&format!(
                "path `{name}`: {message} has no such field"
            )));
        }
        if mask.is_whole() || mask.is_empty() {
            return Ok(self);
        }
        self.mask = Some(match field {
            None => mask,
            Some(field) => {
                let mut outer = Mask::default();
                outer.set(field, mask);
                outer
            }
        });
        Ok(self)
    }

    /// Content type and content of a message.
    ///
    /// # Errors
    /// INTERNAL when the message has no JSON.
    pub(crate) fn content(
        &self,
        tables: &Tables,
        message: &Bytes,
        encode: &json::EncodeOptions,
    ) -> Result<(HeaderValue, Bytes)> {
        let Some(mask) = &self.mask else {
            return self.write(tables, message, encode);
        };
        let (Shown::Json(id) | Shown::JsonField(id, _) | Shown::Proto(id, _) | Shown::Raw(id, _)) =
            self.shown;
        let projected = project(&View::new(tables, id, message), mask);
        // What the mask leaves out must not come back as a default.
        let encode = json::EncodeOptions {
            emit_defaults: false,
            ..*encode
        };
        self.write(tables, &projected.into(), &encode)
    }

    fn write(
        &self,
        tables: &Tables,
        message: &Bytes,
        encode: &json::EncodeOptions,
    ) -> Result<(HeaderValue, Bytes)> {
        let mut text = Vec::new();
        let encoded = match self.shown {
            Shown::Json(id) => json::encode(tables, id, message, encode, &mut text),
            Shown::JsonField(id, field) => {
                json::encode_field(tables, id, field, message, encode, &mut text)
            }
            Shown::Proto(_, None) => return Ok((PROTO, message.clone())),
            Shown::Proto(id, Some(field)) => {
                let view = View::new(tables, id, message);
                let inner = view.message_merged(field).unwrap_or_default();
                return Ok((PROTO, Bytes::copy_from_slice(&inner)));
            }
            Shown::Raw(id, field) => return Ok(raw(tables, id, field, message)),
        };
        encoded
            .map_err(|error| Error::internal_error(format!("the reply has no JSON: {error}")))?;
        Ok((JSON, text.into()))
    }
}

/// The message type of a singular field.
fn message_of(tables: &Tables, id: MessageId, field: u32) -> Option<MessageId> {
    let field = tables.message(id).field(field)?;
    field.message().filter(|_| field.is_singular())
}

/// The message type of a field or of its elements.
fn element_of(tables: &Tables, id: MessageId, field: u32) -> Option<MessageId> {
    let field = tables.message(id).field(field)?;
    field.message().filter(|_| !field.is_map())
}

/// The path of the first hidden field of a mask.
fn hidden(tables: &Tables, id: MessageId, mask: &Mask) -> Option<String> {
    mask.fields().find_map(|(number, part)| {
        let field = tables.message(id).field(number)?;
        if field.is_hidden() {
            return Some(field.name().to_owned());
        }
        let below = hidden(tables, FieldTable::message(field)?, part)?;
        Some(format!("{}.{below}", field.name()))
    })
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
