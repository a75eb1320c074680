//! Unary calls: a message in, a message out, both plain HTTP bodies.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderValue, Response, header, request::Parts};
use http_body::Body as HttpBody;
use protoloop_core::{Call, Error, Reply, Result};

use super::{Caller, Codec, UNARY, head};
use crate::{
    Body,
    body::{self, drain, waits_to_send},
    compression::Encoding,
    headers,
    rpc::{compress, envelope::too_large},
};

impl Caller<'_> {
    pub(super) async fn unary<B>(self, head: Parts, body: B, codec: Codec) -> Response<Body>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: fmt::Display,
    {
        let accepted = self.accepted(&head.headers);
        let message = self.read(&head.headers, body).await;
        let answer = match message {
            Ok(message) => {
                self.call(head.headers, head.extensions, message, codec, accepted)
                    .await
            }
            Err(error) => Err(error),
        };
        answer.unwrap_or_else(|error| {
            head::error_answer(&self.gateway.tables, error, HeaderMap::new())
        })
    }

    /// The message of a request body.
    async fn read<B>(self, headers: &HeaderMap, body: B) -> Result<Bytes>
    where
        B: HttpBody<Data = Bytes>,
        B::Error: fmt::Display,
    {
        let limit = self.gateway.options.max_message_bytes;
        let waits = waits_to_send(headers);
        let encoding = match compress::of_request(headers, &header::CONTENT_ENCODING) {
            Ok(encoding) => encoding,
            Err(error) => {
                drain(waits, body).await;
                return Err(error);
            }
        };
        let mut body = std::pin::pin!(body);
        let read = body::read(headers, body.as_mut(), limit).await;
        if read.is_err() {
            drain(waits, body).await;
        }
        let body = read.map_err(|error| match error {
            body::ReadError::TooLarge(limit) => too_large(limit),
            body::ReadError::Broken(reason) => {
                Error::cancelled("the request broke off").with_internal(reason)
            }
        })?;
        match encoding {
            Some(encoding) if !body.is_empty() => compress::decompress(encoding, &body, limit),
            _ => Ok(body),
        }
    }

    /// Makes the call and renders its reply.
    pub(super) async fn call(
        self,
        headers: HeaderMap,
        extensions: Extensions,
        message: Bytes,
        codec: Codec,
        accepted: Option<Encoding>,
    ) -> Result<Response<Body>> {
        let gateway = self.gateway;
        let context = head::context(headers, extensions, self.origin)?;
        let message = codec.decode(
            &gateway.tables,
            self.entry.input(),
            message,
            &gateway.options,
        )?;
        let call = Call::unary(Arc::clone(&self.entry.info), context, message);
        let reply = self.handler.call(call).await?;
        self.answer(reply, codec, accepted)
    }

    fn answer(
        self,
        mut reply: Reply,
        codec: Codec,
        accepted: Option<Encoding>,
    ) -> Result<Response<Body>> {
        let gateway = self.gateway;
        let metadata = std::mem::take(&mut reply.metadata);
        let trailers = std::mem::take(&mut reply.trailers);
        let message = reply.into_one()?;
        let message = codec.encode(
            &gateway.tables,
            self.entry.output(),
            message,
            &gateway.options,
        )?;
        let mut response = Response::new(Body::Empty);
        let out = response.headers_mut();
        headers::from_metadata(metadata.into(), out);
        head::push_trailers(trailers.into(), out);
        let content_type = format!("{UNARY}{}", codec.name());
        out.insert(header::CONTENT_TYPE, headers::value_of(&content_type));
        let message = match accepted.filter(|_| !message.is_empty()) {
            None => message,
            Some(encoding) => {
                out.insert(
                    header::CONTENT_ENCODING,
                    HeaderValue::from_static(encoding.name()),
                );
                out.append(header::VARY, HeaderValue::from_static("accept-encoding"));
                compress::compress(encoding, &message)?
            }
        };
        *response.body_mut() = Body::Full(message);
        Ok(response)
    }

    /// The coding of the answer, where answers are compressed at all.
    pub(super) fn accepted(self, headers: &HeaderMap) -> Option<Encoding> {
        let wanted = self.gateway.options.compress.then_some(headers)?;
        compress::accepted(wanted, &header::ACCEPT_ENCODING)
    }
}
