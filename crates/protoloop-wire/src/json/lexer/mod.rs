//! JSON tokens, pulled one by one.

mod number;
mod string;

use super::JsonError;
pub(crate) use number::number_prefix;

type Result<T> = std::result::Result<T, JsonError>;

/// Reads JSON tokens from a text that is known to be UTF-8.
#[derive(Debug)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pos: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(json: &'a [u8]) -> Result<Self> {
        match simdutf8::compat::from_utf8(json) {
            Ok(text) => Ok(Self {
                text,
                bytes: json,
                pos: 0,
            }),
            Err(error) => Err(JsonError::at(error.valid_up_to(), "invalid UTF-8")),
        }
    }

    #[inline]
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// Goes back, to a place that was a token boundary.
    pub(crate) fn rewind(&mut self, pos: usize) {
        self.pos = pos;
    }

    /// What is left of the text.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.pos..]
    }

    /// Goes on, by at most what is left.
    #[inline]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.pos += bytes;
    }

    /// Goes back by a byte, where one was read.
    #[inline]
    pub(crate) fn step_back(&mut self) {
        self.pos -= 1;
    }

    #[cold]
    pub(crate) fn error(&self, message: impl Into<String>) -> JsonError {
        JsonError::at(self.pos, message)
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.pos) {
            self.pos += 1;
        }
    }

    /// The first byte of the next token, which stays where it is.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.pos)?;
        if byte > b' ' {
            return Some(byte);
        }
        self.skip_space();
        self.bytes.get(self.pos).copied()
    }

    /// Takes a punctuation byte when it is the next token.
    #[inline]
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.pos += usize::from(found);
        found
    }

    /// Takes exactly these bytes when they come next.
    #[inline]
    pub(crate) fn take_bytes(&mut self, expected: &[u8]) -> bool {
        let found = self.bytes[self.pos..].starts_with(expected);
        if found {
            self.pos += expected.len();
        }
        found
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, what: &str) -> Result<()> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.unexpected(what))
        }
    }

    /// What stands here, against what should.
    #[cold]
    pub(crate) fn unexpected(&mut self, expected: &str) -> JsonError {
        let found = match self.peek() {
            None => "the end of the text",
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(_) => {
                let character = self.text[self.pos..].chars().next().unwrap_or(' ');
                return self.error(format!("expected {expected}, found {character:?}"));
            }
        };
        self.error(format!("expected {expected}, found {found}"))
    }

    /// Whether another member or element follows. `first` is false once one was read.
    #[inline]
    pub(crate) fn more(&mut self, close: u8, first: &mut bool) -> Result<bool> {
        // Text without spaces is the usual case.
        if let [b',', next, ..] = self.bytes[self.pos..]
            && next > b' '
            && !*first
        {
            self.pos += 1;
            return Ok(true);
        }
        match self.peek() {
            Some(byte) if byte == close => {
                self.pos += 1;
                Ok(false)
            }
            Some(_) if *first => {
                *first = false;
                Ok(true)
            }
            Some(b',') => {
                self.pos += 1;
                self.skip_space();
                Ok(true)
            }
            _ if close == b'}' => Err(self.unexpected("',' or '}'")),
            _ => Err(self.unexpected("',' or ']'")),
        }
    }

    /// Takes `null` when it is the next token.
    #[inline]
    pub(crate) fn take_null(&mut self) -> Result<bool> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.literal(b"null")?;
        Ok(true)
    }

    pub(crate) fn boolean(&mut self) -> Result<bool> {
        match self.peek() {
            Some(b't') => self.literal(b"true").map(|()| true),
            Some(b'f') => self.literal(b"false").map(|()| false),
            _ => Err(self.unexpected("true or false")),
        }
    }

    fn literal(&mut self, expected: &[u8]) -> Result<()> {
        let end = self.pos + expected.len();
        let whole = !self.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if whole && self.take_bytes(expected) {
            Ok(())
        } else {
            Err(self.error("expected a JSON value, found an unknown word"))
        }
    }

    /// Steps over a value of any kind, `depth` levels at most.
    pub(crate) fn skip_value(&mut self, depth: usize) -> Result<()> {
        match self.peek() {
            Some(b'"') => self.skip_string(),
            Some(b'{' | b'[') if depth == 0 => Err(self.error("nested too deeply")),
            Some(b'{') => {
                self.pos += 1;
                let mut first = true;
                while self.more(b'}', &mut first)? {
                    if self.peek() != Some(b'"') {
                        return Err(self.unexpected("a member name"));
                    }
                    self.skip_string()?;
                    self.expect(b':', "':'")?;
                    self.skip_value(depth - 1)?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.pos += 1;
                let mut first = true;
                while self.more(b']', &mut first)? {
                    self.skip_value(depth - 1)?;
                }
                Ok(())
            }
            Some(b't' | b'f') => self.boolean().map(|_| ()),
            Some(b'n') => self.take_null().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            _ => Err(self.unexpected("a JSON value")),
        }
    }

    fn skip_string(&mut self) -> Result<()> {
        if self.plain_string("a string")?.is_none() {
            self.escaped_string(&mut Vec::new())?;
        }
        Ok(())
    }

    /// Checks that nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error("text after the end of the JSON value")),
        }
    }
}
