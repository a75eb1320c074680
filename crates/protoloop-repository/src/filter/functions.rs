//! The functions that AIP-160 is extended by.

use super::{
    CompareOp, Filter, FilterError, Pattern,
    check::Checker,
    condition::{Condition, Elements},
    literal, suggest,
    syntax::{Comparator, Name},
};
use crate::{Leaf, LeafKind, LeafShape, Model, Place, PropertyPath, Value};

const NAMES: &[&str] = &[
    "like",
    "ilike",
    "regexp",
    "contains",
    "containsAny",
    "containedBy",
    "length",
    "distance",
    "some",
    "every",
    "none",
];

pub(crate) const NO_PLACE: &str =
    "there is no such place: latitudes are from -90 to 90, longitudes from -180 to 180";

/// The condition of a function, or of its comparison with a value.
pub(super) fn check(
    checker: &mut Checker,
    model: &Model,
    name: &Name,
    args: &[Name],
    comparison: Option<&(Comparator, Name)>,
) -> Result<Filter, FilterError> {
    let at = |message: String| FilterError::new(name.column, message);
    let text = name.text.as_str();
    if !NAMES.contains(&text) {
        let hint = suggest::among(text, NAMES.iter().copied());
        let names = NAMES.join(", ");
        return Err(at(format!(
            "there is no function `{text}`; there are {names}{hint}"
        )));
    }
    let Some((property, values)) = args.split_first() else {
        return Err(at(format!("{text} takes a property first")));
    };
    let found = checker.resolve(model, &split(property))?;
    let target = found.via.last().map_or(model, |link| link.target());
    let path = found.path.ok_or_else(|| {
        let what = format!("`{}` is a relation; name a property of it", property.text);
        FilterError::new(property.column, what)
    })?;
    let call = Call {
        model: target,
        name,
        property,
        path: &path,
        values,
    };
    let condition = match (text, comparison) {
        ("length", Some((by, value))) => call.length(*by, value)?,
        ("distance", Some((by, value))) => call.distance(*by, value)?,
        ("distance", None) => {
            let what = "write `distance(f, latitude, longitude) < 1000`, in meters";
            return Err(at(what.to_owned()));
        }
        ("length", None) => {
            return Err(at("write `length(f) = 2`, or another comparison".to_owned()));
        }
        (_, Some((_, value))) => {
            return Err(FilterError::new(
                value.column,
                format!("{text} is a condition and compares with nothing"),
            ));
        }
        ("like" | "ilike" | "regexp", None) => call.pattern()?,
        (_, None) => {
            for _ in 1..values.len() {
                checker.spend(name.column)?;
            }
            call.elements()?
        }
    };
    Ok(condition.of_element(&found.lists).through(found.via))
}

struct Call<'a> {
    model: &'a Model,
    name: &'a Name,
    property: &'a Name,
    path: &'a PropertyPath,
    values: &'a [Name],
}

