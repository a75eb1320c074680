//! The text of masks and of their paths.
//!
//! ```text
//! mask    = "*" | path { "," path }
//! path    = segment { "." segment }
//! segment = name | "`" map key "`"
//! ```

/// One step of a path as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment<'a> {
    /// A field, or a map key that needs no backticks.
    Name(&'a str),
    /// A map key that stood in backticks, in which dots and commas are ordinary characters.
    Key(&'a str),
}

/// The paths of a mask's text, without the blanks around them; none of a blank text. A path `*` stands alone, and a comma
/// in backticks separates nothing.
///
/// # Errors
/// What is wrong and at which character, counted from 1: an empty path or segment, a backtick that is not closed.
pub fn paths(text: &str) -> Result<Vec<&str>, String> {
    let mut paths = Vec::new();
    if text.trim().is_empty() {
        return Ok(paths);
    }
    let mut start = 0;
    loop {
        let end = end_of(text, start, b',');
        let at = start + text[start..end].len() - text[start..end].trim_start().len();
        let path = text[at..end].trim_end();
        let wrong = |(offset, what): (usize, &str)| {
            let character = text[..at + offset].chars().count() + 1;
            format!("{what} at character {character}")
        };
        if path.is_empty() {
            return Err(wrong((0, "an empty path")));
        }
        if path == "*" && (start > 0 || end < text.len()) {
            return Err(wrong((0, "`*`, which is all fields, beside other paths")));
        }
        segments(path).map_err(wrong)?;
        paths.push(path);
        if end == text.len() {
            return Ok(paths);
        }
        start = end + 1;
    }
}

/// The segments of a path; else the byte where it is wrong, and what it is.
pub(crate) fn segments(path: &str) -> Result<Vec<Segment<'_>>, (usize, &'static str)> {
    let mut segments = Vec::new();
    let mut start = 0;
    loop {
        let end = end_of(path, start, b'.');
        let segment = &path[start..end];
        segments.push(match segment.strip_prefix('`') {
            None if segment.is_empty() => return Err((start, "an empty segment")),
            None => match segment.find('`') {
                Some(at) => return Err((start + at, "a backtick inside a name")),
                None => Segment::Name(segment),
            },
            Some(quoted) => match quoted.split_once('`') {
                None => return Err((start, "a backtick that is not closed")),
                Some((key, "")) => Segment::Key(key),
                Some((key, _)) => {
                    return Err((start + key.len() + 2, "text behind a map key"));
                }
            },
        });
        if end == path.len() {
            return Ok(segments);
        }
        start = end + 1;
    }
}

/// The first `separator` outside backticks, or the end.
fn end_of(text: &str, start: usize, separator: u8) -> usize {
    let mut quoted = false;
    let mut bytes = text.bytes().enumerate().skip(start);
    let found = bytes.find(|(_, byte)| {
        quoted ^= *byte == b'`';
        !quoted && *byte == separator
    });
    found.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  ", &[]),
            ("*", &["*"]),
            ("a", &["a"]),
            ("a, b.c ,d", &["a", "b.c", "d"]),
            ("a.`b,c`,d.`e.f`.g", &["a.`b,c`", "d.`e.f`.g"]),
            ("a.``", &["a.``"]),
            ("a.`é`,b", &["a.`é`", "b"]),
        ];
        for (text, due) in table {
            assert_eq!(paths(text).as_deref(), Ok(*due), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let table = [
            ("a,", "an empty path at character 3"),
            (",a", "an empty path at character 1"),
            ("a,,b", "an empty path at character 3"),
            ("a, ", "an empty path at character 4"),
            (",", "an empty path at character 1"),
            ("a..b", "an empty segment at character 3"),
            ("a.", "an empty segment at character 3"),
            ("é,.a", "an empty segment at character 3"),
            (
                "*,a",
                "`*`, which is all fields, beside other paths at character 1",
            ),
            (
                "a, *",
                "`*`, which is all fields, beside other paths at character 4",
            ),
            ("a.`b", "a backtick that is not closed at character 3"),
            ("a.`b,c", "a backtick that is not closed at character 3"),
            ("a.`b`c", "text behind a map key at character 6"),
            ("ab`c`", "a backtick inside a name at character 3"),
            ("`é`x", "text behind a map key at character 4"),
        ];
        for (text, due) in table {
            assert_eq!(paths(text), Err(due.to_owned()), "{text}");
        }
    }

    #[test]
    fn segments_keep_what_stands_in_backticks() {
        use Segment::{Key, Name};
        assert_eq!(
            segments("a.`b.c`.``.d"),
            Ok(vec![Name("a"), Key("b.c"), Key(""), Name("d")])
        );
    }
}
