//! Strings.

use std::borrow::Cow;

use super::{Lexer, Result};
use crate::json::{
    JsonError,
    scan::{BLOCK, copy_block, plain_prefix, special_of_block},
};

/// How far the output of a long string is made ready ahead of the writing.
const MOST_AHEAD: usize = 4 << 10;

impl<'a> Lexer<'a> {
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
