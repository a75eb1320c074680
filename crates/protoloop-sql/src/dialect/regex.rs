//! RE2 expressions in the words of databases.
//!
//! An expression is parsed as Rust's `regex` does, which folds letters and names classes, and written again with literal
//! characters, ranges, repetitions and assertions only. These mean the same in the engines of PostgreSQL, PCRE and ICU, so
//! a database selects what memory selects.

use std::fmt::Write as _;

use regex_syntax::{
    ParserBuilder,
    hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition},
};

/// Whose words to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavor {
    /// PostgreSQL's advanced regular expressions. Its texts have no NUL.
    Postgres,
    /// PCRE and ICU, which agree on what is written here.
    Perl,
}

/// Most repetitions that an engine counts in one place; PostgreSQL's is the lowest.
const REPETITIONS: u32 = 255;
/// Deepest nesting, the same as `regex` allows.
const NESTING: u32 = 250;

/// The expression in the words of a flavor; `None` when it is no expression.
pub(super) fn translate(pattern: &str, flavor: Flavor) -> Option<String> {
    let mut parser = ParserBuilder::new().nest_limit(NESTING).build();
    let hir = parser.parse(pattern).ok()?;
    let mut out = String::with_capacity(pattern.len() + 8);
    if flavor == Flavor::Perl {
        // Here a dot is any character, line feeds too.
        out.push_str("(?s)");
    }
    let mut translation = Translation { flavor, out };
    translation.write(&hir)?;
    Some(translation.out)
}

struct Translation {
    flavor: Flavor,
    out: String,
}

