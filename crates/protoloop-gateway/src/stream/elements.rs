//! The elements of a JSON array or of lines, from a text that comes in pieces.

use bytes::{Buf as _, Bytes, BytesMut};
use protoloop_core::{Error, Result};

/// Takes elements off a text as they become complete. It looks at structure alone: whoever gets an element reads it as
/// JSON, and finds what is wrong inside.
#[derive(Debug)]
pub(super) struct Elements {
    text: BytesMut,
    state: State,
    /// How much of `text` was looked at.
    at: usize,
    nesting: usize,
    in_string: bool,
    escaped: bool,
    /// Largest element in bytes.
    limit: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Lines,
    /// Before the opening bracket.
    Outside,
    /// Before the first element, or the closing bracket.
    First,
    /// Before an element that must come.
    Next,
    Element,
    /// Behind the closing bracket.
    Behind,
}

impl Elements {
    pub(super) fn new(lines: bool, limit: usize) -> Self {
        Self {
            text: BytesMut::new(),
            state: if lines { State::Lines } else { State::Outside },
            at: 0,
            nesting: 0,
            in_string: false,
            escaped: false,
            limit,
        }
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        self.text.extend_from_slice(piece);
    }

    /// The next element, if it is there as a whole; `ended` when nothing more will come.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for what is no array, RESOURCE_EXHAUSTED for an element above the limit.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Bytes>> {
        let found = if self.state == State::Lines {
            self.line(ended)
        } else {
            self.element(ended)?
        };
        // Behind `at` stand other elements, or nothing.
        if self.at > self.limit || found.as_ref().is_some_and(|it| it.len() > self.limit) {
            let message = format!("an element of the body is larger than {} bytes", self.limit);
            return Err(Error::resource_exhausted(message));
        }
        Ok(found)
    }

    fn line(&mut self, ended: bool) -> Option<Bytes> {
        loop {
            let end = self.text[self.at..].iter().position(|byte| *byte == b'\n');
            let line = match end {
                Some(end) => {
                    let line = self.text.split_to(self.at + end);
                    self.text.advance(1);
                    line
                }
                None if ended && !self.text.is_empty() => self.text.split(),
                None => {
                    self.at = self.text.len();
                    return None;
                }
            };
            self.at = 0;
            if !line.trim_ascii().is_empty() {
                return Some(line.freeze());
            }
        }
    }

    fn element(&mut self, ended: bool) -> Result<Option<Bytes>> {
        while let Some(&byte) = self.text.get(self.at) {
            if self.state == State::Element {
                if let Some(element) = self.within(byte) {
                    return Ok(Some(element));
                }
                continue;
            }
            if is_blank(byte) {
                self.text.advance(1);
                continue;
            }
            self.state = match (self.state, byte) {
                (State::Outside, b'[') => State::First,
                (State::First, b']') => State::Behind,
                (State::First | State::Next, b',' | b']') => {
                    return Err(Error::invalid_argument("the body has a comma too many"));
                }
                (State::First | State::Next, _) => {
                    self.state = State::Element;
                    continue;
                }
                (State::Behind, _) => {
                    return Err(Error::invalid_argument("text after the end of the array"));
                }
                _ => {
                    return Err(Error::invalid_argument(
                        "the body of a stream is a JSON array of messages, or NDJSON as application/x-ndjson",
                    ));
                }
            };
            self.text.advance(1);
        }
        if ended && self.state != State::Behind {
            return Err(Error::invalid_argument("the body ends inside the array"));
        }
        Ok(None)
    }

    /// One byte of an element; the element where that byte is behind its end.
    fn within(&mut self, byte: u8) -> Option<Bytes> {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
        } else {
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.nesting += 1,
                b',' | b']' if self.nesting == 0 => {
                    let element = self.text.split_to(self.at).freeze();
                    self.text.advance(1);
                    self.at = 0;
                    self.state = if byte == b',' {
                        State::Next
                    } else {
                        State::Behind
                    };
                    return Some(element);
                }
                b'}' | b']' => self.nesting = self.nesting.saturating_sub(1),
                _ => {}
            }
        }
        self.at += 1;
        None
    }
}

/// JSON's white space, which has no form feed.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(lines: bool, text: &[u8], cut: usize) -> Result<Vec<String>> {
        let mut elements = Elements::new(lines, 1000);
        let mut found = Vec::new();
        let mut take = |elements: &mut Elements, ended| {
            while let Some(element) = elements.next(ended)? {
                found.push(String::from_utf8_lossy(&element).trim().to_owned());
            }
            Ok::<(), Error>(())
        };
        for piece in text.chunks(cut) {
            elements.push(piece);
            take(&mut elements, false)?;
        }
        take(&mut elements, true)?;
        Ok(found)
    }

    #[test]
    fn structure_that_is_none_is_refused() {
        for text in [
            "", "{}", "[", "\u{c}[]", "[1", "[1,]", "[,1]", "[1]]", "[1] 2", "[\"]", "1", "[{]",
        ] {
            for cut in 1..4 {
                assert!(split(false, text.as_bytes(), cut).is_err(), "{text}");
            }
        }
        let large = format!("[\"{}\"]", "x".repeat(2000));
        assert!(split(false, large.as_bytes(), 100).is_err());
        assert!(split(true, large.as_bytes(), 100).is_err());
    }

    #[test]
    fn the_limit_is_that_of_an_element_however_many_come_at_once() {
        let cases = [
            (false, "[12345678,2,3,4,5,6,7,8,9]"),
            (true, "12345678\n2\n3\n4\n5\n6\n7\n8\n9"),
        ];
        for (lines, text) in cases {
            let take = |limit| {
                let mut elements = Elements::new(lines, limit);
                elements.push(text.as_bytes());
                let mut found = 0;
                while elements.next(true)?.is_some() {
                    found += 1;
                }
                Ok::<usize, Error>(found)
            };
            assert_eq!(take(8).expect("small elements"), 9);
            assert!(take(7).is_err(), "{text}");
        }
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "[a-z\\[\\]{},\"\\\\ ]{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                prop::collection::btree_map("[a-c]", inner, 0..3)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn elements_come_out_as_they_went_in_however_they_are_cut(
            values in prop::collection::vec(value(), 0..6),
            cut in 1usize..20,
            pretty: bool,
        ) {
            let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
            let all = serde_json::Value::from(values.clone());
            let array = if pretty { format!(" {all:#}\n") } else { all.to_string() };
            let found = split(false, array.as_bytes(), cut).expect("an array");
            let found: Vec<serde_json::Value> = found
                .iter()
                .map(|text| serde_json::from_str(text).expect("JSON"))
                .collect();
            prop_assert_eq!(&found, &values);
            let lines = texts.join("\n");
            prop_assert_eq!(split(true, lines.as_bytes(), cut).expect("lines"), texts);
        }
    }
}
