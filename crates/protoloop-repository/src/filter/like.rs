//! Matching text against LIKE patterns.

use super::Pattern;

/// Whether the whole text matches: `%` any characters, `_` one, a backslash takes the next one as it is.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut pattern = Tokens(pattern);
    let mut text = text.chars();
    // Where to go on when what follows the last `%` did not match: one character further.
    let mut retry = None;
    loop {
        let before = (pattern.clone(), text.clone());
        match pattern.next() {
            Some(Token::Any) => {
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            Some(token) if text.next().is_some_and(|c| token.takes(c)) => continue,
            None if text.as_str().is_empty() => return true,
            Some(_) | None => {}
        }
        // Out of text before the pattern's end: no later start can help.
        if before.1.as_str().is_empty() {
            return false;
        }
        let Some((rest, mut from)) = retry else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        retry = Some((rest.clone(), from.clone()));
        (pattern, text) = (rest, from);
    }
}

#[derive(Clone)]
struct Tokens<'a>(&'a str);

enum Token {
    Any,
    One,
    Char(char),
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let mut chars = self.0.chars();
        let token = match chars.next()? {
            '%' => Token::Any,
            '_' => Token::One,
            '\\' => Token::Char(chars.next().unwrap_or('\\')),
            c => Token::Char(c),
        };
        self.0 = chars.as_str();
        Some(token)
    }
}

impl Token {
    fn takes(&self, found: char) -> bool {
        match self {
            Self::Any | Self::One => true,
            Self::Char(c) => *c == found,
        }
    }
}

impl Pattern {
    /// The regular expression that matches what a LIKE pattern does, with letters in either case by Unicode's simple
    /// case folding.
    ///
    /// # Errors
    /// A text that says that it is too large.
    pub fn folding(like: &str) -> Result<Self, String> {
        let mut source = r"(?si)\A".to_owned();
        for token in Tokens(like) {
            match token {
                // Several in a row mean no more than one.
                Token::Any if source.ends_with(".*") => {}
                Token::Any => source.push_str(".*"),
                Token::One => source.push('.'),
                Token::Char(c) => source.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        source.push_str(r"\z");
        Self::new(&source)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, matches};

    #[test]
    fn patterns_are_anchored_and_escaped() {
        let table = [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a%", "a", true),
            ("%c", "abc", true),
            ("%b%", "abc", true),
            ("%b", "abc", false),
            ("a_c", "abc", true),
            ("a_c", "ac", false),
            ("_", "é", true),
            ("%ab%ab", "abxab", true),
            ("%ab%ab", "ab", false),
            ("%aab", "aaab", true),
            ("100\\%", "100%", true),
            ("100\\%", "1000", false),
            ("a\\_c", "abc", false),
            ("a\\", "a\\", true),
            ("a.c", "abc", false),
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%%", "ab", true),
            (".%%", ".a", true),
            ("*%", "*", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
            let folded = Pattern::folding(pattern).expect("small");
            assert_eq!(folded.is_match(text), expected, "{pattern} {text}");
        }
        assert!(!matches("A%", "abc"));
        assert_eq!(
            Pattern::folding("A%%").expect("small").as_str(),
            r"(?si)\AA.*\z"
        );
    }
}
