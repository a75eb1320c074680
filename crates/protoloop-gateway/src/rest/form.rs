//! Forms as the bodies of requests.

use std::fmt;

use bytes::Bytes;
use protoloop_core::{Code, Error, Inbound};

use super::{
    Head, RestGateway, Wish,
    read::{Before, content_encoding},
};
use crate::{
    Forms,
    bind::Fields,
    form::{self, FormRequests, Format, Reader, check_origin},
    plan::Plan,
    respond::Refusal,
    router::Match,
    stream::Plain,
};

impl RestGateway {
    /// The format of a body that is a form; `None` for what is none, or where none is taken.
    ///
    /// # Errors
    /// 403 for a form of somebody else's page; 400 and 415 for one that cannot be read.
    pub(super) fn form_format(
        &self,
        plan: &Plan,
        head: &Head<'_>,
    ) -> Result<Option<Format>, Refusal> {
        if self.options.forms == Forms::Refuse {
            return Ok(None);
        }
        let format = Format::of(head.headers)?;
        if format.is_none() || plan.body.form_message(&self.tables, plan.input).is_none() {
            return Ok(None);
        }
        check_origin(self.options.forms, head.uri, head.headers, head.extensions)?;
        Ok(format)
    }

    /// A form as the body of a client stream: its files go on piece by piece.
    pub(super) async fn read_form<B>(
        &self,
        plan: &Plan,
        found: &Match<'_>,
        head: &Head<'_>,
        before: Before<'_>,
        format: Format,
        body: B,
    ) -> Result<Wish, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let (tables, options) = (&self.tables, &self.options);
        let limit = options.max_body_bytes;
        let none = Bytes::new();
        let Format::Multipart(boundary) = &format else {
            let (body, _) = self.body(plan, head, body).await?;
            let form = form::read(tables, plan, options, &format, &body)?;
            let (message, how) = self.bound(plan, found, head, before, &none, Some(form))?;
            return Ok(self.wish::<B>(plan, Some(message), None, how));
        };
        let message = plan.body.form_message(tables, plan.input);
        let message = message.ok_or_else(|| Error::internal_error("a form where none is taken"))?;
        let body = Plain::new(body, content_encoding(head)?)?;
        let mut reader = Reader::new(body, boundary, limit, options.max_form_fields);
        let fields = Fields::new(tables, message, options);
        let mut form = match FormRequests::begin(fields, &mut reader).await {
            Ok(form) => form,
            Err(error) if error.code() == Code::ResourceExhausted => {
                return Err(Refusal::too_large(error));
            }
            Err(error) => return Err(error.into()),
        };
        let given = std::mem::take(&mut form.given_once);
        let (first, how) = self.bound(plan, found, head, before, &none, Some(form))?;
        let messages = FormRequests::new(first, given, reader, tables, plan, message, options);
        Ok(Wish {
            messages: Inbound::Stream(Box::pin(messages)),
            how,
        })
    }
}
