//! What a [`RestGateway`](crate::RestGateway) may be told.

use protoloop_wire::json;

use crate::MultiSegmentDecoding;

/// Limits and choices of a [`RestGateway`](crate::RestGateway).
#[derive(Clone, Debug)]
pub struct RestOptions {
    /// Largest request body in bytes; more is 413. Default 4 MiB.
    pub max_body_bytes: usize,
    /// Longest path and query in bytes; more is 414. Default 16 KiB. A path has its own bound,
    /// [`MAX_PATH_BYTES`](crate::MAX_PATH_BYTES).
    pub max_uri_bytes: usize,
    /// What becomes of a query parameter that names no field. Default: 400.
    pub unknown_query: UnknownQuery,
    /// How the value of a multi-segment path variable is decoded.
    pub multi_segment: MultiSegmentDecoding,
    /// How JSON bodies are read.
    pub decode: json::DecodeOptions,
    /// How JSON answers are written.
    pub encode: json::EncodeOptions,
}

/// What becomes of a query parameter that names no field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownQuery {
    /// The request is refused, naming it.
    #[default]
    Refuse,
    /// It is let be.
    Ignore,
}

impl Default for RestOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 << 20,
            max_uri_bytes: 16 << 10,
            unknown_query: UnknownQuery::default(),
            multi_segment: MultiSegmentDecoding::default(),
            decode: json::DecodeOptions::default(),
            encode: json::EncodeOptions::default(),
        }
    }
}