impl Translation {
    fn write(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty => self.out.push_str("(?:)"),
            HirKind::Literal(literal) => {
                for char in std::str::from_utf8(&literal.0).ok()?.chars() {
                    self.char(char);
                }
            }
            HirKind::Class(Class::Unicode(class)) => self.class(class),
            HirKind::Class(Class::Bytes(class)) => {
                let ranges = class.ranges().iter();
                self.class(&ClassUnicode::new(ranges.map(|range| {
                    ClassUnicodeRange::new(range.start().into(), range.end().into())
                })));
            }
            HirKind::Look(look) => self.look(*look)?,
            HirKind::Repetition(repetition) => self.repetition(repetition)?,
            HirKind::Capture(capture) => self.group(&capture.sub)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    match part.kind() {
                        HirKind::Alternation(_) => self.group(part)?,
                        _ => self.write(part)?,
                    }
                }
            }
            HirKind::Alternation(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        self.out.push('|');
                    }
                    self.write(part)?;
                }
            }
        }
        Some(())
    }

    fn group(&mut self, hir: &Hir) -> Option<()> {
        self.out.push_str("(?:");
        self.write(hir)?;
        self.out.push(')');
        Some(())
    }

    /// Which way a repetition is greedy does not change whether there is a match.
    fn repetition(&mut self, repetition: &Repetition) -> Option<()> {
        let sub = &repetition.sub;
        let mut least = repetition.min;
        while least > REPETITIONS {
            self.times(sub, &format!("{{{REPETITIONS}}}"))?;
            least -= REPETITIONS;
        }
        let Some(most) = repetition.max else {
            let bounds = match least {
                0 => "*".to_owned(),
                1 => "+".to_owned(),
                least => format!("{{{least},}}"),
            };
            return self.times(sub, &bounds);
        };
        if least > 0 {
            self.times(sub, &format!("{{{least}}}"))?;
        }
        let mut more = most.saturating_sub(repetition.min);
        while more > 0 {
            let some = more.min(REPETITIONS);
            self.times(sub, &format!("{{0,{some}}}"))?;
            more -= some;
        }
        if most == 0 {
            self.out.push_str("(?:)");
        }
        Some(())
    }

    fn times(&mut self, sub: &Hir, bounds: &str) -> Option<()> {
        self.group(sub)?;
        self.out.push_str(bounds);
        Some(())
    }

    fn look(&mut self, look: Look) -> Option<()> {
        let end = self.end();
        let text = match look {
            Look::Start => r"\A".to_owned(),
            Look::End => end.to_owned(),
            Look::StartLF => r"(?:\A|(?<=\n))".to_owned(),
            Look::EndLF => format!(r"(?:{end}|(?=\n))"),
            Look::StartCRLF => r"(?:\A|(?<=\n)|(?<=\r)(?!\n))".to_owned(),
            Look::EndCRLF => format!(r"(?:{end}|(?=\r)|(?<!\r)(?=\n))"),
            Look::WordAscii => self.words("(?:(?<=W)(?!W)|(?<!W)(?=W))", r"(?-u:\w)")?,
            Look::WordUnicode => self.words("(?:(?<=W)(?!W)|(?<!W)(?=W))", r"\w")?,
            Look::WordAsciiNegate => self.words("(?:(?<=W)(?=W)|(?<!W)(?!W))", r"(?-u:\w)")?,
            Look::WordUnicodeNegate => self.words("(?:(?<=W)(?=W)|(?<!W)(?!W))", r"\w")?,
            Look::WordStartAscii => self.words("(?<!W)(?=W)", r"(?-u:\w)")?,
            Look::WordStartUnicode => self.words("(?<!W)(?=W)", r"\w")?,
            Look::WordEndAscii => self.words("(?<=W)(?!W)", r"(?-u:\w)")?,
            Look::WordEndUnicode => self.words("(?<=W)(?!W)", r"\w")?,
            Look::WordStartHalfAscii => self.words("(?<!W)", r"(?-u:\w)")?,
            Look::WordStartHalfUnicode => self.words("(?<!W)", r"\w")?,
            Look::WordEndHalfAscii => self.words("(?!W)", r"(?-u:\w)")?,
            Look::WordEndHalfUnicode => self.words("(?!W)", r"\w")?,
        };
        self.out.push_str(&text);
        Some(())
    }

    /// A template with the class of word characters for each `W`.
    fn words(&self, template: &str, class: &str) -> Option<String> {
        let hir = ParserBuilder::new().utf8(false).build().parse(class).ok()?;
        let mut inner = Self {
            flavor: self.flavor,
            out: String::new(),
        };
        inner.write(&hir)?;
        Some(template.replace('W', &inner.out))
    }

    /// The end of the text; `\Z` also stands before a last line feed in PCRE.
    fn end(&self) -> &'static str {
        match self.flavor {
            Flavor::Postgres => r"\Z",
            Flavor::Perl => r"\z",
        }
    }

    /// What no text matches.
    fn never(&mut self) {
        let end = self.end();
        self.out.push_str(end);
        self.out.push('.');
    }

    fn class(&mut self, class: &ClassUnicode) {
        let ranges = class.ranges();
        let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
            return self.never();
        };
        let negated = first.start() == '\0' && last.end() == char::MAX;
        if negated && ranges.len() == 1 {
            return self.out.push('.');
        }
        self.out.push('[');
        if negated {
            self.out.push('^');
            let mut others = class.clone();
            others.negate();
            self.ranges(others.ranges());
        } else {
            self.ranges(ranges);
        }
        self.out.push(']');
        if self.flavor == Flavor::Postgres && self.out.ends_with("[]") {
            // Only NUL was in it.
            self.out.truncate(self.out.len() - 2);
            self.never();
        }
    }

    fn ranges(&mut self, ranges: &[ClassUnicodeRange]) {
        for range in ranges {
            let mut start = range.start();
            if start == '\0' && self.flavor == Flavor::Postgres {
                if range.end() == '\0' {
                    continue;
                }
                start = '\u{1}';
            }
            self.in_class(start);
            if range.end() != start {
                self.out.push('-');
                self.in_class(range.end());
            }
        }
    }

    fn char(&mut self, char: char) {
        match char {
            '\0' if self.flavor == Flavor::Postgres => self.never(),
            char => self.in_class(char),
        }
    }

    /// A character that stands for itself anywhere.
    fn in_class(&mut self, char: char) {
        if char.is_ascii_alphanumeric() || !char.is_ascii() {
            self.out.push(char);
            return;
        }
        let number = u32::from(char);
        // Writing to a string does not fail.
        let _ = match self.flavor {
            Flavor::Postgres => write!(self.out, "\\u{number:04X}"),
            Flavor::Perl => write!(self.out, "\\x{{{number:X}}}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postgres(pattern: &str) -> String {
        translate(pattern, Flavor::Postgres).expect("an expression")
    }

    #[test]
    fn classes_and_letters_are_spelled_out() {
        let cases = [
            ("milk", "milk"),
            ("a.b", r"a[^\u000A]b"),
            ("(?s)a.b", "a.b"),
            ("(?i)k", "[Kk\u{212A}]"),
            ("[a-c]{2,}", "(?:[a-c]){2,}"),
            ("ab|cd", "ab|cd"),
            ("^a$", r"\Aa\Z"),
            ("(?m)^a$", r"(?:\A|(?<=\n))a(?:\Z|(?=\n))"),
            ("a{300}", "(?:a){255}(?:a){45}"),
            ("a{1,300}?", "(?:a){1}(?:a){0,255}(?:a){0,44}"),
            ("(a*)+", "(?:(?:(?:a)*))+"),
            (r"a\x00", r"a\Z."),
            ("[^a]", "[^a]"),
            (r"[\x00-b]", r"[\u0001-b]"),
            (r"[\x00]b", r"\Z.b"),
            ("[a&&b]", r"\Z."),
            (r"a\*b", r"a\u002Ab"),
        ];
        for (pattern, expected) in cases {
            assert_eq!(postgres(pattern), expected, "{pattern}");
        }
        assert!(postgres(r"\d").starts_with("[0-9\u{660}-\u{669}"));
        let perl = translate(r"a.\z", Flavor::Perl).expect("an expression");
        assert_eq!(perl, r"(?s)a[^\x{A}]\z");
    }

    #[test]
    fn what_is_no_expression_is_not_translated() {
        assert_eq!(translate("(", Flavor::Perl), None);
    }
}
