//! `{ "gt": 5, "lte": 10 }`.

use protoloop_wire::json::TokenKind;

use super::reader::{Reader, Result};
use crate::{
    FilterError, Leaf, LeafKind, LeafShape, Model, PropertyPath, Value,
    filter::{
        CompareOp, Filter, Pattern,
        condition::{Condition, Elements, is_ordered},
        suggest,
    },
};

/// The operators, as LoopBack names them.
const NAMES: &[&str] = &[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "inq",
    "nin",
    "like",
    "nlike",
    "ilike",
    "nilike",
    "regexp",
    "exists",
    "contains",
    "containedBy",
    "containsAny",
    "containsAnyOf",
    "length",
];

/// A property that is tested.
#[derive(Clone, Copy)]
pub(super) struct Tested<'p> {
    pub(super) model: &'p Model,
    pub(super) path: &'p PropertyPath,
}

impl Tested<'_> {
    fn leaf(&self) -> &Leaf {
        self.path.leaf()
    }

    fn absent(&self) -> Condition {
        Condition::is_not(Filter::has(self.path.clone()))
    }

    /// The same where it holds text.
    fn text(&self) -> Option<PropertyPath> {
        if self.path.is_dynamic(self.model) {
            return Some(self.path.typed(LeafKind::String));
        }
        let leaf = self.leaf();
        (leaf.kind == LeafKind::String && leaf.shape == LeafShape::Single)
            .then(|| self.path.clone())
    }
}

