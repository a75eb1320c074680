//! Reading a request: its headers, its body, and the message that both make with path and query.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, header};
use protoloop_core::{Error, Inbound, Result};
use protoloop_wire::json::EncodeOptions;

use super::{Head, RestGateway, Wish, special, waiting::Admission};
use crate::{
    asked::{Asked, FIELD_MASK},
    bind::{self, Bound, FormBody, HeaderField, Parts, System},
    body,
    compression::Encoding,
    condition::Conditions,
    form::{self, Format},
    negotiate::{self, ContentType},
    plan::{AnswerPlan, BodyPlan, Plan},
    respond::{Form, How, Refusal},
    router::Match,
    stream::{self, StreamKind},
};

impl RestGateway {
    /// Reads the body and binds the request. What can be refused by the head alone is refused before the body is read,
    /// so that a caller who waits for `100 Continue` need not send it.
    #[allow(clippy::manual_async_fn, reason = "it would hold its arguments twice")]
    pub(super) fn read<'r, B>(
        &'r self,
        plan: &'r Plan,
        found: Match<'r>,
        head: &'r Head<'_>,
        admission: Admission<'r>,
        mut body: B,
    ) -> impl Future<Output = Result<Wish, Refusal>> + Send + 'r
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'r,
        B::Error: fmt::Display,
    {
        async move {
            let before = self.before_body(plan, head)?;
            if head.asked.has(Asked::EXPECT) {
                let admitted = self.admit(plan, &found, head, &before, admission);
                Box::pin(admitted).await?;
            }
            let (body, format) = self.body(plan, head, &mut body).await?;
            let form = match &format {
                None => None,
                Some(format) => Some(form::read(
                    &self.tables,
                    plan,
                    &self.options,
                    format,
                    &body,
                )?),
            };
            let (message, how) = self.bound(plan, &found, head, before, &body, form)?;
            Ok(Wish {
                messages: Inbound::One(message),
                how,
            })
        }
    }

    /// The same without a body.
    pub(super) fn read_head(
        &self,
        plan: &Plan,
        found: &Match<'_>,
        head: &Head<'_>,
    ) -> Result<Wish, Refusal> {
        let before = self.before_body(plan, head)?;
        content_encoding(head)?;
        let body = Bytes::new();
        let (message, how) = self.bound(plan, found, head, before, &body, None)?;
        Ok(Wish {
            messages: Inbound::One(message),
            how,
        })
    }

    /// The same for a client stream: the first part of the body is bound with path, query and headers, the others are
    /// read while the call runs.
    pub(super) async fn read_stream<B>(
        &self,
        plan: &Plan,
        found: Match<'_>,
        head: &Head<'_>,
        admission: Admission<'_>,
        body: B,
    ) -> Result<Wish, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let found = &found;
        let before = self.before_body(plan, head)?;
        if head.asked.has(Asked::EXPECT) {
            let admitted = self.admit(plan, found, head, &before, admission);
            Box::pin(admitted).await?;
        }
        if plan.body == BodyPlan::None {
            // There is one message, made of the head; the body must be empty.
            let (body, _) = self.body(plan, head, body).await?;
            let (message, how) = self.bound(plan, found, head, before, &body, None)?;
            return Ok(self.wish::<B>(plan, Some(message), None, how));
        }
        let encoding = content_encoding(head)?;
        let lines = negotiate::is_lines(head.headers);
        // Without a body there is one message, made of the rest; an empty array has none.
        let absent = body.is_end_stream();
        if !lines
            && !absent
            && let Some(format) = self.check_content_type(plan, head)?
        {
            return self
                .read_form(plan, found, head, before, format, body)
                .await;
        }
        let limit = self.options.max_body_bytes;
        let mut parts = stream::Parts::new(body, encoding, plan.body, lines, limit)?;
        let first = match absent {
            true => Some(Bytes::new()),
            false => parts.next().await.transpose()?.map(|(_, part)| part),
        };
        let none = Bytes::new();
        let body = first.as_ref().unwrap_or(&none);
        let bound = self.bound(plan, found, head, before, body, None);
        let (message, how) = bound.map_err(|refusal| match self.fault(plan, body) {
            Some(error) if !absent => stream::in_element(0, error).into(),
            _ => refusal,
        })?;
        let parts = (!absent).then_some(parts);
        Ok(self.wish(plan, first.map(|_| message), parts, how))
    }

    /// What is wrong with an element by itself.
    fn fault(&self, plan: &Plan, element: &Bytes) -> Option<Error> {
        if matches!(plan.body, BodyPlan::Raw(_)) {
            return None;
        }
        let decode = &self.options.decode;
        stream::decode(&self.tables, plan.input, plan.body, element, decode).err()
    }

    pub(super) fn wish<B>(
        &self,
        plan: &Plan,
        first: Option<Bytes>,
        parts: Option<stream::Parts<B>>,
        how: How,
    ) -> Wish
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let decode = self.options.decode;
        let messages = stream::Requests::new(first, parts, &self.tables, plan, decode);
        Wish {
            messages: Inbound::Stream(Box::pin(messages)),
            how,
        }
    }

    /// What the head says, and whether it can be done at all.
    fn before_body<'r>(&self, plan: &'r Plan, head: &Head<'_>) -> Result<Before<'r>, Refusal> {
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
        Ok(Before {
            conditions,
            from_headers,
            stream,
        })
    }

    /// The message that path, query, headers and body make, and how its answer is wanted.
    pub(super) fn bound(
        &self,
        plan: &Plan,
        found: &Match<'_>,
        head: &Head<'_>,
        before: Before<'_>,
        body: &Bytes,
        form: Option<FormBody>,
    ) -> Result<(Bytes, How), Refusal> {
        let Before {
            conditions,
            from_headers,
            stream,
        } = before;
        let parts = Parts {
            found,
            route: &self.router.routes()[found.route],
            query: head.uri.query().unwrap_or_default(),
            body,
            form,
            message: None,
            content_type: content_type_text(plan, head.headers),
            from_headers,
        };
        let Bound { message, system } = bind::bind(&self.tables, plan, &self.options, parts)?;
        let how = How {
            form: self.form(plan, head, &system)?,
            encode: self.encode_options(&system),
            conditions,
            by_header: head.asked.has(Asked::FIELD_MASK),
            encoding: self.encoding(head),
            stream,
        };
        Ok((message, how))
    }

    /// The body, decompressed; and its format where it is a form.
    pub(super) async fn body<B>(
        &self,
        plan: &Plan,
        head: &Head<'_>,
        body: B,
    ) -> Result<(Bytes, Option<Format>), Refusal>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: fmt::Display,
    {
        let encoding = content_encoding(head)?;
        let comes = body.size_hint().lower() > 0;
        let mut format = None;
        if comes {
            format = self.check_content_type(plan, head)?;
        }
        let limit = self.options.max_body_bytes;
        let body = body::read(head.headers, body, limit).await?;
        if !comes && !body.is_empty() {
            format = self.check_content_type(plan, head)?;
        }
        match encoding.filter(|_| !body.is_empty()) {
            Some(encoding) => Ok((encoding.decompress(&body, limit)?, format)),
            None => Ok((body, format)),
        }
    }

    /// 403 for content that a browser sends from somebody else's page without asking. For other types it asks first, and
    /// hears what CORS says.
    fn check_raw(&self, plan: &Plan, head: &Head<'_>) -> Result<(), Refusal> {
        if matches!(plan.body, BodyPlan::Raw(_)) && form::comes_unasked(head.headers) {
            form::check_origin(self.options.forms, head.uri, head.headers, head.extensions)?;
        }
        Ok(())
    }

    /// The format of a form. 415 for a body that is to be JSON or a form and says it is neither.
    fn check_content_type(&self, plan: &Plan, head: &Head<'_>) -> Result<Option<Format>, Refusal> {
        if !matches!(plan.body, BodyPlan::Whole | BodyPlan::Field(_)) {
            self.check_raw(plan, head)?;
            return Ok(None);
        }
        let found = match negotiate::content_type(head.headers) {
            ContentType::Json => return Ok(None),
            ContentType::Absent => "there is none".to_owned(),
            ContentType::Other(found) => match self.form_format(plan, head)? {
                None => format!("it is {found:?}"),
                format => return Ok(format),
            },
        };
        Err(Refusal::unsupported(format!(
            "Content-Type must be application/json; {found}"
        )))
    }

    pub(super) fn form(
        &self,
        plan: &Plan,
        head: &Head<'_>,
        system: &System,
    ) -> Result<Form, Refusal> {
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

/// What the body is compressed with.
pub(super) fn content_encoding(head: &Head<'_>) -> Result<Option<Encoding>, Refusal> {
    if !head.asked.has(Asked::CONTENT_ENCODING) {
        return Ok(None);
    }
    Encoding::of_request(head.headers, &header::CONTENT_ENCODING)
        .map_err(|unknown| Refusal::unknown_encoding(&unknown))
}

/// What the head of a request says.
pub(super) struct Before<'r> {
    conditions: Conditions,
    pub(super) from_headers: Vec<HeaderField<'r>>,
    stream: Option<StreamKind>,
}

/// The content type where a message takes it up, else nothing.
pub(super) fn content_type_text<'r>(plan: &Plan, headers: &'r HeaderMap) -> &'r str {
    let value = match plan.body {
        BodyPlan::Raw(_) => headers.get(header::CONTENT_TYPE),
        _ => None,
    };
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}
