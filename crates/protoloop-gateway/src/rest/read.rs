//! Reading a request: its headers, its body, and the message that both make with path and query.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, header};
use protoloop_core::{Error, Result};
use protoloop_wire::json::EncodeOptions;

use super::{Head, RestGateway, Wish, special};
use crate::{
    asked::{Asked, FIELD_MASK},
    bind::{self, Bound, Parts, System},
    body,
    compression::Encoding,
    condition::Conditions,
    negotiate::{self, ContentType},
    plan::{AnswerPlan, BodyPlan, Plan},
    respond::{Form, How, Refusal},
    router::Match,
    stream::StreamKind,
};

impl RestGateway {
    /// Reads the body and binds the request. What can be refused by the head alone is refused before the body is read,
    /// so that a caller who waits for `100 Continue` need not send it.
    pub(super) async fn read<B>(
        &self,
        plan: &Plan,
        found: &Match<'_>,
        head: &Head<'_>,
        body: B,
    ) -> Result<Wish, Refusal>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: fmt::Display,
    {
        check_streaming(plan)?;
        // Who says `alt` takes that form.
        let query = head.uri.query().unwrap_or_default();
        let says_form = || matches!(plan.answer, AnswerPlan::Raw(..)) || bind::may_hold_alt(query);
        let raw = matches!(plan.answer, AnswerPlan::Raw(..));
        let stream = (plan.method.server_streaming && !raw)
            .then(|| StreamKind::preferred(head.headers).ok_or_else(Refusal::no_such_stream))
            .transpose()?;
        if stream.is_none() && !head.accept.json && !says_form() {
            return Err(Refusal::not_acceptable());
        }
        let conditions = Conditions::read(
            head.headers,
            head.asked,
            self.options.compress_from.is_some(),
        )?;
        let from_headers = special::fields(plan, head, &self.options, &conditions)?;
        let body = self.body(plan, head, body).await?;
        let parts = Parts {
            found,
            route: &self.router.routes()[found.route],
            query,
            body: &body,
            content_type: content_type_text(head.headers),
            from_headers,
        };
        let Bound { message, system } = bind::bind(&self.tables, plan, &self.options, &parts)?;
        let how = How {
            form: self.form(plan, head, &system)?,
            encode: self.encode_options(&system),
            conditions,
            by_header: head.asked.has(Asked::FIELD_MASK),
            encoding: self.encoding(head),
            stream,
        };
        Ok(Wish { message, how })
    }

    /// The body, decompressed.
    async fn body<B>(&self, plan: &Plan, head: &Head<'_>, body: B) -> Result<Bytes, Refusal>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: fmt::Display,
    {
        let encoding = match head.asked.has(Asked::CONTENT_ENCODING) {
            true => Encoding::of_request(head.headers, &header::CONTENT_ENCODING)
                .map_err(|unknown| Refusal::unknown_encoding(&unknown))?,
            false => None,
        };
        let comes = body.size_hint().lower() > 0;
        if comes {
            check_content_type(plan, head.headers)?;
        }
        let limit = self.options.max_body_bytes;
        let body = body::read(head.headers, body, limit).await?;
        if !comes && !body.is_empty() {
            check_content_type(plan, head.headers)?;
        }
        match encoding.filter(|_| !body.is_empty()) {
            Some(encoding) => Ok(encoding.decompress(&body, limit)?),
            None => Ok(body),
        }
    }

    fn form(&self, plan: &Plan, head: &Head<'_>, system: &System) -> Result<Form, Refusal> {
        let form = Form::new(&self.tables, plan.answer, system.alt)?;
        let in_header = head.asked.has(Asked::FIELD_MASK);
        match &system.fields {
            None if in_header => {
                let paths = special::field_mask(head.headers)?;
                Ok(form.only(&self.tables, &paths, FIELD_MASK)?)
            }
            None => Ok(form),
            Some(_) if in_header => {
                let message = format!("$fields: excludes the header {FIELD_MASK}");
                Err(Error::invalid_argument(message).into())
            }
            Some(paths) => Ok(form.only(&self.tables, paths, "$fields")?),
        }
    }

    fn encode_options(&self, system: &System) -> EncodeOptions {
        let mut encode = self.options.encode;
        if let Some(pretty) = system.pretty {
            encode.pretty = pretty;
        }
        encode
    }

    fn encoding(&self, head: &Head<'_>) -> Option<Encoding> {
        let compresses = self.options.compress_from.is_some();
        let asked = || head.asked.has(Asked::ACCEPT_ENCODING);
        (compresses && asked()).then(|| Encoding::preferred(head.headers))?
    }
}

/// UNIMPLEMENTED for methods that take a stream: over REST one message goes in.
fn check_streaming(plan: &Plan) -> Result<(), Refusal> {
    if !plan.method.client_streaming {
        return Ok(());
    }
    let name = &plan.method.path[1..];
    let message = format!("{name} takes a stream; call it over gRPC or Connect");
    Err(Error::unimplemented(message).into())
}

/// 415 for a body that is read as JSON and says it is none.
fn check_content_type(plan: &Plan, headers: &HeaderMap) -> Result<(), Refusal> {
    if !matches!(plan.body, BodyPlan::Whole | BodyPlan::Field(_)) {
        return Ok(());
    }
    let found = match negotiate::content_type(headers) {
        ContentType::Json => return Ok(()),
        ContentType::Absent => "there is none".to_owned(),
        ContentType::Other(found) => format!("it is {found:?}"),
    };
    Err(Refusal::unsupported(format!(
        "Content-Type must be application/json; {found}"
    )))
}

fn content_type_text(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
