//! Which headers go through.

use http::{HeaderMap, HeaderName};

/// Headers that belong to one hop, or that this one sets itself.
fn is_kept_back(name: &HeaderName) -> bool {
    let name = name.as_str();
    match name {
        "connection"
        | "keep-alive"
        | "proxy-connection"
        | "proxy-authenticate"
        | "proxy-authorization"
        | "te"
        | "trailer"
        | "transfer-encoding"
        | "upgrade"
        | "host"
        | "content-length"
        | "content-type"
        | "content-encoding"
        | "accept-encoding"
        | "expect"
        | "x-grpc-web"
        | "date" => true,
        // The one of gRPC's own that is meant for whoever calls.
        "grpc-retry-pushback-ms" => false,
        _ => name.starts_with("grpc-"),
    }
}

/// Request metadata for the other side.
pub(super) fn forwarded(metadata: &HeaderMap) -> HeaderMap {
    // Room for those that tonic adds: TE, content type, time-out, encodings.
    let mut out = HeaderMap::with_capacity(metadata.len() + 5);
    for (name, value) in metadata {
        if !is_kept_back(name) {
            out.append(name, value.clone());
        }
    }
    out
}

/// Response metadata or trailers for the caller.
pub(super) fn answered(mut headers: HeaderMap) -> HeaderMap {
    // The usual answer has nothing else.
    if headers.keys().all(is_kept_back) {
        return HeaderMap::new();
    }
    while let Some(name) = headers.keys().find(|name| is_kept_back(name)).cloned() {
        headers.remove(name);
    }
    headers
}
