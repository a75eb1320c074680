//! Payloads, headers and errors as the suite's requests ask for them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use prost::{Message, Name};
use prost_types::Any;
use protoloop_core::{CallContext, Code, Detail, Error, Result};

use crate::v1::{self, ConformancePayload, Header, conformance_payload::RequestInfo};

/// A request as the answer shows it.
pub(crate) fn any<M: Name>(message: &[u8]) -> Any {
    Any {
        type_url: M::type_url(),
        value: message.to_vec(),
    }
}

/// What the server saw of a call.
pub(crate) fn info(context: &CallContext, requests: Vec<Any>) -> RequestInfo {
    let metadata = context.metadata();
    let header = |name: &HeaderName| Header {
        name: name.to_string(),
        value: metadata
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect(),
    };
    RequestInfo {
        request_headers: metadata.keys().map(header).collect(),
        timeout_ms: context
            .remaining()
            .and_then(|left| i64::try_from(left.as_millis()).ok()),
        requests,
    }
}

pub(crate) fn payload(data: Vec<u8>, info: Option<RequestInfo>) -> Option<ConformancePayload> {
    Some(ConformancePayload {
        data,
        request_info: info,
    })
}

pub(crate) fn headers(list: &[Header]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for header in list {
        let name = HeaderName::try_from(&header.name);
        let name = name.map_err(|_| Error::invalid_argument("a header has a wrong name"))?;
        for value in &header.value {
            let value = HeaderValue::try_from(value);
            let value = value.map_err(|_| Error::invalid_argument("a header has a wrong value"))?;
            map.append(&name, value);
        }
    }
    Ok(map)
}

/// The error that is asked for, with what the server saw where nothing else shows it.
pub(crate) fn error(asked: &v1::Error, info: Option<RequestInfo>) -> Error {
    let error = Error::new(Code::from_i32(asked.code), asked.message().to_owned());
    let info = info.map(|info| Any {
        type_url: RequestInfo::type_url(),
        value: info.encode_to_vec(),
    });
    let details = asked.details.iter().cloned().chain(info);
    details.fold(error, |error, any| {
        error.with_detail(Detail::Other {
            type_url: any.type_url,
            value: any.value.into(),
        })
    })
}

pub(crate) async fn delay(milliseconds: u32) {
    tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
}

/// A message of the call as its type.
pub(crate) fn decode<M: Message + Default>(message: &Bytes) -> Result<M> {
    M::decode(&message[..]).map_err(|error| Error::internal_error(error.to_string()))
}
