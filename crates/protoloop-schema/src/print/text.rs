//! Indented lines and quoted strings.

use std::fmt::Write as _;

/// Text under construction.
#[derive(Debug, Default)]
pub(super) struct Text {
    written: String,
    depth: usize,
}

impl Text {
    pub(super) fn line(&mut self, text: &str) {
        if !text.is_empty() {
            self.written.extend(std::iter::repeat_n("  ", self.depth));
            self.written.push_str(text);
        }
        self.written.push('\n');
    }

    /// An empty line, unless one is there or a block has just begun.
    pub(super) fn gap(&mut self) {
        let begun = ["\n\n", "{\n"]
            .iter()
            .any(|end| self.written.ends_with(end));
        if !begun && !self.written.is_empty() {
            self.written.push('\n');
        }
    }

    /// `head {`, the content, `}`; in one line when there is no content.
    pub(super) fn block(&mut self, head: &str, content: impl FnOnce(&mut Self)) {
        let start = self.written.len();
        self.line(&format!("{head} {{"));
        let inside = self.written.len();
        self.depth += 1;
        content(self);
        self.depth -= 1;
        if self.written.len() == inside {
            self.written.truncate(start);
            self.line(&format!("{head} {{}}"));
        } else {
            self.line("}");
        }
    }

    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("//{line}").trim_end());
        }
    }

    pub(super) fn finish(self) -> String {
        self.written
    }
}

/// A string or bytes literal.
pub(super) fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::from('"');
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '"' | '\\' => quoted.extend(['\\', letter]),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                control if control.is_ascii_control() => octal(&mut quoted, control as u8),
                other => quoted.push(other),
            }
        }
        for byte in chunk.invalid() {
            octal(&mut quoted, *byte);
        }
    }
    quoted.push('"');
    quoted
}

fn octal(quoted: &mut String, byte: u8) {
    write!(quoted, "\\{byte:03o}").expect("writing to a string does not fail");
}
