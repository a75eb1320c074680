//! The messages of a client stream, from the body of a REST request.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as HttpBody;
use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, Writer, json};

use super::{Plain, elements::Elements};
use crate::{
    compression::Encoding,
    plan::{BodyPlan, Plan},
};

/// How the body of a client stream is cut into messages.
#[derive(Debug)]
enum Cut {
    /// Elements of JSON.
    Elements(Elements),
    /// Pieces as they come, for `google.api.HttpBody`.
    Pieces,
}

/// The parts of a body, each the body of one message.
pub(crate) struct Parts<B> {
    body: Plain<B>,
    cut: Cut,
    ended: bool,
    /// Where in the stream the next part stands.
    index: usize,
}

impl<B> Parts<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    /// `lines` for NDJSON; `limit` is the largest part in bytes, decompressed.
    ///
    /// # Errors
    /// INTERNAL where there is no memory to decompress.
    pub(crate) fn new(
        body: B,
        encoding: Option<Encoding>,
        plan: BodyPlan,
        lines: bool,
        limit: usize,
    ) -> Result<Self> {
        let cut = match plan {
            BodyPlan::Raw(_) => Cut::Pieces,
            _ => Cut::Elements(Elements::new(lines, limit)),
        };
        Ok(Self {
            body: Plain::new(body, encoding)?,
            cut,
            ended: false,
            index: 0,
        })
    }

    /// The next part, and its position.
    pub(crate) async fn next(&mut self) -> Option<Result<(usize, Bytes)>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(usize, Bytes)>>> {
        loop {
            if let Cut::Elements(elements) = &mut self.cut {
                match elements.next(self.ended).transpose() {
                    Some(Ok(element)) => return Poll::Ready(Some(Ok(self.numbered(element)))),
                    Some(Err(error)) => {
                        return Poll::Ready(Some(Err(in_element(self.index, error))));
                    }
                    None => {}
                }
            }
            if self.ended {
                return Poll::Ready(None);
            }
            let data = match ready!(self.body.poll(cx)) {
                Some(Ok(data)) if data.is_empty() => continue,
                Some(Ok(data)) => data,
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.ended = true;
                    continue;
                }
            };
            match &mut self.cut {
                Cut::Elements(elements) => elements.push(&data),
                Cut::Pieces => return Poll::Ready(Some(Ok(self.numbered(data)))),
            }
        }
    }

    fn numbered(&mut self, part: Bytes) -> (usize, Bytes) {
        self.index += 1;
        (self.index - 1, part)
    }
}

/// The messages of a client stream. Path, query and headers are in the first one only, which is bound before the call.
pub(crate) struct Requests<B> {
    first: Option<Bytes>,
    parts: Option<Parts<B>>,
    tables: Arc<Tables>,
    input: MessageId,
    plan: BodyPlan,
    decode: json::DecodeOptions,
}

impl<B> Requests<B> {
    pub(crate) fn new(
        first: Option<Bytes>,
        parts: Option<Parts<B>>,
        tables: &Arc<Tables>,
        plan: &Plan,
        decode: json::DecodeOptions,
    ) -> Self {
        Self {
            first,
            parts,
            tables: Arc::clone(tables),
            input: plan.input,
            plan: plan.body,
            decode,
        }
    }

    fn message(&self, index: usize, part: &Bytes) -> Result<Bytes> {
        if let BodyPlan::Raw(field) = self.plan {
            return Ok(raw(field, part));
        }
        let decoded = decode(&self.tables, self.input, self.plan, part, &self.decode);
        decoded.map_err(|error| in_element(index, error))
    }
}

/// The message that the JSON of an element makes by itself.
///
/// # Errors
/// INVALID_ARGUMENT naming the field.
pub(crate) fn decode(
    tables: &Tables,
    input: MessageId,
    plan: BodyPlan,
    element: &Bytes,
    options: &json::DecodeOptions,
) -> Result<Bytes> {
    let decoded = match plan {
        BodyPlan::Field(number) => json::decode_field(tables, input, number, element, options)?,
        _ => json::decode(tables, input, element, options)?,
    };
    Ok(decoded.into())
}

/// What is wrong with an element, under its number.
pub(crate) fn in_element(index: usize, error: Error) -> Error {
    let message = format!("element {index}: {}", error.message());
    error.with_message(message)
}

/// A message whose `HttpBody`, itself or in a field, has these data and nothing else.
fn raw(field: Option<u32>, data: &Bytes) -> Bytes {
    const DATA: u32 = 2;
    let mut out = Writer::with_capacity(data.len() + 16);
    match field {
        None => out.bytes(DATA, data),
        Some(number) => {
            let open = out.open(number);
            out.bytes(DATA, data);
            out.close(open);
        }
    }
    out.finish().into()
}

impl<B> Stream for Requests<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(parts) = &mut self.parts else {
            return Poll::Ready(None);
        };
        let next = ready!(parts.poll(cx));
        let next = next.map(|part| part.and_then(|(index, part)| self.message(index, &part)));
        if !matches!(next, Some(Ok(_))) {
            self.parts = None;
        }
        Poll::Ready(next)
    }
}
