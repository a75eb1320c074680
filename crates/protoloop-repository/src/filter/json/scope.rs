//! The filter object around a condition.

use std::borrow::Cow;

use protoloop_wire::{
    json::TokenKind,
    mask::{Mask, MaskError},
};

use super::reader::{Reader, Result};
use crate::{
    Direction, FilterError, Inclusion, Model, OrderBy, OrderTerm, Scope,
    filter::{limits, suggest},
    scope::inclusion,
};

const MEMBERS: &[&str] = &[
    "where", "fields", "order", "limit", "skip", "offset", "include",
];

/// The most names of `fields`.
const FIELDS: usize = 1_000;

impl Reader<'_> {
    /// A whole filter object, `depth` inclusions deep.
    pub(super) fn scope(&mut self, model: &Model, depth: usize) -> Result<Scope> {
        let mut scope = Scope::default();
        let before = self.near.take();
        self.object("a filter object", |reader, at, name| {
            match name {
                "where" => {
                    let filter = reader.wheres(model, 0)?;
                    scope.filter = (filter != crate::Filter::True).then_some(filter);
                }
                "fields" => scope.fields = Some(reader.fields(model)?),
                "order" => scope.order = reader.order(model)?,
                "limit" => {
                    let at = reader.offset();
                    let limit = reader.count()?;
                    if limit == 0 {
                        return Err(reader.wrong(at, "a limit is at least 1"));
                    }
                    scope.limit = Some(u32::try_from(limit).unwrap_or(u32::MAX));
                }
                "skip" | "offset" => {
                    let skip = reader.count()?;
                    if scope.skip.is_some_and(|before| before != skip) {
                        return Err(reader.wrong(at, "`skip` and `offset` say different things"));
                    }
                    scope.skip = Some(skip);
                }
                "include" => scope.include = reader.include(model, depth)?,
                name => return Err(no_member(reader, at, name)),
            }
            Ok(())
        })?;
        // What is asked to be near comes the nearest first, unless another order is asked for.
        scope.nearest = std::mem::replace(&mut self.near, before).map(|path| {
            let nearest = OrderTerm::own(path, Direction::Ascending);
            model.complete_order(vec![nearest])
        });
        Ok(scope)
    }

    /// Names or inclusions, one or a list.
    pub(super) fn include(&mut self, model: &Model, depth: usize) -> Result<Vec<Inclusion>> {
        let at = self.offset();
        if depth == limits::INCLUDE_DEPTH {
            let most = limits::INCLUDE_DEPTH;
            return Err(self.wrong(at, format!("inclusions nest at most {most} deep")));
        }
        let mut included = Vec::new();
        if self.kind()? != TokenKind::Array {
            included.push(self.inclusion(model, depth)?);
            return Ok(included);
        }
        self.array("a list of inclusions", |reader, _| {
            let at = reader.offset();
            let one = reader.inclusion(model, depth)?;
            let mut present = included.iter();
            if present.any(|other: &Inclusion| other.link.field() == one.link.field()) {
                let name = one.link.name();
                return Err(reader.wrong(at, format!("`{name}` is included twice")));
            }
            included.push(one);
            Ok(())
        })?;
        Ok(included)
    }

    fn inclusion(&mut self, model: &Model, depth: usize) -> Result<Inclusion> {
        let at = self.offset();
        if self.kind()? == TokenKind::String {
            let name = self.string("a relation")?;
            return self.included(model, at, &name);
        }
        // The scope is read by the model that `relation` names, which may stand behind it.
        let mut found: Option<Inclusion> = None;
        self.object(
            "a relation, or an object with `relation` and `scope`",
            |reader, at, name| {
                match name {
                    "relation" => {
                        let at = reader.offset();
                        let name = reader.string("a relation")?;
                        found = Some(reader.included(model, at, &name)?);
                    }
                    "scope" => {
                        let Some(one) = &mut found else {
                            return Err(reader.wrong(at, "write `relation` in front of `scope`"));
                        };
                        let target = std::sync::Arc::clone(one.link.target());
                        one.scope = reader.scope(&target, depth + 1)?;
                    }
                    _ => return Err(reader.wrong(at, "an inclusion has `relation` and `scope`")),
                }
                Ok(())
            },
        )?;
        found.ok_or_else(|| self.wrong(at, "an inclusion needs a `relation`"))
    }

    fn included(&mut self, model: &Model, at: usize, name: &str) -> Result<Inclusion> {
        let mut left = self.inclusions;
        let found = inclusion(model, name, 1, &mut left);
        self.inclusions = left;
        found.map_err(|error| self.wrong(at, error.message))
    }

    fn order(&mut self, model: &Model) -> Result<Option<OrderBy>> {
        let at = self.offset();
        let mut terms: Vec<OrderTerm> = Vec::new();
        let mut add = |reader: &mut Self, at: usize, text: &str| -> Result<()> {
            for part in crate::order::parts(text) {
                let added = OrderTerm::parse(model, part.trim(), 1, &mut terms);
                added.map_err(|error| reader.wrong(at, error.message))?;
            }
            Ok(())
        };
        match self.kind()? {
            TokenKind::String => {
                let text = self.string("an order")?;
                if !text.trim().is_empty() {
                    add(self, at, &text)?;
                }
            }
            TokenKind::Array => self.array("a list of orders", |reader, _| {
                let at = reader.offset();
                let text = reader.string("an order")?;
                add(reader, at, &text)
            })?,
            _ => {
                return Err(self.wrong(
                    at,
                    "an order is a text such as \"title DESC\", or a list of them",
                ));
            }
        }
        Ok((!terms.is_empty()).then(|| model.complete_order(terms)))
    }

    fn fields(&mut self, model: &Model) -> Result<Mask> {
        let at = self.offset();
        let mut shown: Vec<Cow<'_, str>> = Vec::new();
        let mut left_out: Vec<Cow<'_, str>> = Vec::new();
        let mut places = Vec::new();
        match self.kind()? {
            TokenKind::String => {
                places.push(at);
                shown.push(self.string("a field")?);
            }
            TokenKind::Array => self.array("a list of fields", |reader, _| {
                places.push(reader.offset());
                shown.push(reader.string("a field")?);
                Ok(())
            })?,
            _ => self.object(
                "a field, a list of fields, or an object of them",
                |reader, at, name| {
                    let name = Cow::Owned(name.to_owned());
                    match reader.boolean()? {
                        true => {
                            places.push(at);
                            shown.push(name);
                        }
                        false => left_out.push(name),
                    }
                    if left_out.len() > FIELDS {
                        return Err(
                            reader.wrong(at, format!("at most {FIELDS} fields can be named"))
                        );
                    }
                    Ok(())
                },
            )?,
        }
        // As LoopBack has it: where fields are shown, those left out are left out anyhow.
        if shown.is_empty() && !left_out.is_empty() {
            return self.all_but(model, at, &left_out);
        }
        let mask = Mask::parse(
            model.tables(),
            model.message().id,
            shown.iter().map(|name| &**name),
        );
        let mask = mask.map_err(|error| {
            let found = shown.iter().position(|name| **name == error.path);
            let at = found.and_then(|index| places.get(index)).copied();
            self.no_field(at.unwrap_or(at_or(&places)), &error)
        })?;
        match model.hidden_in(&mask) {
            None => Ok(mask),
            Some(path) => {
                let what = format!("`{}` has no field `{path}`", model.message().name);
                Err(self.wrong(at, what))
            }
        }
    }

    fn all_but(&mut self, model: &Model, at: usize, names: &[Cow<'_, str>]) -> Result<Mask> {
        let mut mask = Mask::default();
        let shown = model.message().fields.iter().filter(|field| !field.hidden);
        shown.for_each(|field| mask.add(field.number));
        for name in names {
            let field = model.message().field_by_any_name(name);
            let Some(field) = field.filter(|field| !field.hidden) else {
                let what = format!("`{}` has no field `{name}`", model.message().name);
                return Err(self.wrong(at, what));
            };
            mask.remove(field.number);
        }
        Ok(mask)
    }

    fn no_field(&self, at: usize, error: &MaskError) -> FilterError {
        self.wrong(at, format!("`{}`: {}", error.path, error.message))
    }
}

fn at_or(places: &[usize]) -> usize {
    places.first().copied().unwrap_or(0)
}

fn no_member(reader: &Reader<'_>, at: usize, name: &str) -> FilterError {
    let hint = suggest::among(name, MEMBERS.iter().copied());
    reader.wrong(
        at,
        format!(
            "a filter object has {}; conditions stand in `where`{hint}",
            MEMBERS.join(", ")
        ),
    )
}
