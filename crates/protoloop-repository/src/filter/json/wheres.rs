//! `{ "title": "x", "or": […] }`.

use protoloop_wire::json::TokenKind;

use super::{
    operators::Tested,
    reader::{Reader, Result},
};
use crate::{
    FilterError, Link, Model,
    filter::{
        Filter,
        condition::{Quantifier, some},
        limits, suggest, syntax,
    },
};

impl Reader<'_> {
    /// A condition; without members, all rows.
    pub(super) fn wheres(&mut self, model: &Model, depth: usize) -> Result<Filter> {
        self.check_depth(depth, limits::DEPTH)?;
        let mut parts = Vec::new();
        self.object("an object of conditions", |reader, at, name| {
            match name {
                "and" => parts.push(Filter::And(reader.all(model, depth)?)),
                "or" => parts.push(Filter::Or(reader.all(model, depth)?)),
                "nor" => {
                    let any = Filter::Or(reader.all(model, depth)?);
                    parts.push(Filter::Not(Box::new(any)));
                }
                "not" => {
                    let inner = reader.wheres(model, depth + 1)?;
                    parts.push(Filter::Not(Box::new(inner)));
                }
                name => reader.property(model, at, name, depth, &mut parts)?,
            }
            Ok(())
        })?;
        Ok(match (parts.len(), parts.pop()) {
            (0, _) => Filter::True,
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                Filter::And(parts)
            }
        })
    }

    fn all(&mut self, model: &Model, depth: usize) -> Result<Vec<Filter>> {
        let mut all = Vec::new();
        self.array("a list of conditions", |reader, _| {
            all.push(reader.wheres(model, depth + 1)?);
            Ok(())
        })?;
        Ok(all)
    }

    /// The tests of one property or relation.
    fn property(
        &mut self,
        model: &Model,
        at: usize,
        name: &str,
        depth: usize,
        parts: &mut Vec<Filter>,
    ) -> Result<()> {
        let names = syntax::member(name).map_err(|error| self.wrong(at, error.message))?;
        let found = model.resolve(&names);
        let found = found.map_err(|error| self.wrong(at, error.message))?;
        self.spend(at, found.via.len())?;
        let Some(path) = &found.path else {
            return self.relation(found.via, depth, parts);
        };
        let target = found.via.last().map_or(model, |link| link.target());
        let tested = Tested {
            model: target,
            path,
        };
        let conditions = match self.kind()? {
            TokenKind::Object if self.is_near(tested)? => {
                let (path, conditions) = self.near(tested)?;
                if found.via.is_empty() && found.lists.is_empty() && self.near.is_none() {
                    self.near = Some(path);
                }
                conditions
            }
            TokenKind::Object => self.operators(tested)?,
            TokenKind::Array => {
                let at = self.offset();
                return Err(self.wrong(at, "a list is no test; write `{ \"inq\": […] }` around it"));
            }
            _ => vec![self.equals(tested)?],
        };
        for (index, condition) in conditions.into_iter().enumerate() {
            if index > 0 {
                self.spend(at, found.via.len())?;
            }
            let condition = condition.of_element(&found.lists);
            parts.push(condition.through(found.via.clone()));
        }
        Ok(())
    }

    /// `{ "some": where, "every": where, "none": where, "exists": bool }`, or null.
    fn relation(&mut self, via: Vec<Link>, depth: usize, parts: &mut Vec<Filter>) -> Result<()> {
        let exists = |via: Vec<Link>, wanted: bool| match (wanted, some(via, Filter::True)) {
            (true, exists) => exists,
            (false, exists) => Filter::Not(Box::new(exists)),
        };
        if self.take_null()? {
            parts.push(exists(via, false));
            return Ok(());
        }
        let Some(target) = via.last().map(|link| std::sync::Arc::clone(link.target())) else {
            return Ok(());
        };
        let at = self.offset();
        let before = parts.len();
        self.object(
            "an object with `some`, `every` or `none`",
            |reader, at, name| {
                if name == "exists" {
                    let wanted = reader.boolean()?;
                    parts.push(exists(via.clone(), wanted));
                    return Ok(());
                }
                let Some(quantifier) = Quantifier::of(name) else {
                    return Err(no_quantifier(reader, at, name));
                };
                let inner = reader.wheres(&target, depth + 1)?;
                parts.push(quantifier.over(via.clone(), inner));
                Ok(())
            },
        )?;
        match parts.len() == before {
            true => Err(self.wrong(at, "an object without a test is none")),
            false => Ok(()),
        }
    }
}

fn no_quantifier(reader: &Reader<'_>, at: usize, name: &str) -> FilterError {
    let hint = suggest::among(name, ["some", "every", "none", "exists"].into_iter());
    reader.wrong(
        at,
        format!(
            "`{name}` is no test of related rows; there are some, every, none and exists{hint}"
        ),
    )
}
