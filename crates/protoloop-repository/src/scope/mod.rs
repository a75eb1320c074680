//! What a caller asks for of a model, in one piece: rows, order, fields, and what comes with them.

mod include;

use protoloop_wire::{marked::MarkedFields, mask::Mask};

pub(crate) use include::inclusion;

use crate::{Filter, FilterError, Link, Model, OrderBy, filter};

/// A LoopBack filter object, resolved and checked against a model: of a List as a whole, or of an included relation.
/// What was not said is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// `where`.
    pub filter: Option<Filter>,
    /// `order`, completed to a total one.
    pub order: Option<OrderBy>,
    /// The nearest first, where `where` asks for what is near: the order that counts when no other is asked for.
    pub nearest: Option<OrderBy>,
    /// `limit`, at least 1. Of an included to-many relation it counts per parent.
    pub limit: Option<u32>,
    /// `skip` or `offset`. Of an included to-many relation it counts per parent.
    pub skip: Option<u64>,
    /// `fields`: the fields to show, none of which is hidden. Navigation fields are in it when all fields but some were
    /// asked for; included rows are shown in any case.
    pub fields: Option<Mask>,
    /// `include`: each relation at most once.
    pub include: Vec<Inclusion>,
}

/// A relation whose rows come with those of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Inclusion {
    /// The relation.
    pub link: Link,
    /// Which of the related rows, how, and with what.
    pub scope: Scope,
}

impl Scope {
    /// Parses the `filter` of a request: a LoopBack filter object where it begins with `{`, else AIP-160.
    ///
    /// # Errors
    /// [`FilterError`] with the column, as [`Filter::parse`].
    pub fn parse(model: &Model, text: &str) -> Result<Self, FilterError> {
        if filter::is_json(text) {
            return filter::json::scope(model, text);
        }
        let filter = Filter::parse(model, text)?;
        Ok(Self {
            filter: (filter != Filter::True).then_some(filter),
            ..Self::default()
        })
    }
}

impl Model {
    /// The first hidden field that a mask names.
    pub(crate) fn hidden_in(&self, mask: &Mask) -> Option<String> {
        let id = self.message().id;
        let hidden = MarkedFields::new(self.schema(), id, |field| field.hidden);
        hidden.named_by(mask, &self.view(&[]))
    }
}

impl Inclusion {
    /// Parses the `include` of a request: paths of relations separated by commas, `author,comments.author`, or the value
    /// that `include` has in a LoopBack filter object, where it begins with `[` or `{`. A blank text includes nothing.
    ///
    /// # Errors
    /// [`FilterError`] with the column: an unknown or hidden relation, a property that is none, one that is named twice
    /// in JSON, more or deeper than the bounds.
    pub fn parse(model: &Model, text: &str) -> Result<Vec<Self>, FilterError> {
        match text.trim_start().starts_with(['[', '{']) {
            true => filter::json::include(model, text),
            false => include::parse(model, text),
        }
    }
}