impl Reader<'_> {
    /// A property equals the value that comes next, or is absent.
    pub(super) fn equals(&mut self, tested: Tested<'_>) -> Result<Condition> {
        self.single(tested)?;
        Ok(match self.typed(tested)? {
            Some((path, value)) => Condition::compare(path, CompareOp::Eq, value),
            None => tested.absent(),
        })
    }

    /// The operators of an object, each as a condition. `like` and `regexp` have their `options` beside them.
    pub(super) fn operators(&mut self, tested: Tested<'_>) -> Result<Vec<Condition>> {
        let start = self.offset();
        let mut found = Vec::new();
        let mut patterns = Vec::new();
        let mut folded = false;
        self.object("an object of operators", |reader, at, name| {
            match name {
                "like" | "nlike" | "ilike" | "nilike" | "regexp" => {
                    let path = tested.text().ok_or_else(|| {
                        let path = tested.path;
                        reader.wrong(at, format!("`{path}` is no string, which {name} is for"))
                    })?;
                    let at = reader.offset();
                    let pattern = reader.string("a pattern")?;
                    patterns.push((name.to_owned(), path, at, pattern.into_owned()));
                }
                "options" => {
                    let at = reader.offset();
                    match &*reader.string("\"i\"")? {
                        "i" => folded = true,
                        "" => {}
                        _ => return Err(reader.wrong(at, "the one option is `i`")),
                    }
                }
                name => found.push(reader.operator(tested, at, name)?),
            }
            Ok(())
        })?;
        for (name, path, at, pattern) in patterns {
            let made = pattern_condition(&name, path, &pattern, folded);
            found.push(made.map_err(|error| self.wrong(at, error))?);
        }
        if found.is_empty() {
            // Someone's value got lost on the way; all rows are not what was meant.
            return Err(self.wrong(start, "an object without an operator is no test"));
        }
        Ok(found)
    }

    fn operator(&mut self, tested: Tested<'_>, at: usize, name: &str) -> Result<Condition> {
        let op = match name {
            "eq" => return self.equals(tested),
            "neq" => return Ok(self.equals(tested)?.complement()),
            "gt" => CompareOp::Gt,
            "gte" => CompareOp::Ge,
            "lt" => CompareOp::Lt,
            "lte" => CompareOp::Le,
            "between" => return self.between(tested),
            "inq" => return self.among(tested),
            "nin" => return Ok(self.among(tested)?.complement()),
            "exists" => {
                let has = Condition::is(Filter::has(tested.path.clone()));
                return Ok(match self.boolean()? {
                    true => has,
                    false => has.complement(),
                });
            }
            "contains" | "containsAny" | "containsAnyOf" | "containedBy"
                if tested.path.is_dynamic(tested.model) =>
            {
                let values = self.dynamic_elements(tested)?;
                return Ok(Condition::of_list(tested.path, Elements::of(name), values));
            }
            "contains" => {
                let values = self.elements(tested, at, name)?;
                return Ok(Condition::contains_all(tested.path, values));
            }
            "containsAny" | "containsAnyOf" => {
                let values = self.elements(tested, at, name)?;
                return Ok(Condition::contains_any(tested.path, values));
            }
            "containedBy" => {
                let values = self.elements(tested, at, name)?;
                let path = tested.path.clone();
                return Ok(Condition::is(Filter::ContainedBy { path, values }));
            }
            "length" => return self.length(tested, at),
            _ => return Err(self.no_operator(tested, at, name)),
        };
        self.ordered(tested, at)?;
        let (path, value) = self.typed_present(tested)?;
        Ok(Condition::compare(path, op, value))
    }

    fn between(&mut self, tested: Tested<'_>) -> Result<Condition> {
        let at = self.offset();
        self.ordered(tested, at)?;
        let mut bounds = Vec::new();
        self.array("a list of two values", |reader, _| {
            bounds.push(reader.typed_present(tested)?);
            Ok(())
        })?;
        let pair = <[_; 2]>::try_from(bounds);
        let [(path, from), (other, to)] = pair.map_err(|_| {
            self.wrong(at, "`between` takes two values, the least and the greatest")
        })?;
        if path != other {
            return Err(self.wrong(at, "`between` takes two values of one type"));
        }
        Ok(Condition::between(path, from, to))
    }

    fn among(&mut self, tested: Tested<'_>) -> Result<Condition> {
        self.single(tested)?;
        let mut many: Vec<(PropertyPath, Vec<Value>)> = Vec::new();
        let mut null = false;
        self.array("a list of values", |reader, _| {
            match reader.typed(tested)? {
                None => null = true,
                Some((path, value)) => {
                    match many.iter_mut().find(|(present, _)| *present == path) {
                        Some((_, values)) => values.push(value),
                        None => many.push((path, vec![value])),
                    }
                }
            }
            Ok(())
        })?;
        if many.is_empty() && !null {
            let path = tested.path.clone();
            many.push((path, Vec::new()));
        }
        Ok(Condition::among(many, null.then(|| tested.path.clone())))
    }

    /// The elements or keys that `contains` and its like name.
    fn elements(&mut self, tested: Tested<'_>, at: usize, name: &str) -> Result<Vec<Value>> {
        let mut leaf = *tested.leaf();
        match leaf.shape {
            LeafShape::Single => {
                let path = tested.path;
                return Err(self.wrong(at, format!("`{path}` is no list, which {name} is for")));
            }
            // Of a map the keys are meant.
            LeafShape::Map if name == "containedBy" => {
                return Err(self.wrong(at, "`containedBy` is for lists"));
            }
            LeafShape::Map => leaf.kind = LeafKind::String,
            LeafShape::List => {}
        }
        let at = self.offset();
        let values = self.one_or_more(tested.model, &leaf)?;
        // Each is a condition of its own.
        for _ in 1..values.len() {
            self.spend(at, 0)?;
        }
        Ok(values)
    }

    /// The elements that a list in a Struct is asked for, one or several, each of a type of its own.
    fn dynamic_elements(&mut self, tested: Tested<'_>) -> Result<Vec<(LeafKind, Value)>> {
        let mut values = Vec::new();
        let mut add = |reader: &mut Self| -> Result<()> {
            let at = reader.offset();
            if !values.is_empty() {
                reader.spend(at, 0)?;
            }
            let (path, value) = reader.typed_present(tested)?;
            values.push((path.leaf().kind, value));
            Ok(())
        };
        match self.kind()? {
            TokenKind::Array => self.array("a list of values", |reader, _| add(reader))?,
            _ => add(self)?,
        }
        Ok(values)
    }

    /// `"length": 2` or `"length": { "gt": 2 }`.
    fn length(&mut self, tested: Tested<'_>, at: usize) -> Result<Condition> {
        let path = match tested.path.is_dynamic(tested.model) {
            true => tested.path.list(),
            false => tested.path.clone(),
        };
        if path.leaf().shape == LeafShape::Single {
            return Err(self.wrong(at, format!("`{path}` is no list, which length is for")));
        }
        if self.kind()? == TokenKind::Number {
            let value = self.count()?;
            let op = CompareOp::Eq;
            return Ok(Condition::is(Filter::Length { path, op, value }));
        }
        let mut parts = Vec::new();
        self.object(
            "a number, or an object of comparisons",
            |reader, at, name| {
                let op = match name {
                    "eq" => CompareOp::Eq,
                    "neq" => CompareOp::Ne,
                    "gt" => CompareOp::Gt,
                    "gte" => CompareOp::Ge,
                    "lt" => CompareOp::Lt,
                    "lte" => CompareOp::Le,
                    _ => {
                        return Err(
                            reader.wrong(at, "a length compares by eq, neq, gt, gte, lt or lte")
                        );
                    }
                };
                let (path, value) = (path.clone(), reader.count()?);
                parts.push(Filter::Length { path, op, value });
                Ok(())
            },
        )?;
        if parts.is_empty() {
            return Err(self.wrong(at, "an object without a comparison is no test"));
        }
        Ok(Condition::is(Filter::And(parts)))
    }

    /// A value and the path to where the property is of its type; `None` for null.
    fn typed(&mut self, tested: Tested<'_>) -> Result<Option<(PropertyPath, Value)>> {
        if !tested.path.is_dynamic(tested.model) {
            let value = self.value(tested.model, tested.leaf())?;
            return Ok((!value.is_null()).then(|| (tested.path.clone(), value)));
        }
        let kind = match self.kind()? {
            TokenKind::String => LeafKind::String,
            TokenKind::Bool => LeafKind::Bool,
            _ => LeafKind::Double,
        };
        let path = tested.path.typed(kind);
        let value = self.value(tested.model, path.leaf())?;
        Ok((!value.is_null()).then_some((path, value)))
    }

    fn typed_present(&mut self, tested: Tested<'_>) -> Result<(PropertyPath, Value)> {
        let at = self.offset();
        let found = self.typed(tested)?;
        found.ok_or_else(|| self.wrong(at, "null compares with nothing; test with `exists`"))
    }

    /// Refuses lists and maps where one value is compared.
    fn single(&mut self, tested: Tested<'_>) -> Result<()> {
        if tested.leaf().shape == LeafShape::Single || self.kind()? == TokenKind::Null {
            return Ok(());
        }
        let at = self.offset();
        let path = tested.path;
        let what = format!("`{path}` holds many values; test it with `contains`");
        Err(self.wrong(at, what))
    }

    fn ordered(&mut self, tested: Tested<'_>, at: usize) -> Result<()> {
        self.single(tested)?;
        if is_ordered(tested.leaf()) || tested.path.is_dynamic(tested.model) {
            return Ok(());
        }
        let path = tested.path;
        Err(self.wrong(
            at,
            format!("`{path}` has no order; compare it with `eq` or `inq`"),
        ))
    }

    fn no_operator(&self, tested: Tested<'_>, at: usize, name: &str) -> FilterError {
        let leaf = tested.leaf();
        if leaf.shape == LeafShape::Map || matches!(leaf.kind, LeafKind::Message(_)) {
            let path = tested.path;
            let what =
                format!("`{name}` is no operator; write a property inside as `{path}.{name}`");
            return self.wrong(at, what);
        }
        let hint = suggest::among(name, NAMES.iter().copied());
        self.wrong(at, format!("`{name}` is no operator{hint}"))
    }
}

