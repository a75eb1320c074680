//! JSON tokens, pulled one by one.

use std::borrow::Cow;

use super::{
    JsonError,
    decimal::{divided_by_tens, leading_digits},
    scan::{BLOCK, copy_block, plain_prefix, special_of_block},
};

type Result<T> = std::result::Result<T, JsonError>;

/// How far the output of a long string is made ready ahead of the writing.
const MOST_AHEAD: usize = 4 << 10;

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

    /// A string, unescaped.
    pub(crate) fn string(&mut self, what: &str) -> Result<Cow<'a, str>> {
        if let Some(plain) = self.plain_string(what)? {
            return Ok(Cow::Borrowed(plain));
        }
        let mut out = Vec::new();
        self.escaped_string(&mut out)?;
        String::from_utf8(out)
            .map(Cow::Owned)
            .map_err(|_| self.error("invalid UTF-8"))
    }

    /// A string without escapes; `None`, with nothing consumed, where it has some.
    #[inline]
    pub(crate) fn plain_string(&mut self, what: &str) -> Result<Option<&'a str>> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(what));
        }
        let start = self.pos + 1;
        let end = start + plain_prefix(&self.bytes[start..]);
        match self.bytes.get(end) {
            Some(b'"') => {
                self.pos = end + 1;
                Ok(Some(&self.text[start..end]))
            }
            Some(b'\\') => Ok(None),
            _ => Err(self.broken_string(end)),
        }
    }

    /// Appends the content of a string, whose opening quote comes next, unescaped.
    pub(crate) fn escaped_string(&mut self, out: &mut Vec<u8>) -> Result<()> {
        self.pos += 1;
        loop {
            self.unescape_blocks(out);
            let end = self.pos + plain_prefix(&self.bytes[self.pos..]);
            out.extend_from_slice(&self.bytes[self.pos..end]);
            self.pos = end;
            match self.bytes.get(end) {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(out)?,
                _ => return Err(self.broken_string(end)),
            }
        }
    }

    /// Appends as much of a string's content as can be done in whole blocks: up to its end, or to an escape of more than
    /// two characters.
    ///
    /// Blocks stand side by side, so that one can be looked at before it is known what the one before it became. Runs
    /// are copied as whole blocks; what comes next is written over their rest.
    fn unescape_blocks(&mut self, out: &mut Vec<u8>) {
        let mut end = out.len();
        let mut ahead = 4 * BLOCK;
        // Where the reading goes on in the next block: behind an escape that began in the last one.
        let mut from = 0;
        while let Some(two) = self.bytes[self.pos..].first_chunk::<{ 3 * BLOCK }>() {
            if out.len() < end + 2 * BLOCK {
                out.resize(end + ahead, 0);
                ahead = (2 * ahead).min(MOST_AHEAD);
            }
            let mut special = special_of_block(two) & !(from as u32);
            while special != 0 {
                let at = special.trailing_zeros() as usize;
                copy_block(out, end, &two[from..]);
                end += at - from;
                let byte = match two[at..] {
                    [b'\\', letter, ..] => unescape(letter),
                    _ => None,
                };
                let Some(byte) = byte else {
                    self.pos += at;
                    out.truncate(end);
                    return;
                };
                out[end] = byte;
                end += 1;
                from = at + 2;
                special &= special - 1;
                special &= !(1u64 << (at + 1)) as u32;
            }
            self.pos += BLOCK;
            if from <= BLOCK {
                copy_block(out, end, &two[from..]);
                end += BLOCK - from;
            }
            from = from.saturating_sub(BLOCK);
        }
        self.pos += from;
        out.truncate(end);
    }

    #[cold]
    fn broken_string(&self, at: usize) -> JsonError {
        match self.bytes.get(at) {
            Some(_) => JsonError::at(at, "a control character in a string must be escaped"),
            None => JsonError::at(at, "the text ends inside a string"),
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let letter = self.bytes.get(self.pos + 1).copied();
        if letter == Some(b'u') {
            let character = self.unicode_escape()?;
            let mut buffer = [0; 4];
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            return Ok(());
        }
        match letter.and_then(unescape) {
            Some(byte) => out.push(byte),
            None => return Err(self.error("unknown escape in a string")),
        }
        self.pos += 2;
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<char> {
        let start = self.pos;
        let first = self.hex4()?;
        let scalar = match first {
            0xD800..=0xDBFF => {
                let second = match self.bytes.get(self.pos..self.pos + 2) {
                    Some(b"\\u") => self.hex4()?,
                    _ => 0,
                };
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(JsonError::at(start, "a surrogate stands alone in a string"));
                }
                0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            _ => first,
        };
        char::from_u32(scalar)
            .ok_or_else(|| JsonError::at(start, "a surrogate stands alone in a string"))
    }

    /// The four digits of a `\u` escape that begins here.
    fn hex4(&mut self) -> Result<u32> {
        let digits = self.bytes.get(self.pos + 2..self.pos + 6);
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0u32, |value, digit| {
                Some(value * 16 + char::from(*digit).to_digit(16)?)
            })
        });
        match value {
            Some(value) => {
                self.pos += 6;
                Ok(value)
            }
            None => Err(self.error("\\u needs four hexadecimal digits")),
        }
    }

    /// A number, as its text.
    pub(crate) fn number(&mut self) -> Result<&'a str> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected("a number"));
        }
        let len = number_prefix(&self.bytes[self.pos..]);
        let end = self.pos + len;
        let trailing = self.bytes.get(end).is_some_and(continues_a_number);
        if len == 0 || trailing {
            return Err(self.error("not a JSON number"));
        }
        let text = &self.text[self.pos..end];
        self.pos = end;
        Ok(text)
    }

    /// An integer of at most 18 digits, without fraction and exponent; `None`, with nothing consumed, for anything else.
    #[inline]
    pub(crate) fn small_integer(&mut self) -> Option<i64> {
        let rest = &self.bytes[self.pos..];
        let negative = rest.first() == Some(&b'-');
        let digits = &rest[usize::from(negative)..];
        let (value, count) = leading_digits(digits);
        let leading_zero = count > 1 && digits[0] == b'0';
        let goes_on = digits.get(count).is_some_and(continues_a_number);
        if count == 0 || count > 18 || leading_zero || goes_on {
            return None;
        }
        self.pos += count + usize::from(negative);
        let value = value as i64;
        Some(if negative { -value } else { value })
    }

    /// The same where it fits; `None`, with nothing consumed, where it does not.
    #[inline]
    pub(crate) fn small_integer_if(&mut self, fit: impl FnOnce(i64) -> Option<u64>) -> Option<u64> {
        let start = self.pos;
        let fitting = self.small_integer().and_then(fit);
        if fitting.is_none() {
            self.pos = start;
        }
        fitting
    }

    /// The same in quotes; `None`, with nothing consumed, for anything else.
    #[inline]
    pub(crate) fn small_quoted_integer(&mut self) -> Option<i64> {
        let start = self.pos;
        if self.bytes.get(start) != Some(&b'"') {
            return None;
        }
        self.pos += 1;
        let value = self.small_integer();
        if value.is_some() && self.bytes.get(self.pos) == Some(&b'"') {
            self.pos += 1;
            return value;
        }
        self.pos = start;
        None
    }

    /// A number of at most 19 digits without exponent, as the nearest `double`; `None`, with nothing consumed, for
    /// anything else.
    #[inline]
    pub(crate) fn plain_float(&mut self) -> Option<f64> {
        let rest = &self.bytes[self.pos..];
        let negative = rest.first() == Some(&b'-');
        let text = &rest[usize::from(negative)..];
        let (mut digits, whole) = leading_digits(text);
        if whole == 0 || (whole > 1 && text[0] == b'0') {
            return None;
        }
        let mut len = whole;
        let mut places = 0;
        if text.get(whole) == Some(&b'.') {
            let fraction;
            (fraction, places) = leading_digits(&text[whole + 1..]);
            if places == 0 || whole + places > 19 {
                return None;
            }
            digits = digits * 10u64.pow(places as u32) + fraction;
            len += 1 + places;
        }
        if whole > 19 || text.get(len).is_some_and(continues_a_number) {
            return None;
        }
        let value = divided_by_tens(digits, places)?;
        self.pos += len + usize::from(negative);
        Some(if negative { -value } else { value })
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

/// Whether a byte directly behind a number makes it something else.
#[inline]
fn continues_a_number(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}

/// What the two characters of an escape stand for, by the second one; `None` for `\u` and for what is no escape.
#[inline]
fn unescape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// How many bytes from the start are a JSON number; 0 for none.
pub(crate) fn number_prefix(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match (bytes.get(at), digits(at)) {
        (_, 0) => return 0,
        (Some(b'0'), _) => at += 1,
        (_, count) => at += count,
    }
    if bytes.get(at) == Some(&b'.') {
        match digits(at + 1) {
            0 => return 0,
            count => at += 1 + count,
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        match digits(at + 1 + sign) {
            0 => return 0,
            count => at += 1 + sign + count,
        }
    }
    at
}