impl Call<'_> {
    fn wrong(&self, column: usize, message: String) -> FilterError {
        FilterError::new(column, message)
    }

    fn pattern(&self) -> Result<Condition, FilterError> {
        let name = &self.name.text;
        let [pattern] = self.values else {
            return Err(self.wrong(
                self.name.column,
                format!("{name} takes a property and a pattern"),
            ));
        };
        let path = match self.path.is_dynamic(self.model) {
            true => self.path.typed(LeafKind::String),
            false => self.path.clone(),
        };
        if path.leaf().kind != LeafKind::String || path.leaf().shape != LeafShape::Single {
            let what = format!("`{path}` is no string, which {name} is for");
            return Err(self.wrong(self.property.column, what));
        }
        let made = match name.as_str() {
            "regexp" => Pattern::new(&pattern.text)
                .map(|pattern| Condition::is(Filter::Regexp { path, pattern })),
            name => Condition::like(path, &pattern.text, name == "ilike"),
        };
        made.map_err(|error| self.wrong(pattern.column, error))
    }

    fn elements(&self) -> Result<Condition, FilterError> {
        let (name, path) = (&self.name.text, self.path);
        if self.values.is_empty() {
            let what = format!("{name} takes a property and at least one value");
            return Err(self.wrong(self.name.column, what));
        }
        if path.is_dynamic(self.model) {
            let values = self.values.iter().map(|value| {
                let kind = literal::kind(value);
                let leaf = *path.typed(kind).leaf();
                Ok((kind, literal::value(self.model, &leaf, value)?))
            });
            let values = values.collect::<Result<_, FilterError>>()?;
            return Ok(Condition::of_list(path, Elements::of(name), values));
        }
        let mut leaf: Leaf = *path.leaf();
        match leaf.shape {
            LeafShape::List => {}
            LeafShape::Map if name != "containedBy" => leaf.kind = LeafKind::String,
            _ => {
                let what = format!("`{path}` is no list, which {name} is for");
                return Err(self.wrong(self.property.column, what));
            }
        }
        let values = self.values.iter();
        let values = values.map(|value| literal::value(self.model, &leaf, value));
        let values: Vec<_> = values.collect::<Result<_, _>>()?;
        Ok(match name.as_str() {
            "contains" => Condition::contains_all(path, values),
            "containsAny" => Condition::contains_any(path, values),
            _ => Condition::is(Filter::ContainedBy {
                path: path.clone(),
                values,
            }),
        })
    }

    fn distance(&self, by: Comparator, value: &Name) -> Result<Condition, FilterError> {
        let [latitude, longitude] = self.values else {
            let what = "distance takes a place, a latitude and a longitude";
            return Err(self.wrong(self.name.column, what.to_owned()));
        };
        let number = |name: &Name| {
            let number = name.text.parse().ok().filter(|_| !name.quoted);
            let text = &name.text;
            number.ok_or_else(|| self.wrong(name.column, format!("`{text}` is no number")))
        };
        let place = Place::new(number(latitude)?, number(longitude)?);
        let place = place.ok_or_else(|| self.wrong(latitude.column, NO_PLACE.to_owned()))?;
        let path = self.path.distance(self.model, place);
        let path = path.ok_or_else(|| {
            let what = format!(
                "`{}` is no google.type.LatLng, which distance is for",
                self.path
            );
            self.wrong(self.property.column, what)
        })?;
        let Comparator::Op(op @ (CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge)) =
            by
        else {
            let what = "compare a distance by `<`, `<=`, `>` or `>=`";
            return Err(self.wrong(value.column, what.to_owned()));
        };
        let meters = number(value)?;
        Ok(Condition::compare(path, op, Value::F64(meters)))
    }

    fn length(&self, by: Comparator, value: &Name) -> Result<Condition, FilterError> {
        let path = match self.path.is_dynamic(self.model) {
            true => self.path.list(),
            false => self.path.clone(),
        };
        if path.leaf().shape == LeafShape::Single {
            let what = format!("`{path}` is no list, which length is for");
            return Err(self.wrong(self.property.column, what));
        }
        if !self.values.is_empty() {
            return Err(self.wrong(
                self.name.column,
                "length takes a list or map alone".to_owned(),
            ));
        }
        let Comparator::Op(op) = by else {
            let what = "compare a length by `=`, `!=`, `<`, `<=`, `>` or `>=`";
            return Err(self.wrong(value.column, what.to_owned()));
        };
        let text = value.text.as_str();
        let number = text.parse().ok().filter(|_| !value.quoted);
        let value = number.ok_or_else(|| {
            self.wrong(
                value.column,
                format!("`{text}` is no whole number from 0 on"),
            )
        })?;
        Ok(Condition::is(Filter::Length { path, op, value }))
    }
}

/// The segments of a property that was read as a literal.
fn split(property: &Name) -> Vec<Name> {
    let mut column = property.column;
    property
        .text
        .split('.')
        .map(|text| {
            let name = Name {
                text: text.to_owned(),
                column,
                ..property.clone()
            };
            column += text.chars().count() + 1;
            name
        })
        .collect()
}