fn pattern_condition(
    name: &str,
    path: PropertyPath,
    text: &str,
    folded: bool,
) -> std::result::Result<Condition, String> {
    Ok(match name {
        "like" => Condition::like(path, text, folded)?,
        "nlike" => Condition::like(path, text, folded)?.complement(),
        "ilike" => Condition::like(path, text, true)?,
        "nilike" => Condition::like(path, text, true)?.complement(),
        _ => {
            let pattern = Pattern::new(&expression(text, folded)?)?;
            Condition::is(Filter::Regexp { path, pattern })
        }
    })
}

/// The expression of `^T` or `/^t/i`.
fn expression(text: &str, folded: bool) -> std::result::Result<String, String> {
    let slashed = text
        .strip_prefix('/')
        .and_then(|rest| rest.rsplit_once('/'));
    let (source, flags) = slashed.unwrap_or((text, ""));
    let mut inline = String::new();
    for flag in flags.chars() {
        match flag {
            'i' | 'm' | 's' if inline.contains(flag) => {}
            'i' | 'm' | 's' => inline.push(flag),
            // All or the first, and characters instead of code units: it is only asked whether there is one.
            'g' | 'u' => {}
            flag => return Err(format!("`{flag}` is no flag; there are i, m and s")),
        }
    }
    if folded && !inline.contains('i') {
        inline.push('i');
    }
    Ok(match inline.as_str() {
        "" => source.to_owned(),
        flags => format!("(?{flags}){source}"),
    })
}
