//! What a [`RestGateway`](crate::RestGateway) may be told.

use protoloop_wire::{json, status};

use crate::{HeaderRules, KeepAlive, PathProfile};

/// Limits and choices of a [`RestGateway`](crate::RestGateway).
#[derive(Clone, Debug)]
pub struct RestOptions {
    /// Largest request body in bytes; more is 413. Default 4 MiB.
    pub max_body_bytes: usize,
    /// Longest path and query in bytes; more is 414. Default 16 KiB. A path has its own bound,
    /// [`MAX_PATH_BYTES`](crate::MAX_PATH_BYTES).
    pub max_uri_bytes: usize,
    /// How escapes in paths are read. Default: as `google/api/http.proto` says.
    pub path: PathProfile,
    /// What becomes of a slash at the end of a path that no binding has. Default: 404.
    pub trailing_slash: TrailingSlash,
    /// Whether a POST may name the method it stands for, in `X-HTTP-Method-Override` or `$httpMethod`, for callers
    /// behind proxies that pass only GET and POST. Off by default.
    pub method_override: bool,
    /// What becomes of a query parameter or a form field that names no field. Default: 400.
    pub unknown_query: UnknownQuery,
    /// Which pages may send forms. Default: the server's own.
    pub forms: Forms,
    /// Most fields of a form; more are 400. Default 1000.
    pub max_form_fields: usize,
    /// How JSON bodies are read. Default: as ProtoJSON, but a path of a field mask that it cannot spell, such as `line_1`, is
    /// taken as it is, since a query takes it too.
    pub decode: json::DecodeOptions,
    /// How JSON answers are written. Default: as ProtoJSON, with paths of field masks as in `decode`.
    pub encode: json::EncodeOptions,
    /// How errors are written for callers that do not prefer `application/problem+json`.
    pub error_format: ErrorFormat,
    /// Which headers become metadata, and which metadata becomes headers. Default: all that HTTP allows.
    pub headers: HeaderRules,
    /// Whether reply metadata `x-http-code` sets the status of a success, such as `201`; the service must be trusted with
    /// that. On by default.
    pub reply_status: bool,
    /// From how many bytes on an answer is compressed where the caller takes it; `None` for never, the default. Requests
    /// may always be compressed.
    pub compress_from: Option<usize>,
    /// Whether a GET whose answer has no etag field gets an `ETag` made of the answer's bytes, so that a caller that has
    /// them is told 304. The call is made all the same. Off by default.
    pub content_etags: bool,
    /// Signs of life in streams of events; `None`, the default, for none.
    pub keep_alive: Option<KeepAlive>,
}

/// Whether `application/x-www-form-urlencoded` and `multipart/form-data` are taken as request bodies, and from where.
///
/// A browser sends forms from any page to any server without asking, so a page of somebody else could act for a user of
/// this server, or on a server that listens on localhost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forms {
    /// Nobody's: they are 415.
    Refuse,
    /// Those of the server's own pages, and those that no browser sent, by `Sec-Fetch-Site`, else `Origin`; and those
    /// with [`PageMayCall`](crate::PageMayCall). Others are 403.
    #[default]
    SameOrigin,
    /// Everybody's. For services that take no cookies and are not told apart by who can reach them.
    FromAnywhere,
}

/// What becomes of a query parameter or a form field that names no field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownQuery {
    /// The request is refused, naming it.
    #[default]
    Refuse,
    /// It is let be.
    Ignore,
}

/// What becomes of a slash at the end of a path that no binding has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailingSlash {
    /// The path is another one than without it: 404.
    #[default]
    Refuse,
    /// The path is tried without it.
    Ignore,
}

/// How errors are written in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorFormat {
    /// `{"error": {"code": 404, "message": …, "status": "NOT_FOUND", "details": […]}}` (AIP-193).
    #[default]
    Envelope,
    /// A bare `google.rpc.Status`, as grpc-gateway and Envoy write it: `{"code": 5, "message": …, "details": […]}`.
    Status,
}

impl From<ErrorFormat> for status::Shape {
    fn from(format: ErrorFormat) -> Self {
        match format {
            ErrorFormat::Envelope => Self::Envelope,
            ErrorFormat::Status => Self::Status,
        }
    }
}

impl Default for RestOptions {
    fn default() -> Self {
        Self {
            max_body_bytes: 4 << 20,
            max_uri_bytes: 16 << 10,
            path: PathProfile::default(),
            trailing_slash: TrailingSlash::default(),
            method_override: false,
            unknown_query: UnknownQuery::default(),
            forms: Forms::default(),
            max_form_fields: 1000,
            decode: json::DecodeOptions {
                proto_mask_paths: true,
                ..json::DecodeOptions::default()
            },
            encode: json::EncodeOptions {
                proto_mask_paths: true,
                ..json::EncodeOptions::default()
            },
            error_format: ErrorFormat::default(),
            headers: HeaderRules::default(),
            reply_status: true,
            compress_from: None,
            content_etags: false,
            keep_alive: None,
        }
    }
}
