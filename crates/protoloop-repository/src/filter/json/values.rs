//! Values of a property's type.

use std::borrow::Cow;

use protoloop_wire::json::TokenKind;

use super::reader::{Reader, Result};
use crate::{
    Leaf, LeafKind, Model, Value,
    filter::{literal, syntax::Name},
};

impl Reader<'_> {
    /// A value as ProtoJSON writes one of the leaf's kind; [`Value::Null`] for null. Never coerced from another type.
    pub(super) fn value(&mut self, model: &Model, leaf: &Leaf) -> Result<Value> {
        let at = self.offset();
        let (text, quoted) = match self.kind()? {
            TokenKind::Null => {
                self.take_null()?;
                return Ok(Value::Null);
            }
            TokenKind::String => (self.string("a string")?, true),
            TokenKind::Number => (Cow::Borrowed(self.number()?), false),
            TokenKind::Bool => {
                let text = if self.boolean()? { "true" } else { "false" };
                (Cow::Borrowed(text), false)
            }
            TokenKind::Object | TokenKind::Array => {
                return Err(self.wrong(at, "one value is due here"));
            }
        };
        if !quoted && let (LeafKind::Enum(_), Ok(number)) = (leaf.kind, text.parse::<i32>()) {
            return Ok(Value::Enum(number));
        }
        let wants_quotes = !matches!(
            leaf.kind,
            LeafKind::Bool
                | LeafKind::Int32
                | LeafKind::Int64
                | LeafKind::Uint32
                | LeafKind::Uint64
                | LeafKind::Float
                | LeafKind::Double
        );
        // ProtoJSON writes 64-bit integers as strings.
        let either = matches!(leaf.kind, LeafKind::Int64 | LeafKind::Uint64);
        let name = Name {
            quoted: quoted && !either,
            text: text.into_owned(),
            literal_stars: Vec::new(),
            column: 1,
        };
        if wants_quotes && !quoted {
            let expected = literal::expected(model, leaf.kind);
            return Err(self.wrong(at, format!("`{}` is no {expected}", name.text)));
        }
        literal::value(model, leaf, &name).map_err(|error| self.wrong(at, error.message))
    }

    /// A list of values; whether null was among them is told apart.
    pub(super) fn values(&mut self, model: &Model, leaf: &Leaf) -> Result<(Vec<Value>, bool)> {
        let mut values = Vec::new();
        let mut null = false;
        self.array("a list of values", |reader, _| {
            match reader.value(model, leaf)? {
                Value::Null => null = true,
                value => values.push(value),
            }
            Ok(())
        })?;
        Ok((values, null))
    }

    /// A value that is not null.
    pub(super) fn present(&mut self, model: &Model, leaf: &Leaf) -> Result<Value> {
        let at = self.offset();
        match self.value(model, leaf)? {
            Value::Null => Err(self.wrong(at, "null compares with nothing; test with `exists`")),
            value => Ok(value),
        }
    }

    /// One value or a list of them, none of them null.
    pub(super) fn one_or_more(&mut self, model: &Model, leaf: &Leaf) -> Result<Vec<Value>> {
        let at = self.offset();
        if self.kind()? != TokenKind::Array {
            return Ok(vec![self.present(model, leaf)?]);
        }
        match self.values(model, leaf)? {
            (values, false) => Ok(values),
            (_, true) => Err(self.wrong(at, "a list of the row never holds null")),
        }
    }
}
