//! Compressed answers.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use protoloop_core::{Error, Result};

use crate::{compression::Encoding, condition::Tag};

/// The content, compressed where that is wanted and worth it; sets the headers that tell so.
///
/// # Errors
/// INTERNAL when the library fails.
pub(super) fn compress(
    content: Bytes,
    content_type: &HeaderValue,
    from: usize,
    encoding: Option<Encoding>,
    headers: &mut HeaderMap,
) -> Result<Bytes> {
    if content.len() < from || !is_compressible(content_type) || must_not_change(headers) {
        return Ok(content);
    }
    headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Some(encoding) = encoding else {
        return Ok(content);
    };
    let smaller = encoding.compress(&content).map_err(|error| {
        Error::internal_error("the answer could not be compressed").with_source(error)
    })?;
    if smaller.len() >= content.len() {
        return Ok(content);
    }
    let name = HeaderValue::from_static(encoding.name());
    headers.insert(header::CONTENT_ENCODING, name);
    // RFC 9110 §8.8.3.3: each coding of a representation has its own strong tag.
    let tag = headers.get(header::ETAG).and_then(Tag::of_header);
    if let Some(value) = tag.and_then(|tag| tag.encoded(encoding).header()) {
        headers.insert(header::ETAG, value);
    }
    Ok(smaller)
}

/// Whether a media type is one of text: images, archives and the like are compressed already.
fn is_compressible(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let of_text = [
        "application/json",
        "application/xml",
        "application/javascript",
    ];
    essence.starts_with("text/")
        || of_text.contains(&essence.as_str())
        || essence == "application/x-protobuf"
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
}

/// `Cache-Control: no-transform`.
fn must_not_change(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::CACHE_CONTROL).iter();
    let mut texts = values.filter_map(|value| value.to_str().ok());
    texts.any(|text| text.to_ascii_lowercase().contains("no-transform"))
}
