//! REST bindings, after `google/api/http.proto`.

mod template;

use std::sync::Arc;

use crate::Location;
pub use template::{PathTemplateAst, TemplateError, Variable};

/// One binding of a method.
#[derive(Clone, Debug)]
pub struct HttpRule {
    /// The HTTP method.
    pub method: HttpMethod,
    /// The path template.
    pub template: PathTemplate,
    /// Where the HTTP request body goes.
    pub body: Body,
    /// Number of the response field that is the HTTP response body; `None` for the whole message.
    pub response_body: Option<u32>,
    /// Where the rule is declared.
    pub location: Location,
}

/// The HTTP method of a binding.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are HTTP's own")]
pub enum HttpMethod {
    Get,
    Put,
    Post,
    Delete,
    Patch,
    /// `custom.kind`, in upper case.
    Custom(Arc<str>),
    /// `custom.kind: "*"`: every method.
    Any,
}

impl HttpMethod {
    /// The method's token; `*` for any.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Patch => "PATCH",
            Self::Custom(kind) => kind,
            Self::Any => "*",
        }
    }
}

/// Where the HTTP request body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// The request has no body.
    None,
    /// `body: "*"`: the whole message but for the path fields; no query parameters.
    Whole,
    /// One top-level field, by number; the rest are query parameters.
    Field(u32),
}

/// A parsed path template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    /// The text it was parsed from.
    pub text: Arc<str>,
    /// The segments, variables flattened.
    pub segments: Vec<Segment>,
    /// The verb, without its colon.
    pub verb: Option<Arc<str>>,
    /// The variables: field path and the range of [`PathTemplate::segments`] each covers.
    pub variables: Vec<(FieldPath, std::ops::Range<usize>)>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A literal, percent-decoded.
    Literal(Arc<str>),
    /// `*`: exactly one non-empty segment.
    Single,
    /// `**`: zero or more segments.
    Multi,
}

/// A path of fields from the request message: names for errors, numbers for the wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    /// `todo.id`.
    pub text: Arc<str>,
    /// Field numbers from the request message to the leaf.
    pub numbers: Vec<u32>,
}
