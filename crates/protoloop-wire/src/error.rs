//! What can be wrong with protobuf bytes.

use std::fmt;

/// Bytes that are not a well-formed message: what is wrong, in which field, at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// What is wrong.
    pub kind: WireErrorKind,
    /// Path of the field from the root message, in proto names (`todo.tags[2]`); empty at the root.
    pub path: String,
    /// Byte offset from the start of the root message.
    pub offset: usize,
}

/// The ways in which protobuf bytes can be malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WireErrorKind {
    /// The bytes end inside a field.
    Truncated,
    /// A varint is longer than ten bytes.
    VarintTooLong,
    /// A tag has field number zero, a number above 2^29-1, or a wire type that does not exist.
    InvalidTag,
    /// A group ends that was not begun, or ends with another number.
    UnmatchedGroup,
    /// A `string` is not valid UTF-8.
    InvalidUtf8,
    /// Messages are nested deeper than the limit.
    TooDeep,
    /// The message is larger than the limit.
    TooLarge,
}

impl WireErrorKind {
    fn text(self) -> &'static str {
        match self {
            Self::Truncated => "the message ends inside a field",
            Self::VarintTooLong => "a varint is longer than ten bytes",
            Self::InvalidTag => "invalid field number or wire type",
            Self::UnmatchedGroup => "a group ends that was not begun",
            Self::InvalidUtf8 => "a string is not valid UTF-8",
            Self::TooDeep => "messages are nested too deeply",
            Self::TooLarge => "the message is too large",
        }
    }

    pub(crate) const fn at(self, offset: usize) -> Flaw {
        Flaw { kind: self, offset }
    }
}

/// A [`WireError`] before its field is known: small and without a destructor, as it crosses the innermost loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) kind: WireErrorKind,
    pub(crate) offset: usize,
}

impl From<Flaw> for WireError {
    #[cold]
    fn from(flaw: Flaw) -> Self {
        Self {
            kind: flaw.kind,
            path: String::new(),
            offset: flaw.offset,
        }
    }
}

impl WireError {
    /// The same error seen from the parent: `segment` in front of the path, `base` added to the offset.
    pub(crate) fn under(mut self, segment: &str, index: Option<usize>, base: usize) -> Self {
        let mut path = segment.to_owned();
        if let Some(index) = index {
            path.push_str(&format!("[{index}]"));
        }
        if !self.path.is_empty() {
            path.push('.');
            path.push_str(&self.path);
        }
        self.path = path;
        self.offset += base;
        self
    }
}

impl fmt::Display for WireErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{} (byte {})", self.kind, self.offset)
    }
}

impl std::error::Error for WireError {}

/// INVALID_ARGUMENT, with the field as a violation where one is known.
impl From<WireError> for protoloop_core::Error {
    fn from(error: WireError) -> Self {
        let text = format!("{} (byte {})", error.kind, error.offset);
        if error.path.is_empty() {
            Self::invalid_argument(format!("malformed protobuf message: {text}"))
        } else {
            Self::invalid_field(error.path, text)
        }
    }
}
