//! Walks over a template's characters.

use super::TemplateError;

/// A place in a template.
pub(super) struct Cursor<'a> {
    text: &'a str,
    /// In bytes, on a character boundary.
    position: usize,
    /// In characters, from 1.
    column: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            column: 1,
        }
    }

    pub(super) fn column(&self) -> usize {
        self.column
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.text[self.position..].chars().next()
    }

    pub(super) fn at_end(&self) -> bool {
        self.peek().is_none()
    }

    /// Whether another `/` follows before the end.
    pub(super) fn slash_ahead(&self) -> bool {
        self.text[self.position..].contains('/')
    }

    /// Steps over a character if it comes next.
    pub(super) fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.step(wanted);
        }
        found
    }

    /// Steps over all characters that fit.
    pub(super) fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let start = self.position;
        while let Some(next) = self.peek().filter(|next| fits(*next)) {
            self.step(next);
        }
        &self.text[start..self.position]
    }

    fn step(&mut self, over: char) {
        self.position += over.len_utf8();
        self.column += 1;
    }

    /// What comes next, for messages.
    pub(super) fn found(&self) -> String {
        match self.peek() {
            Some(next) => format!("`{}`", next.escape_debug()),
            None => "the end".to_owned(),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> TemplateError {
        error(self.column, message)
    }
}

pub(super) fn error(column: usize, message: impl Into<String>) -> TemplateError {
    TemplateError {
        column,
        message: message.into(),
    }
}
