//! Typed error details, after `google/rpc/error_details.proto`.

use std::time::Duration;

use bytes::Bytes;

/// One detail of an [`Error`](crate::Error). Each kind becomes the `google.rpc` message of the same name on the wire.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Detail {
    /// Machine-readable cause: an UPPER_SNAKE_CASE reason within a domain.
    ErrorInfo {
        /// UPPER_SNAKE_CASE, at most 63 characters.
        reason: String,
        /// The service that names the reason, such as `todo.v1`.
        domain: String,
        /// Further values, in order.
        metadata: Vec<(String, String)>,
    },
    /// The fields of a request that were wrong.
    BadRequest(Vec<FieldViolation>),
    /// Conditions that must hold first.
    PreconditionFailure(Vec<PreconditionViolation>),
    /// Quotas that were exceeded.
    QuotaFailure(Vec<QuotaViolation>),
    /// The resource that the error is about.
    ResourceInfo {
        /// The message type, such as `todo.v1.Todo`.
        resource_type: String,
        /// The id or name of the resource.
        resource_name: String,
        /// What happened to it.
        description: String,
    },
    /// When a retry may succeed; also sent as `Retry-After` over REST.
    RetryInfo {
        /// The time to wait before the next try.
        retry_delay: Duration,
    },
    /// Where to read on.
    Help(Vec<HelpLink>),
    /// A message in the caller's language.
    LocalizedMessage {
        /// BCP 47 language tag.
        locale: String,
        /// The text.
        message: String,
    },
    /// A detail of a type this toolkit does not know; it is carried unchanged.
    Other {
        /// The type URL, such as `type.googleapis.com/acme.v1.Reason`.
        type_url: String,
        /// The encoded message.
        value: Bytes,
    },
}

/// One wrong field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldViolation {
    /// Path from the request message, in proto names: `todo.title`, `requests[2].id`.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
    /// UPPER_SNAKE_CASE reason; may be empty.
    pub reason: String,
}

/// One condition that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreconditionViolation {
    /// The kind of condition, such as `FOREIGN_KEY`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// How to make it hold.
    pub description: String,
}

/// One exceeded quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaViolation {
    /// Whose quota.
    pub subject: String,
    /// Which quota and how it was exceeded.
    pub description: String,
}

/// A link of [`Detail::Help`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpLink {
    /// What the page tells.
    pub description: String,
    /// Its URL.
    pub url: String,
}
