//! A form that was read as a whole.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_wire::Tables;

use super::{Event, Format, Multipart};
use crate::{
    RestOptions,
    bind::{Fields, FormBody},
    plan::Plan,
};

/// What a form says. `plan` must take forms.
///
/// # Errors
/// INVALID_ARGUMENT naming the field.
pub(crate) fn read(
    tables: &Tables,
    plan: &Plan,
    options: &RestOptions,
    format: &Format,
    body: &Bytes,
) -> Result<FormBody> {
    let message = plan.body.form_message(tables, plan.input);
    let message = message.ok_or_else(|| Error::internal_error("a form where none is taken"))?;
    let mut fields = Fields::new(tables, message, options);
    match format {
        Format::UrlEncoded => fields.url_encoded(url_encoded(body)?)?,
        Format::Multipart(boundary) => {
            let mut parts = Multipart::new(boundary);
            parts.push(body.clone());
            let mut open: Option<(super::Head, Bytes)> = None;
            loop {
                match parts.next(true)? {
                    Some(Event::Data(data)) => {
                        // The whole body was pushed, so the content of a part is one piece.
                        open = open.map(|(head, _)| (head, data));
                        continue;
                    }
                    Some(Event::Part(head)) => {
                        let before = open.replace((head, Bytes::new()));
                        if let Some((head, data)) = before {
                            fields.part(&head, &data)?;
                        }
                    }
                    Some(Event::End) | None => break,
                }
            }
            if let Some((head, data)) = open {
                fields.part(&head, &data)?;
            }
        }
    }
    fields.finish()
}

fn url_encoded(body: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(body);
    let text =
        text.map_err(|_| Error::invalid_argument("the form is not UTF-8; escape it as %C3%A9"))?;
    // curl sends JSON as a form unless told otherwise.
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => Err(Error::invalid_argument(
            "the body looks like JSON; send it with Content-Type: application/json",
        )),
        _ => Ok(text.trim_ascii_end()),
    }
}
