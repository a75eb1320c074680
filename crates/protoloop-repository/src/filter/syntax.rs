//! The grammar of AIP-160, without any knowledge of a model.
//!
//! ```text
//! filter      = [expression]
//! expression  = sequence {"AND" sequence}
//! sequence    = factor {factor}                  -- juxtaposition means AND
//! factor      = term {"OR" term}                 -- OR binds tighter than AND
//! term        = ["NOT" | "-"] simple
//! simple      = "(" expression ")" | related | function [comparator arg] | member [comparator arg]
//! member      = value {"." value}
//! function    = name "(" [arg {"," arg}] ")"
//! related     = ("some" | "every" | "none") "(" member "," expression ")"
//! comparator  = "<=" | "<" | ">=" | ">" | "!=" | "=" | ":"
//! arg         = literal | "(" expression ")"
//! ```

use super::{CompareOp, FilterError, limits};

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// A member alone, or compared with an argument.
    Restriction {
        member: Vec<Name>,
        comparison: Option<(Comparator, Arg)>,
    },
    /// A function alone, or compared with a value.
    Function {
        name: Name,
        args: Vec<Name>,
        comparison: Option<(Comparator, Name)>,
    },
    /// `some(orders, total > 5)`.
    Related {
        name: Name,
        member: Vec<Name>,
        inner: Box<Self>,
    },
}

/// A piece of text and the column, from 1, where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: String,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
    /// Byte offsets in `text` of the `*` that were written with a backslash.
    pub(crate) literal_stars: Vec<usize>,
    pub(crate) column: usize,
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Comparator {
    Op(CompareOp),
    /// `:`
    Has,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    Literal(Name),
    Composite(Box<Expr>),
}

/// The names of a member alone: `address.city`, `labels."a.b"`.
pub(crate) fn member(text: &str) -> Result<Vec<Name>, FilterError> {
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    let member = parser.member()?;
    match parser.peek() {
        None => Ok(member),
        Some(found) => Err(parser.unexpected(found, "a dot or the end of the name")),
    }
}

