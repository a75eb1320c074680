//! Patterns of `like`, in which `%` stands for any characters and `_` for one.

use protoloop_repository::Pattern;

/// What a pattern asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Like {
    /// Any string.
    Any,
    /// This string only.
    Exact(String),
    /// Strings that begin so, which an index can serve.
    Prefix(String),
    /// Strings that a regular expression matches as a whole.
    Regex(String),
}

impl Like {
    /// Reads a pattern. A backslash takes the next character as it is; one at the end stands for itself. `folded` is
    /// the regular expression to use instead, where letters match in either case.
    pub(crate) fn new(pattern: &str, folded: Option<&Pattern>) -> Self {
        if let Some(folded) = folded {
            return Self::Regex(folded.as_str().to_owned());
        }
        let parts = parts(pattern);
        match parts.as_slice() {
            [] => Self::Exact(String::new()),
            [Part::Text(text)] => Self::Exact(text.clone()),
            [Part::Many] => Self::Any,
            [Part::Text(text), Part::Many] => Self::Prefix(text.clone()),
            _ => Self::Regex(regex(&parts)),
        }
    }
}

enum Part {
    Text(String),
    One,
    Many,
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            // Several in a row mean no more than one.
            '%' if matches!(parts.last(), Some(Part::Many)) => {}
            '%' => parts.push(Part::Many),
            '_' => parts.push(Part::One),
            '\\' => push(&mut parts, chars.next().unwrap_or('\\')),
            char => push(&mut parts, char),
        }
    }
    parts
}

fn push(parts: &mut Vec<Part>, char: char) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        text.push(char);
    } else {
        parts.push(Part::Text(char.to_string()));
    }
}

fn regex(parts: &[Part]) -> String {
    let mut regex = r"(?s)\A".to_owned();
    for part in parts {
        match part {
            Part::Text(text) => regex.push_str(&regex::escape(text)),
            Part::One => regex.push('.'),
            Part::Many => regex.push_str(".*"),
        }
    }
    regex.push_str(r"\z");
    regex
}

/// The least string, by bytes, above all that begin with `prefix`; `None` when there is none.
pub(crate) fn above_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            // The numbers behind this one are surrogates, which no string holds.
            '\u{D7FF}' => Some('\u{E000}'),
            char::MAX => None,
            last => char::from_u32(last as u32 + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_the_cheapest_form() {
        let regex = |text: &str| Like::Regex(text.to_owned());
        let cases = [
            ("", Like::Exact(String::new())),
            ("milk", Like::Exact("milk".to_owned())),
            (r"100\%", Like::Exact("100%".to_owned())),
            (r"a\", Like::Exact(r"a\".to_owned())),
            ("%%", Like::Any),
            ("mi%", Like::Prefix("mi".to_owned())),
            ("%m.lk", regex(r"(?s)\A.*m\.lk\z")),
            ("m_lk%", regex(r"(?s)\Am.lk.*\z")),
        ];
        for (pattern, expected) in cases {
            assert_eq!(Like::new(pattern, None), expected, "{pattern}");
        }
        let folded = Pattern::folding("Mi%").expect("small");
        assert_eq!(Like::new("Mi%", Some(&folded)), regex(r"(?si)\AMi.*\z"));
    }

    #[test]
    fn the_bound_of_a_prefix_is_the_next_string() {
        assert_eq!(above_prefix("abc").as_deref(), Some("abd"));
        assert_eq!(above_prefix("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(above_prefix("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(above_prefix("\u{10FFFF}"), None);
        assert_eq!(above_prefix(""), None);
    }
}
