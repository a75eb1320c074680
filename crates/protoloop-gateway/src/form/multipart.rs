//! `multipart/form-data` (RFC 7578, RFC 2046), from a body that comes in pieces.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem;
use protoloop_core::{Error, Result};

use super::Head;

/// Largest head of a part in bytes.
const MAX_HEAD: usize = 8 << 10;

/// Most bytes that may stand before the first boundary. Mail has a text there; browsers send nothing.
const MAX_PREAMBLE: usize = 1 << 10;

/// Most spaces behind a boundary.
const MAX_PADDING: usize = 64;

/// What stands in a form, in order.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A part begins.
    Part(Head),
    /// Some of its content, never empty.
    Data(Bytes),
    /// The form is over.
    End,
}

/// Cuts a form into parts as it comes. Apart from the piece that was pushed last it holds a head or the beginning of a
/// delimiter, never content.
#[derive(Debug)]
pub(super) struct Multipart {
    /// What was pushed and not taken.
    text: Bytes,
    /// The line break before a boundary, two dashes, and the boundary.
    delimiter: memmem::Finder<'static>,
    state: State,
    /// Bytes that were left out before the first boundary.
    left_out: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first boundary.
    Preamble,
    /// Behind a boundary, before the end of its line.
    Boundary,
    Head,
    Data,
    Over,
}

impl Multipart {
    pub(super) fn new(boundary: &str) -> Self {
        let delimiter = format!("\r\n--{boundary}");
        Self {
            // The first boundary has no line break before it.
            text: Bytes::from_static(b"\r\n"),
            delimiter: memmem::Finder::new(&delimiter).into_owned(),
            state: State::Preamble,
            left_out: 0,
        }
    }

    pub(super) fn push(&mut self, piece: Bytes) {
        if self.text.is_empty() {
            self.text = piece;
        } else if !piece.is_empty() {
            let mut joined = BytesMut::with_capacity(self.text.len() + piece.len());
            joined.extend_from_slice(&self.text);
            joined.extend_from_slice(&piece);
            self.text = joined.freeze();
        }
    }

