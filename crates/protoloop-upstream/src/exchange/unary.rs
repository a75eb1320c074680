//! One message there, one message back: the usual call, by the shortest way. What is unusual in an answer (compression,
//! several pieces) is left to the code that reads streams.

use std::time::Duration;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use h2::RecvStream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header};
use protoloop_core::{CallContext, Error, Outbound, Reply};
use tonic::Status;

use super::{
    begun, metadata, status,
    wire::{self, GRPC_STATUS, SendError},
};
use crate::{codec, retry::Failure, upstream::Shared};

/// A flag and a length stand before each message.
const PREFIX: usize = 5;

/// Sends one message and reads the answer to its end.
///
/// # Errors
/// The status that the other side gave, or what kept it from giving one.
pub(crate) async fn unary(
    upstream: &Shared,
    uri: &Uri,
    context: &CallContext,
    message: &Bytes,
) -> Result<Reply, Failure> {
    context.check_deadline().map_err(begun)?;
    let sent = wire::begin(upstream, || request(uri, context)).await;
    let ((response, mut body), _in_flight) = sent.map_err(|error| error.failure())?;
    let broken = |error: &h2::Error| SendError::transport(error).failure();
    body.send_data(framed(message), true)
        .map_err(|error| broken(&error))?;
    let response = response.await.map_err(|error| broken(&error))?;
    wire::refuse_foreign(response.status(), response.headers()).map_err(|error| error.failure())?;
    if response.headers().contains_key(&GRPC_STATUS)
        && let Some(said) = Status::from_header_map(response.headers())
    {
        return Err(without_message(said));
    }
    let (head, mut body) = response.into_parts();
    let limit = upstream.config.max_response_bytes;
    let data = read(&mut body, limit).await?;
    let trailers = body.trailers().await.map_err(|error| broken(&error))?;
    let trailers = trailers.unwrap_or_default();
    let said = trailers.get(&GRPC_STATUS);
    if said.is_none_or(|said| said != "0") {
        refuse(&trailers)?;
    }
    let message = match plain(&data) {
        Some(message) => message,
        None => codec::decode(data, &head.headers, limit)
            .await
            .map_err(status::failure)?,
    };
    Ok(reply(Response::from_parts(head, ()), trailers, message))
}

/// Reads a status that is not plainly OK.
fn refuse(trailers: &HeaderMap) -> Result<(), Failure> {
    match Status::from_header_map(trailers) {
        Some(said) if said.code() == tonic::Code::Ok => Ok(()),
        Some(said) => Err(status::failure(said)),
        None => {
            let error = Error::new(protoloop_core::Code::Unknown, "the upstream gave no status");
            Err(begun(error))
        }
    }
}

fn reply(head: Response<()>, trailers: HeaderMap, message: Bytes) -> Reply {
    Reply {
        metadata: metadata::answered(head.into_parts().0.headers).into(),
        trailers: metadata::answered(trailers).into(),
        late_trailers: None,
        messages: Outbound::One(message),
    }
}

static GRPC_ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

fn request(uri: &Uri, context: &CallContext) -> Request<()> {
    let mut headers = metadata::forwarded(context.metadata());
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    let grpc = HeaderValue::from_static("application/grpc");
    headers.insert(header::CONTENT_TYPE, grpc);
    let takes = HeaderValue::from_static("gzip,zstd,identity");
    headers.insert(&GRPC_ACCEPT_ENCODING, takes);
    if let Some(left) = context.remaining() {
        let mut left = timeout(left);
        // HPACK keeps what it has seen for the next time, and would throw away for this what does come again.
        left.set_sensitive(true);
        headers.insert(&GRPC_TIMEOUT, left);
    }
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    request
}

/// The finest unit that eight digits can count in.
fn timeout(left: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let text = match (left.as_micros(), left.as_millis()) {
        (micros @ ..=MOST, _) => format!("{micros}u"),
        (_, millis @ ..=MOST) => format!("{millis}m"),
        _ => format!("{}S", u128::from(left.as_secs()).min(MOST)),
    };
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("1H"))
}

fn framed(message: &Bytes) -> Bytes {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    // The edge has bounded it far below 4 GiB.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// The whole body, which is mostly one piece.
async fn read(body: &mut RecvStream, limit: usize) -> Result<Bytes, Failure> {
    let mut whole = Bytes::new();
    let mut pieces = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data.map_err(|error| SendError::transport(&error).failure())?;
        // A failure to release means that the stream is over, which the next look at it tells.
        drop(body.flow_control().release_capacity(data.len()));
        if whole.len() + pieces.len() + data.len() > limit.saturating_add(PREFIX) {
            return Err(begun(status::too_long()));
        }
        if whole.is_empty() && pieces.is_empty() {
            whole = data;
            continue;
        }
        pieces.extend_from_slice(&std::mem::take(&mut whole));
        pieces.extend_from_slice(&data);
    }
    Ok(if pieces.is_empty() {
        whole
    } else {
        pieces.freeze()
    })
}

/// The message of a body that holds exactly one, not compressed.
fn plain(data: &Bytes) -> Option<Bytes> {
    let mut prefix = data.get(..PREFIX)?;
    let (flag, length) = (prefix.get_u8(), prefix.get_u32());
    let whole = flag == 0 && data.len() - PREFIX == usize::try_from(length).ok()?;
    whole.then(|| data.slice(PREFIX..))
}

/// A status that came with the headers: there is no message.
fn without_message(said: Status) -> Failure {
    if said.code() != tonic::Code::Ok {
        return status::failure(said);
    }
    begun(Error::internal_error(
        "the upstream said OK without a message",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_eight_digits_at_most() {
        for (left, text) in [
            (Duration::ZERO, "0u"),
            (Duration::from_millis(1500), "1500000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(200_000), "200000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(timeout(left), text);
        }
    }

    #[test]
    fn only_one_whole_message_is_plain() {
        let message = framed(&Bytes::from_static(b"abc"));
        assert_eq!(plain(&message).as_deref(), Some(&b"abc"[..]));
        assert_eq!(plain(&message.slice(..7)), None);
        assert_eq!(plain(&Bytes::new()), None);
        assert_eq!(plain(&Bytes::from_static(b"\x01\0\0\0\x01x")), None);
        assert_eq!(plain(&[message.clone(), message].concat().into()), None);
    }
}
