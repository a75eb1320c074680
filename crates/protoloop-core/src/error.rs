//! The domain error.

use std::{borrow::Cow, error::Error as StdError, fmt};

use http::HeaderMap;

use crate::{Code, Detail, FieldViolation};

/// What fallible Protoloop functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error that knows no transport.
///
/// It holds two texts: the public [`message`](Error::message) is for the caller; the [`internal`](Error::internal)
/// one, like the [`source`](StdError::source), is for the log and never crosses the wire.
pub struct Error(Box<Inner>);

struct Inner {
    code: Code,
    message: Cow<'static, str>,
    internal: Option<String>,
    details: Vec<Detail>,
    metadata: HeaderMap,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with a code and a public message.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            internal: None,
            details: Vec::new(),
            metadata: HeaderMap::new(),
            source: None,
        }))
    }

    /// An INTERNAL error: the caller reads "internal error", the log reads `internal`.
    pub fn internal_error(internal: impl Into<String>) -> Self {
        Self::new(Code::Internal, "internal error").with_internal(internal)
    }

    /// INVALID_ARGUMENT about one field: `field` is its path from the request message, in proto names.
    pub fn invalid_field(field: impl Into<String>, description: impl Into<String>) -> Self {
        let (field, description) = (field.into(), description.into());
        Self::invalid_argument(format!("{field}: {description}")).with_detail(Detail::BadRequest(
            vec![FieldViolation {
                field,
                description,
                reason: String::new(),
            }],
        ))
    }

    /// The same error with another public message.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    /// Adds a text for the log, never sent to a caller.
    #[must_use]
    pub fn with_internal(mut self, internal: impl Into<String>) -> Self {
        self.0.internal = Some(internal.into());
        self
    }

    /// Adds the cause, for the log; never sent to a caller.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds a typed detail, sent to the caller.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Adds metadata, sent to the caller beside the status: trailers in gRPC.
    #[must_use]
    pub fn with_metadata(mut self, metadata: HeaderMap) -> Self {
        self.0.metadata.extend(metadata);
        self
    }

    /// Metadata for the caller, beside the status.
    #[must_use]
    pub fn metadata(&self) -> &HeaderMap {
        &self.0.metadata
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The text for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The text for the log.
    #[must_use]
    pub fn internal(&self) -> Option<&str> {
        self.0.internal.as_deref()
    }

    /// The details for the caller, in the order they were added.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.0.details
    }

    /// The same error with every field path of a BadRequest detail, and the public message that began with it, put
    /// below `prefix`: `title` under `todo` becomes `todo.title`.
    #[must_use]
    pub fn under_field(mut self, prefix: &str) -> Self {
        for detail in &mut self.0.details {
            let Detail::BadRequest(violations) = detail else {
                continue;
            };
            for violation in violations {
                let separator = if violation.field.is_empty() || violation.field.starts_with('[') {
                    ""
                } else {
                    "."
                };
                let path = format!("{prefix}{separator}{}", violation.field);
                if let Some(rest) = self.0.message.strip_prefix(violation.field.as_str()) {
                    self.0.message = Cow::Owned(format!("{path}{rest}"));
                }
                violation.field = path;
            }
        }
        self
    }
}

macro_rules! constructors {
    ($($name:ident => $code:ident),* $(,)?) => {
        impl Error {
            $(
                #[doc = concat!("An error with [`Code::", stringify!($code), "`] and a public message.")]
                pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                    Self::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    cancelled => Cancelled,
    invalid_argument => InvalidArgument,
    deadline_exceeded => DeadlineExceeded,
    not_found => NotFound,
    already_exists => AlreadyExists,
    permission_denied => PermissionDenied,
    resource_exhausted => ResourceExhausted,
    failed_precondition => FailedPrecondition,
    aborted => Aborted,
    out_of_range => OutOfRange,
    unimplemented => Unimplemented,
    unavailable => Unavailable,
    data_loss => DataLoss,
    unauthenticated => Unauthenticated,
}

/// Shows code and public message only; log the chain with [`fmt::Debug`].
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("internal", &self.0.internal)
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internal_text_is_not_displayed() {
        let error = Error::internal_error("password=hunter2");
        assert_eq!(error.to_string(), "INTERNAL: internal error");
        assert_eq!(error.internal(), Some("password=hunter2"));
    }

    #[test]
    fn a_field_path_moves_below_its_parent() {
        let error = Error::invalid_field("title", "is required")
            .under_field("todo")
            .under_field("requests[1]");
        assert_eq!(error.message(), "requests[1].todo.title: is required");
        let Detail::BadRequest(violations) = &error.details()[0] else {
            panic!("not a BadRequest")
        };
        assert_eq!(violations[0].field, "requests[1].todo.title");
    }
}