    /// What comes next, if it is there; `ended` when nothing more will be pushed.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no form, or one that broke off.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Event>> {
        loop {
            let before = self.state;
            let found = match before {
                State::Preamble => {
                    self.preamble()?;
                    None
                }
                State::Boundary => self.boundary()?,
                State::Head => self.head()?,
                State::Data => self.data(),
                State::Over => return Ok(Some(Event::End)),
            };
            if found.is_some() {
                return Ok(found);
            }
            if self.state == before {
                break;
            }
        }
        if !ended {
            return Ok(None);
        }
        let message = match self.state {
            State::Preamble => "the body is no multipart/form-data with that boundary",
            _ => "the form broke off before its last boundary",
        };
        Err(Error::invalid_argument(message))
    }

    fn preamble(&mut self) -> Result<()> {
        let found = self.delimiter.find(&self.text);
        let out = found.unwrap_or_else(|| self.text.len() - self.beginning_of_delimiter());
        self.text.advance(out);
        self.left_out += out;
        // Also when the boundary is there: the bound may not depend on how much came at once.
        if self.left_out > MAX_PREAMBLE {
            let message = "the body is no multipart/form-data with that boundary";
            return Err(Error::invalid_argument(message));
        }
        if found.is_some() {
            self.text.advance(self.delimiter.needle().len());
            self.state = State::Boundary;
        }
        Ok(())
    }

    fn boundary(&mut self) -> Result<Option<Event>> {
        if self.text.starts_with(b"--") {
            // RFC 2046: what follows is to be ignored.
            self.state = State::Over;
            self.text.clear();
            return Ok(Some(Event::End));
        }
        let padding = self.text.iter().take_while(|byte| b" \t".contains(byte));
        let padding = padding.count();
        let line = &self.text[padding..];
        // The bound comes first: it may not depend on how much of the line is there yet.
        if padding <= MAX_PADDING && line.starts_with(b"\r\n") {
            self.text.advance(padding + 2);
            self.state = State::Head;
            return Ok(None);
        }
        let goes_on = line.is_empty() || line == b"\r" || (padding == 0 && line == b"-");
        if !goes_on || padding > MAX_PADDING {
            let message = "a boundary of the form has text behind it";
            return Err(Error::invalid_argument(message));
        }
        Ok(None)
    }

    fn head(&mut self) -> Result<Option<Event>> {
        let too_long = || {
            let message = format!("the headers of a part are longer than {MAX_HEAD} bytes");
            Err(Error::invalid_argument(message))
        };
        let looked_at = &self.text[..self.text.len().min(MAX_HEAD + 1)];
        match Head::parse(looked_at)? {
            None if looked_at.len() > MAX_HEAD => too_long(),
            None => Ok(None),
            Some((_, length)) if length > MAX_HEAD => too_long(),
            Some((head, length)) => {
                self.text.advance(length);
                self.state = State::Data;
                Ok(Some(Event::Part(head)))
            }
        }
    }

    fn data(&mut self) -> Option<Event> {
        let (length, delimiter) = match self.delimiter.find(&self.text) {
            Some(at) => (at, self.delimiter.needle().len()),
            None => (self.text.len() - self.beginning_of_delimiter(), 0),
        };
        let data = self.text.split_to(length);
        if delimiter > 0 {
            self.text.advance(delimiter);
            self.state = State::Boundary;
        }
        (!data.is_empty()).then_some(Event::Data(data))
    }

    /// How many bytes at the end of the text may be the beginning of a delimiter.
    fn beginning_of_delimiter(&self) -> usize {
        let needle = self.delimiter.needle();
        let longest = self.text.len().min(needle.len() - 1);
        let begins = |length: &usize| needle.starts_with(&self.text[self.text.len() - length..]);
        (1..=longest).rev().find(begins).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names and contents of a body that comes in pieces of these lengths.
    fn cut(body: &[u8], boundary: &str, lengths: &[usize]) -> Result<Vec<(String, Vec<u8>)>> {
        let mut parser = Multipart::new(boundary);
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        let mut rest = body;
        let mut lengths = lengths.iter().cycle();
        loop {
            match parser.next(rest.is_empty())? {
                Some(Event::Part(head)) => parts.push((head.name, Vec::new())),
                Some(Event::Data(data)) => {
                    assert!(!data.is_empty());
                    let Some((_, content)) = parts.last_mut() else {
                        panic!("content without a part");
                    };
                    content.extend_from_slice(&data);
                }
                Some(Event::End) => return Ok(parts),
                None => {
                    let length = lengths.next().map_or(1, |length| (*length).min(rest.len()));
                    let (piece, behind) = rest.split_at(length.max(1));
                    parser.push(Bytes::copy_from_slice(piece));
                    rest = behind;
                }
            }
        }
    }

    fn write(parts: &[(String, Vec<u8>)], boundary: &str) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, content) in parts {
            body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            let head = format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--").as_bytes());
        body
    }

    #[test]
    fn what_stands_around_the_parts_is_left_out() {
        let part = "\r\nContent-Disposition: form-data; name=a\r\n\r\nx";
        for body in [
            format!("--b{part}\r\n--b--"),
            format!("a text\r\n--b \t{part}\r\n--b-- \r\nand another\r\n--b\r\n"),
            format!("\r\n--b{part}\r\n--b--\r\n"),
        ] {
            let parts = cut(body.as_bytes(), "b", &[3]).unwrap();
            assert_eq!(parts, [("a".to_owned(), b"x".to_vec())], "{body}");
        }
        assert_eq!(cut(b"--b--", "b", &[1]).unwrap(), []);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let refused = |body: String| cut(body.as_bytes(), "b", &[1000]).unwrap_err();
        let long = "x".repeat(20_000);
        let preamble = refused(long.clone());
        assert!(
            preamble
                .message()
                .contains("no multipart/form-data with that boundary")
        );
        // Also where the boundary comes with it.
        let preamble = refused(format!("{long}\r\n--b--"));
        assert!(preamble.message().contains("with that boundary"));
        let head = refused(format!(
            "--b\r\nContent-Disposition: form-data; name={long}"
        ));
        assert!(head.message().contains("longer than 8192 bytes"));
        let padding = refused(format!("--b{}", " ".repeat(1000)));
        assert!(padding.message().contains("text behind it"));
        // Also where the whole line is there at once.
        let line = refused(format!("--b{}\r\n", " ".repeat(1000)));
        assert_eq!(line.message(), padding.message());
    }

    /// Content that looks like a boundary now and then.
    fn content() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"\r\n".to_vec()),
            Just(b"\r\n--".to_vec()),
            Just(b"--b-".to_vec()),
            Just(b"\r".to_vec()),
            prop::collection::vec(any::<u8>(), 0..8),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn parts_come_out_as_they_went_in(
            parts in prop::collection::vec(("[a-z.]{1,5}", content()), 0..4),
            lengths in prop::collection::vec(1usize..40, 1..5),
        ) {
            let delimiter = b"\r\n--b-x";
            let joined = |content: &Vec<u8>| [b"\r\n", &content[..], b"\r\n"].concat();
            prop_assume!(!parts.iter().any(|(_, content)| {
                joined(content).windows(delimiter.len()).any(|it| it == delimiter)
            }));
            let body = write(&parts, "b-x");
            prop_assert_eq!(cut(&body, "b-x", &lengths).unwrap(), parts);
            // However it is cut off, it is never taken for the whole.
            for end in 0..body.len() {
                prop_assert!(cut(&body[..end], "b-x", &lengths).is_err());
            }
        }

        #[test]
        fn no_bytes_break_it(
            pieces in prop::collection::vec(prop_oneof![
                Just(b"--b".to_vec()),
                Just(b"\r\n".to_vec()),
                Just(b"Content-Disposition: form-data; name=\"a\"".to_vec()),
                prop::collection::vec(any::<u8>(), 0..12),
            ], 0..16),
            lengths in prop::collection::vec(1usize..9, 1..5),
        ) {
            let body = pieces.concat();
            let once = cut(&body, "b", &[body.len()]).map_err(|error| error.message().to_owned());
            let often = cut(&body, "b", &lengths).map_err(|error| error.message().to_owned());
            prop_assert_eq!(once.is_ok(), often.is_ok());
            if let (Ok(once), Ok(often)) = (once, often) {
                prop_assert_eq!(once, often);
            }
        }
    }
}