/// Parses the text of a filter; `None` for a blank one.
pub(crate) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > limits::TEXT {
        return Err(FilterError::new(
            1,
            format!("a filter has at most {} bytes", limits::TEXT),
        ));
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
    };
    parser.blank();
    if parser.peek().is_none() {
        return Ok(None);
    }
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(Some(expression)),
        Some(found) => Err(parser.unexpected(found, "an operator or the end")),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Byte offset of what comes next.
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn expression(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.sequence()?];
        while self.keyword("AND") {
            parts.push(self.sequence()?);
        }
        Ok(all(parts, Expr::And))
    }

    fn sequence(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.factor()?];
        while !matches!(self.peek(), None | Some(')')) && !self.at_keyword("AND") {
            parts.push(self.factor()?);
        }
        Ok(all(parts, Expr::And))
    }

    fn factor(&mut self) -> Result<Expr, FilterError> {
        let mut parts = vec![self.term()?];
        while self.keyword("OR") {
            parts.push(self.term()?);
        }
        Ok(all(parts, Expr::Or))
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        if self.keyword("NOT") || self.eat('-') {
            return Ok(Expr::Not(Box::new(self.simple()?)));
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Expr, FilterError> {
        if self.peek() == Some('(') {
            return self.composite();
        }
        let member = self.member()?;
        // `f(` is a call, `f (` a property and then a group.
        if self.peek() == Some('(') {
            return self.function(member);
        }
        self.blank();
        let comparison = match self.comparator()? {
            Some(comparator) => Some((comparator, self.arg()?)),
            None => None,
        };
        Ok(Expr::Restriction { member, comparison })
    }

    fn composite(&mut self) -> Result<Expr, FilterError> {
        self.deeper(self.column())?;
        self.eat('(');
        let inner = self.expression()?;
        self.expect(')')?;
        self.depth -= 1;
        Ok(inner)
    }

    fn function(&mut self, mut member: Vec<Name>) -> Result<Expr, FilterError> {
        let text: Vec<&str> = member.iter().map(|name| name.text.as_str()).collect();
        let text = text.join(".");
        let Some(first) = member.first_mut() else {
            return Err(FilterError::new(self.column(), "a name is missing"));
        };
        let mut name = first.clone();
        name.text = text;
        if matches!(name.text.as_str(), "some" | "every" | "none") {
            return self.related(name);
        }
        self.eat('(');
        let mut args = Vec::new();
        while self.peek() != Some(')') {
            if !args.is_empty() {
                self.expect(',')?;
            }
            args.push(self.literal()?);
        }
        self.eat(')');
        let comparison = match self.comparator()? {
            Some(comparator) => Some((comparator, self.literal()?)),
            None => None,
        };
        Ok(Expr::Function {
            name,
            args,
            comparison,
        })
    }

    /// The relation and the condition of `some(…)`, from the parenthesis on.
    fn related(&mut self, name: Name) -> Result<Expr, FilterError> {
        self.deeper(name.column)?;
        self.eat('(');
        let member = self.member()?;
        self.blank();
        self.expect(',')?;
        let inner = Box::new(self.expression()?);
        self.expect(')')?;
        self.depth -= 1;
        Ok(Expr::Related {
            name,
            member,
            inner,
        })
    }

    fn deeper(&mut self, column: usize) -> Result<(), FilterError> {
        self.depth += 1;
        if self.depth <= limits::DEPTH {
            return Ok(());
        }
        Err(FilterError::new(
            column,
            format!("parentheses nest at most {} deep", limits::DEPTH),
        ))
    }

    fn member(&mut self) -> Result<Vec<Name>, FilterError> {
        let mut names = vec![self.name()?];
        while self.text[self.at..].starts_with('.') {
            self.at += 1;
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// One segment of a member, with nothing skipped behind it.
    fn name(&mut self) -> Result<Name, FilterError> {
        let column = self.column();
        match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => {
                let text = self.take_while(|c| !ends_name(c));
                if text.is_empty() {
                    return Err(match self.peek() {
                        Some(found) => self.unexpected(found, "a property name"),
                        None => {
                            FilterError::new(column, "the filter ends where a property name is due")
                        }
                    });
                }
                Ok(plain(text, column))
            }
        }
    }

    fn comparator(&mut self) -> Result<Option<Comparator>, FilterError> {
        let rest = &self.text[self.at..];
        let table = [
            ("<=", Comparator::Op(CompareOp::Le)),
            (">=", Comparator::Op(CompareOp::Ge)),
            ("!=", Comparator::Op(CompareOp::Ne)),
            ("<", Comparator::Op(CompareOp::Lt)),
            (">", Comparator::Op(CompareOp::Gt)),
            ("=", Comparator::Op(CompareOp::Eq)),
            (":", Comparator::Has),
        ];
        for (sign, comparator) in table {
            if rest.starts_with(sign) {
                if rest.starts_with("==") {
                    return Err(FilterError::new(self.column(), "write `=` instead of `==`"));
                }
                self.at += sign.len();
                self.blank();
                return Ok(Some(comparator));
            }
        }
        if rest.starts_with('!') {
            return Err(FilterError::new(
                self.column(),
                "write `!=`, or `NOT` in front",
            ));
        }
        Ok(None)
    }

    fn arg(&mut self) -> Result<Arg, FilterError> {
        if self.peek() == Some('(') {
            return Ok(Arg::Composite(Box::new(self.composite()?)));
        }
        self.literal().map(Arg::Literal)
    }

    /// A quoted string, or everything up to a blank, a comma, a quote or a parenthesis: numbers and times stand bare.
    fn literal(&mut self) -> Result<Name, FilterError> {
        let column = self.column();
        let literal = match self.peek() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
            _ => {
                let text = self.take_while(|c| !ends_literal(c));
                match self.peek() {
                    Some('(') => {
                        return Err(FilterError::new(
                            column,
                            format!("`{text}(…)` cannot stand on the right; compare with a value"),
                        ));
                    }
                    Some(found) if text.is_empty() => return Err(self.unexpected(found, "a value")),
                    None if text.is_empty() => {
                        return Err(FilterError::new(
                            column,
                            "the filter ends where a value is due",
                        ));
                    }
                    _ => plain(text, column),
                }
            }
        };
        self.blank();
        Ok(literal)
    }

    fn quoted(&mut self, quote: char) -> Result<Name, FilterError> {
        let column = self.column();
        let mut text = String::new();
        let mut literal_stars = Vec::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                _ if c == quote => {
                    self.at += 1 + offset + c.len_utf8();
                    return Ok(Name {
                        text,
                        quoted: true,
                        literal_stars,
                        column,
                    });
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, '*')) => {
                        literal_stars.push(text.len());
                        text.push('*');
                    }
                    Some((_, c @ ('\\' | '"' | '\''))) => text.push(c),
                    // Patterns are full of backslashes: any other one stands for itself.
                    Some((_, c)) => text.extend(['\\', c]),
                    None => break,
                },
                _ => text.push(c),
            }
        }
        Err(FilterError::new(
            column,
            format!("the {quote} is not closed"),
        ))
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.at_keyword(word);
        if found {
            self.at += word.len();
            self.blank();
        }
        found
    }

    /// Whether a keyword stands here as a whole word that is no member (`AND.x`, `NOT = 1`).
    fn at_keyword(&self, word: &str) -> bool {
        self.text[self.at..].strip_prefix(word).is_some_and(|rest| {
            let next = rest.chars().next();
            next.is_none_or(|c| c.is_whitespace() || c == '(')
                && !rest.trim_start().starts_with(['=', '<', '>', '!', ':'])
        })
    }

    fn take_while(&mut self, mut keep: impl FnMut(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn blank(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.text[self.at..].starts_with(c);
        if found {
            self.at += c.len_utf8();
            self.blank();
        }
        found
    }

    fn expect(&mut self, c: char) -> Result<(), FilterError> {
        if self.eat(c) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(found) => self.unexpected(found, &format!("`{c}`")),
            None => FilterError::new(self.column(), format!("`{c}` is missing at the end")),
        })
    }

    fn unexpected(&self, found: char, due: &str) -> FilterError {
        FilterError::new(self.column(), format!("found `{found}` where {due} is due"))
    }

    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }
}

fn plain(text: &str, column: usize) -> Name {
    Name {
        text: text.to_owned(),
        quoted: false,
        literal_stars: Vec::new(),
        column,
    }
}

fn all(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn ends_name(c: char) -> bool {
    c.is_whitespace() || "()<>=!:,.\"'".contains(c)
}

fn ends_literal(c: char) -> bool {
    c.is_whitespace() || "(),\"'".contains(c)
}
