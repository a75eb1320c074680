//! Path templates, after `google/api/http.proto`.

mod literal;
mod parse;
mod scan;
#[cfg(test)]
mod tests;

use std::{fmt, ops::Range, sync::Arc};

use crate::{FieldPath, PathTemplate, Segment};

/// A template as it parses, before its variables are looked up in a request message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplateAst {
    /// The text it was parsed from.
    pub text: Arc<str>,
    /// The segments, variables flattened.
    pub segments: Vec<Segment>,
    /// The verb, without its colon, percent-decoded.
    pub verb: Option<Arc<str>>,
    /// The variables, in order.
    pub variables: Vec<Variable>,
}

/// A variable of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The field path: `todo.id`.
    pub path: Arc<str>,
    /// Which segments it covers.
    pub range: Range<usize>,
    /// Column of the field path within the template, from 1, in characters.
    pub column: usize,
}

/// A template that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Column within the template, from 1, in characters.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for TemplateError {}

impl PathTemplate {
    /// Parses a template such as `/v1/{name=shelves/*}:read`.
    ///
    /// # Errors
    /// The first fault, with its column.
    pub fn parse(text: &str) -> Result<PathTemplateAst, TemplateError> {
        parse::template(text)
    }
}

impl PathTemplateAst {
    /// The template with the field numbers of its variables, which `resolve` finds.
    pub(crate) fn resolve<E>(
        self,
        mut resolve: impl FnMut(&Variable) -> Result<FieldPath, E>,
    ) -> Result<PathTemplate, E> {
        let mut variables = Vec::with_capacity(self.variables.len());
        for variable in self.variables {
            variables.push((resolve(&variable)?, variable.range));
        }
        Ok(PathTemplate {
            text: self.text,
            segments: self.segments,
            verb: self.verb,
            variables,
        })
    }
}

/// Writes a template that parses to the same segments, verb and variables.
impl fmt::Display for PathTemplateAst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            f.write_str("/")?;
        }
        for (index, segment) in self.segments.iter().enumerate() {
            f.write_str("/")?;
            let opened = self
                .variables
                .iter()
                .find(|variable| variable.range.start == index);
            if let Some(variable) = opened {
                write!(f, "{{{}=", variable.path)?;
            }
            match segment {
                Segment::Literal(text) => literal::encode(text, None, f)?,
                Segment::Single => f.write_str("*")?,
                Segment::Multi => f.write_str("**")?,
            }
            if self
                .variables
                .iter()
                .any(|variable| variable.range.end == index + 1)
            {
                f.write_str("}")?;
            }
        }
        if let Some(verb) = &self.verb {
            f.write_str(":")?;
            literal::encode(verb, Some(':'), f)?;
        }
        Ok(())
    }
}
