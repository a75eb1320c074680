//! Tokens with the path to them and the bounds.

use std::borrow::Cow;

use protoloop_wire::json::{JsonError, TokenKind, Tokens};

use crate::{
    PropertyPath,
    filter::{FilterError, limits},
};

pub(super) type Result<T> = std::result::Result<T, FilterError>;

/// Reads a filter object.
pub(super) struct Reader<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    /// Names and positions from the root to the value that is read.
    path: Vec<Step<'a>>,
    /// How many more conditions, relations in them, and inclusions there may be.
    pub(super) conditions: usize,
    pub(super) relations: usize,
    pub(super) inclusions: usize,
    /// How far the rows are from the first place that they are asked to be near.
    pub(super) near: Option<PropertyPath>,
}

enum Step<'a> {
    Name(Cow<'a, str>),
    Index(usize),
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self> {
        if text.len() > limits::JSON {
            let most = limits::JSON;
            let what = format!("a filter in JSON has at most {most} bytes");
            return Err(FilterError::new(1, what));
        }
        let tokens = Tokens::new(text.as_bytes());
        Ok(Self {
            tokens: tokens.map_err(|error| FilterError::new(1, error.message()))?,
            text,
            path: Vec::new(),
            conditions: limits::CONDITIONS,
            relations: limits::RELATIONS,
            inclusions: limits::INCLUSIONS,
            near: None,
        })
    }

    pub(super) fn end(&mut self) -> Result<()> {
        self.tokens.end().map_err(|error| self.of_json(&error))
    }

    /// Reads the members of an object; `read` gets the place and the name of each, and reads its value.
    pub(super) fn object(
        &mut self,
        what: &str,
        mut read: impl FnMut(&mut Self, usize, &str) -> Result<()>,
    ) -> Result<()> {
        let entered = self.tokens.enter_object(what);
        entered.map_err(|error| self.of_json(&error))?;
        let mut first = true;
        let mut seen: Vec<Cow<'a, str>> = Vec::new();
        loop {
            let member = self.tokens.member(&mut first);
            let Some((at, name)) = member.map_err(|error| self.of_json(&error))? else {
                return Ok(());
            };
            self.path.push(Step::Name(name.clone()));
            if seen.contains(&name) {
                return Err(self.wrong(at, "is named twice"));
            }
            read(self, at, &name)?;
            seen.push(name);
            self.path.pop();
        }
    }

    /// Reads the elements of an array.
    pub(super) fn array(
        &mut self,
        what: &str,
        mut read: impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        let entered = self.tokens.enter_array(what);
        entered.map_err(|error| self.of_json(&error))?;
        let mut first = true;
        let mut index = 0;
        loop {
            let more = self.tokens.element(&mut first);
            if !more.map_err(|error| self.of_json(&error))? {
                return Ok(());
            }
            self.path.push(Step::Index(index));
            if index == limits::LIST {
                let most = limits::LIST;
                let at = self.offset();
                return Err(self.wrong(at, format!("a list has at most {most} values")));
            }
            read(self, index)?;
            self.path.pop();
            index += 1;
        }
    }

    /// The byte at which the next token begins.
    pub(super) fn offset(&mut self) -> usize {
        self.tokens.offset()
    }

    pub(super) fn kind(&mut self) -> Result<TokenKind> {
        self.tokens.kind().map_err(|error| self.of_json(&error))
    }

    pub(super) fn string(&mut self, what: &str) -> Result<Cow<'a, str>> {
        self.tokens
            .string(what)
            .map_err(|error| self.of_json(&error))
    }

    pub(super) fn number(&mut self) -> Result<&'a str> {
        self.tokens.number().map_err(|error| self.of_json(&error))
    }

    pub(super) fn boolean(&mut self) -> Result<bool> {
        self.tokens.boolean().map_err(|error| self.of_json(&error))
    }

    pub(super) fn take_null(&mut self) -> Result<bool> {
        self.tokens
            .take_null()
            .map_err(|error| self.of_json(&error))
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self) -> Result<u64> {
        let at = self.offset();
        let text = self.number()?;
        let wrong = || self.wrong(at, format!("`{text}` is no whole number from 0 on"));
        text.parse().map_err(|_| wrong())
    }

    /// A mistake in the value that is read, at a byte of the text.
    pub(super) fn wrong(&self, at: usize, message: impl AsRef<str>) -> FilterError {
        let message = message.as_ref();
        let path = self.path_text();
        let column = self.column(at);
        match path.as_str() {
            "" => FilterError::new(column, message),
            path => FilterError::new(column, format!("`{path}`: {message}")),
        }
    }

    pub(super) fn of_json(&self, error: &JsonError) -> FilterError {
        self.wrong(error.offset().unwrap_or(0), error.message())
    }

    /// Takes note of a condition on a path that follows `hops` relations.
    pub(super) fn spend(&mut self, at: usize, hops: usize) -> Result<()> {
        let left = self.conditions.checked_sub(1);
        self.conditions = left.ok_or_else(|| {
            let most = limits::CONDITIONS;
            self.wrong(at, format!("a filter has at most {most} conditions"))
        })?;
        let left = self.relations.checked_sub(hops);
        self.relations = left.ok_or_else(|| {
            let most = limits::RELATIONS;
            self.wrong(at, format!("a filter follows at most {most} relations"))
        })?;
        Ok(())
    }

    pub(super) fn check_depth(&mut self, depth: usize, most: usize) -> Result<()> {
        if depth <= most {
            return Ok(());
        }
        let at = self.offset();
        Err(self.wrong(at, format!("a filter nests at most {most} deep")))
    }

    /// The column, in characters from 1, of a byte.
    pub(super) fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or(self.text);
        before.chars().count() + 1
    }

    fn path_text(&self) -> String {
        const LONGEST: usize = 80;
        let mut text = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => text.push_str(&format!("[{index}]")),
                Step::Name(name) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.extend(name.chars().take(LONGEST));
                }
            }
        }
        text
    }
}
