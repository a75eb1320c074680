//! Parses the template grammar.

use std::{ops::Range, sync::Arc};

use super::{
    PathTemplateAst, TemplateError, Variable, literal,
    scan::{Cursor, error},
};
use crate::Segment;

/// ```text
/// Template = "/" [ Segments [ ":" Verb ] ] ;
/// Segments = Segment { "/" Segment } ;
/// Segment  = "*" | "**" | LITERAL | Variable ;
/// Variable = "{" FieldPath [ "=" Segments ] "}" ;
/// FieldPath = IDENT { "." IDENT } ;
/// Verb     = LITERAL { ":" LITERAL } ;
/// ```
///
/// A colon in a segment that is not the last one, or inside a variable, belongs to its literal. Beyond the grammar:
/// variables do not nest, `**` comes at most once, and behind it come literals only.
pub(super) fn template(text: &str) -> Result<PathTemplateAst, TemplateError> {
    let mut parser = Parser {
        cursor: Cursor::new(text),
        segments: Vec::new(),
        variables: Vec::new(),
        multi: None,
    };
    if !parser.cursor.eat('/') {
        return Err(parser.cursor.error("a template begins with `/`"));
    }
    let mut verb = None;
    if !parser.cursor.at_end() {
        parser.segments(false)?;
        if parser.cursor.eat(':') {
            verb = Some(parser.verb()?);
        }
        if !parser.cursor.at_end() {
            return Err(parser.unexpected());
        }
    }
    Ok(PathTemplateAst {
        text: text.into(),
        segments: parser.segments,
        verb,
        variables: parser.variables,
    })
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    segments: Vec<Segment>,
    variables: Vec<Variable>,
    /// Column of the `**`.
    multi: Option<usize>,
}

impl Parser<'_> {
    fn segments(&mut self, inside: bool) -> Result<(), TemplateError> {
        loop {
            self.segment(inside)?;
            if !self.cursor.eat('/') {
                return Ok(());
            }
        }
    }

    fn segment(&mut self, inside: bool) -> Result<(), TemplateError> {
        match self.cursor.peek() {
            Some('{') if inside => Err(self.cursor.error(
                "variables do not nest; write the inner one as `*`, or end the outer one before it",
            )),
            Some('{') => self.variable(),
            Some('*') => self.wildcard(),
            _ => self.literal(inside),
        }
    }

    fn wildcard(&mut self) -> Result<(), TemplateError> {
        let column = self.cursor.column();
        let stars = self.cursor.take_while(|next| next == '*').len();
        let segment = match stars {
            1 => Segment::Single,
            2 => Segment::Multi,
            _ => {
                return Err(error(
                    column,
                    "write `*` for one segment or `**` for any number",
                ));
            }
        };
        self.push_wildcard(segment, column)
    }

    fn push_wildcard(&mut self, segment: Segment, column: usize) -> Result<(), TemplateError> {
        if let Some(multi) = self.multi {
            let message = format!("only literals may follow the `**` at column {multi}");
            return Err(error(column, message));
        }
        if segment == Segment::Multi {
            self.multi = Some(column);
        }
        self.segments.push(segment);
        Ok(())
    }

    fn literal(&mut self, inside: bool) -> Result<(), TemplateError> {
        let column = self.cursor.column();
        let colons = inside || self.cursor.slash_ahead();
        let fits = |next| literal::is_allowed(next) || (colons && next == ':');
        let raw = self.cursor.take_while(fits);
        if raw.is_empty() {
            return Err(self.empty_segment(inside));
        }
        let text = literal::decode(raw, column)?;
        self.segments.push(Segment::Literal(text));
        Ok(())
    }

    fn variable(&mut self) -> Result<(), TemplateError> {
        self.cursor.eat('{');
        let column = self.cursor.column();
        let path = self.field_path()?;
        if self
            .variables
            .iter()
            .any(|variable| *variable.path == *path)
        {
            return Err(error(column, format!("`{path}` is bound twice")));
        }
        let start = self.segments.len();
        if self.cursor.eat('=') {
            self.segments(true)?;
        } else {
            self.push_wildcard(Segment::Single, column)?;
        }
        if !self.cursor.eat('}') {
            return Err(self.unexpected_in_variable());
        }
        self.variables.push(Variable {
            path,
            range: Range {
                start,
                end: self.segments.len(),
            },
            column,
        });
        Ok(())
    }

    fn field_path(&mut self) -> Result<Arc<str>, TemplateError> {
        let mut path = String::new();
        loop {
            let column = self.cursor.column();
            let name = self
                .cursor
                .take_while(|next| next == '_' || next.is_ascii_alphanumeric());
            if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
                let found = match name {
                    "" => self.cursor.found(),
                    digits => format!("`{digits}`"),
                };
                return Err(error(column, format!("a field name is due, not {found}")));
            }
            path.push_str(name);
            if !self.cursor.eat('.') {
                return Ok(path.into());
            }
            path.push('.');
        }
    }

    /// Behind its colon.
    fn verb(&mut self) -> Result<Arc<str>, TemplateError> {
        let column = self.cursor.column();
        let raw = self
            .cursor
            .take_while(|next| literal::is_allowed(next) || next == ':');
        if raw.split(':').any(str::is_empty) {
            return Err(error(column, "a verb is due behind `:`"));
        }
        literal::decode(raw, column)
    }

    fn empty_segment(&self, inside: bool) -> TemplateError {
        self.cursor.error(match self.cursor.peek() {
            None => "a template does not end with `/`",
            Some('/') => "a segment is empty; write one `/`",
            Some(':') => "a verb stands behind a segment; write one before the `:`",
            Some('}') if inside => "a variable's template is empty; `{name}` alone is `{name=*}`",
            Some(_) => return self.unexpected(),
        })
    }

    fn unexpected_in_variable(&self) -> TemplateError {
        let found = self.cursor.found();
        self.cursor
            .error(format!("`}}` is due to end the variable, not {found}"))
    }

    fn unexpected(&self) -> TemplateError {
        let found = self.cursor.found();
        self.cursor.error(match self.cursor.peek() {
            Some('{') => "a variable fills its segment; write `/` before it".to_owned(),
            Some('*') => "a wildcard fills its segment; write `/` before it".to_owned(),
            Some('}') => "`}` ends no variable".to_owned(),
            Some('/') => {
                "a verb comes last; percent-encode its colon to mean the character".to_owned()
            }
            Some(next) if literal::is_allowed(next) => {
                format!("{found} stands behind a wildcard or variable; write `/` before it")
            }
            _ => format!("{found} is not allowed here; percent-encode it to mean the character"),
        })
    }
}
