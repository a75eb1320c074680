//! A request path, split once.

use std::ops::Range;

use smallvec::SmallVec;

use crate::percent::{self, EscapeError};

/// More segments than this match nothing. It also bounds the depth of the search.
pub const MAX_SEGMENTS: usize = 128;

/// The longest path in bytes.
pub const MAX_PATH_BYTES: usize = 8 * 1024;

/// Paths of so many segments are split without an allocation; a match is moved about, so it has room for no more.
const FEW_SEGMENTS: usize = 16;

/// Why a path cannot be routed at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It does not begin with `/`.
    NotAbsolute,
    /// It is longer than [`MAX_PATH_BYTES`] or has more than [`MAX_SEGMENTS`] segments.
    TooLong,
    /// An escape in it does not decode.
    Escape(EscapeError),
}

/// The segments of a path, raw, and which of them need decoding.
#[derive(Clone, Debug)]
pub(super) struct SplitPath<'p> {
    text: &'p str,
    /// End offset of every segment; a segment starts one byte behind the end of the one before.
    ends: SmallVec<[u16; FEW_SEGMENTS]>,
    escaped: bool,
}

impl<'p> SplitPath<'p> {
    pub(super) fn new(text: &'p str) -> Result<Self, PathError> {
        let mut path = Self::decoded(text)?;
        path.escaped = text.as_bytes().contains(&b'%');
        if path.escaped {
            // Checked before any route is tried, so that a bad escape gets the same answer on every path.
            for index in 0..path.len() {
                percent::decode_segment(path.raw(index)).map_err(|mut error| {
                    error.offset += path.span(index).start;
                    PathError::Escape(error)
                })?;
            }
        }
        Ok(path)
    }

    /// A path in which a percent sign stands for itself.
    pub(super) fn decoded(text: &'p str) -> Result<Self, PathError> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err(PathError::NotAbsolute);
        };
        if text.len() > MAX_PATH_BYTES {
            return Err(PathError::TooLong);
        }
        let mut path = Self {
            text,
            ends: SmallVec::new(),
            escaped: false,
        };
        if !rest.is_empty() {
            path.split(rest)?;
        }
        Ok(path)
    }

    /// Whether some segment needs decoding.
    pub(super) fn has_escapes(&self) -> bool {
        self.escaped
    }

    fn split(&mut self, rest: &str) -> Result<(), PathError> {
        let slashes = memchr::memchr_iter(b'/', rest.as_bytes());
        for end in slashes.chain([rest.len()]) {
            if self.ends.len() == MAX_SEGMENTS {
                return Err(PathError::TooLong);
            }
            // Behind the slash in front.
            let end = u16::try_from(end + 1).map_err(|_| PathError::TooLong)?;
            self.ends.push(end);
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where segment `index` stands in the text.
    fn span(&self, index: usize) -> Range<usize> {
        let start = match index.checked_sub(1) {
            Some(before) => usize::from(self.ends[before]) + 1,
            None => 1,
        };
        start..usize::from(self.ends[index])
    }

    /// Segment `index` as it was sent.
    pub(super) fn raw(&self, index: usize) -> &'p str {
        &self.text[self.span(index)]
    }

    /// The text from the first to behind the last segment of the range, with the slashes between them.
    pub(super) fn raw_range(&self, range: Range<usize>) -> &'p str {
        if range.is_empty() {
            return "";
        }
        &self.text[self.span(range.start).start..self.span(range.end - 1).end]
    }

    /// Hands segment `index` over, decoded.
    pub(super) fn with_decoded<T>(&self, index: usize, use_it: impl FnOnce(&str) -> T) -> T {
        let raw = self.raw(index);
        if self.escaped && raw.contains('%') {
            let decoded = percent::decode_segment(raw)
                .expect("every segment was checked when the path was split");
            return use_it(&decoded);
        }
        use_it(raw)
    }

    /// The same path without the last `verb_bytes` of its last segment, which are a colon and a verb.
    pub(super) fn without_verb(&self, verb_bytes: usize) -> Self {
        let mut path = self.clone();
        let Some(last) = path.len().checked_sub(1) else {
            return path;
        };
        let cut = u16::try_from(verb_bytes).expect("a verb is shorter than the path it stands in");
        path.ends[last] -= cut;
        if last == 0 && path.span(0).is_empty() {
            path.ends.clear();
        }
        path
    }
}
