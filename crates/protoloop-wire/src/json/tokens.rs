//! JSON that is no message, token by token.

use std::borrow::Cow;

use super::{JsonError, lexer::Lexer};

/// Reads a JSON text whose shape the caller knows, such as a filter: the grammar and its errors are those of messages.
///
/// It does not recurse, so how deep it goes is the caller's to bound.
#[derive(Debug)]
pub struct Tokens<'a>(Lexer<'a>);

/// What a JSON value is, by its first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are JSON's own")]
pub enum TokenKind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

impl<'a> Tokens<'a> {
    /// The tokens of a text.
    ///
    /// # Errors
    /// Invalid UTF-8.
    pub fn new(text: &'a [u8]) -> Result<Self, JsonError> {
        Lexer::new(text).map(Self)
    }

    /// The byte at which the next token begins.
    pub fn offset(&mut self) -> usize {
        self.0.peek();
        self.0.pos()
    }

    /// What comes next.
    ///
    /// # Errors
    /// The end of the text, or a character that begins no value.
    pub fn kind(&mut self) -> Result<TokenKind, JsonError> {
        Ok(match self.0.peek() {
            Some(b'{') => TokenKind::Object,
            Some(b'[') => TokenKind::Array,
            Some(b'"') => TokenKind::String,
            Some(b't' | b'f') => TokenKind::Bool,
            Some(b'n') => TokenKind::Null,
            Some(b'-' | b'0'..=b'9') => TokenKind::Number,
            _ => return Err(self.0.unexpected("a JSON value")),
        })
    }

    /// Goes into an object.
    ///
    /// # Errors
    /// Anything else stands here; `what` says what was due.
    pub fn enter_object(&mut self, what: &str) -> Result<(), JsonError> {
        self.0.expect(b'{', what)
    }

    /// The next name of the object that is read, and the byte where it begins, with the value coming next; `None` at its
    /// end. `first` is true for the first call in an object and is cleared.
    ///
    /// # Errors
    /// Anything that is no member.
    pub fn member(&mut self, first: &mut bool) -> Result<Option<(usize, Cow<'a, str>)>, JsonError> {
        if !self.0.more(b'}', first)? {
            return Ok(None);
        }
        let at = self.offset();
        let name = self.0.string("a member name")?;
        self.0.expect(b':', "':'")?;
        Ok(Some((at, name)))
    }

    /// Goes into an array.
    ///
    /// # Errors
    /// Anything else stands here; `what` says what was due.
    pub fn enter_array(&mut self, what: &str) -> Result<(), JsonError> {
        self.0.expect(b'[', what)
    }

    /// Whether another element of the array that is read comes next; else its end is behind. `first` as in
    /// [`Tokens::member`].
    ///
    /// # Errors
    /// Neither a comma nor the end.
    pub fn element(&mut self, first: &mut bool) -> Result<bool, JsonError> {
        self.0.more(b']', first)
    }

    /// A string, unescaped.
    ///
    /// # Errors
    /// Anything else stands here; `what` says what was due.
    pub fn string(&mut self, what: &str) -> Result<Cow<'a, str>, JsonError> {
        self.0.string(what)
    }

    /// A number, as it is written.
    ///
    /// # Errors
    /// Anything else stands here.
    pub fn number(&mut self) -> Result<&'a str, JsonError> {
        self.0.number()
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// Anything else stands here.
    pub fn boolean(&mut self) -> Result<bool, JsonError> {
        self.0.boolean()
    }

    /// Takes `null` where it comes next.
    ///
    /// # Errors
    /// A word that begins like it.
    pub fn take_null(&mut self) -> Result<bool, JsonError> {
        self.0.take_null()
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// Something is left.
    pub fn end(&mut self) -> Result<(), JsonError> {
        self.0.end()
    }
}
