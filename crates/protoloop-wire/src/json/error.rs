//! What can be wrong with a JSON text, or with a message that shall become one.

use std::fmt;

use crate::{WireError, tables::FieldTable};

/// A JSON text that is not the ProtoJSON of a message, or a message that has no ProtoJSON.
///
/// Says what is wrong, in which field, and where in the text.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonError(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    message: String,
    path: String,
    offset: Option<usize>,
    line: usize,
    column: usize,
}

impl JsonError {
    /// An error at a byte of the text.
    #[cold]
    pub(crate) fn at(offset: usize, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            message: message.into(),
            path: String::new(),
            offset: Some(offset),
            line: 0,
            column: 0,
        }))
    }

    /// An error of a message, which has no place in a text.
    #[cold]
    pub(crate) fn of_message(message: impl Into<String>) -> Self {
        let mut error = Self::at(0, message);
        error.0.offset = None;
        error
    }

    /// What is wrong and what would be right, without place and path.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Path of the field from the root message, in proto names: `todo.title`, `items[3].price`, `labels["a"]`. Empty at
    /// the root.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Byte offset in the text; `None` where the error is about a message.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Line in the text, from 1; 0 where the error is about a message.
    #[must_use]
    pub fn line(&self) -> usize {
        self.0.line
    }

    /// Column in the text in characters, from 1; 0 where the error is about a message.
    #[must_use]
    pub fn column(&self) -> usize {
        self.0.column
    }

    #[cold]
    pub(crate) fn under_field(self, field: &FieldTable) -> Self {
        self.under(field.name())
    }

    #[cold]
    pub(crate) fn under_index(self, index: usize) -> Self {
        self.under(&format!("[{index}]"))
    }

    #[cold]
    pub(crate) fn under_key(self, key: &str) -> Self {
        let mut text = Vec::with_capacity(key.len() + 4);
        text.push(b'[');
        super::text::push_string(&mut text, key);
        text.push(b']');
        self.under(&String::from_utf8_lossy(&text))
    }

    /// Puts a segment in front of the path.
    fn under(mut self, segment: &str) -> Self {
        let separator = if self.0.path.is_empty() || self.0.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.0.path = format!("{segment}{separator}{}", self.0.path);
        self
    }

    /// Counts line and column in the text that was read.
    #[cold]
    pub(crate) fn located_in(mut self, text: &[u8]) -> Self {
        if let Some(offset) = self.0.offset {
            let before = &text[..offset.min(text.len())];
            let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
            self.0.line = memchr::memchr_iter(b'\n', before).count() + 1;
            self.0.column = String::from_utf8_lossy(&before[line_start..])
                .chars()
                .count()
                + 1;
        }
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        f.write_str(&self.0.message)?;
        if self.0.line > 0 {
            write!(f, " (line {}, column {})", self.0.line, self.0.column)?;
        }
        Ok(())
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for JsonError {}

impl From<WireError> for JsonError {
    fn from(error: WireError) -> Self {
        let mut converted = Self::of_message(format!("{} (byte {})", error.kind, error.offset));
        converted.0.path = error.path;
        converted
    }
}

/// INVALID_ARGUMENT, with the field as a violation where one is known.
impl From<JsonError> for protoloop_core::Error {
    fn from(error: JsonError) -> Self {
        let place = if error.line() > 0 {
            format!(" (line {}, column {})", error.line(), error.column())
        } else {
            String::new()
        };
        let text = format!("{}{place}", error.message());
        if error.path().is_empty() {
            Self::invalid_argument(format!("invalid JSON: {text}"))
        } else {
            Self::invalid_field(error.path(), text)
        }
    }
}
