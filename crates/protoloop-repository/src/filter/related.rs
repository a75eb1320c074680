//! Related rows in memory.
//!
//! What a condition on related rows asks does not depend on the row that is tested, only on its key. So the rows of the
//! other model are looked at once, and each row is tested by a look into a set of keys.

use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
};

use protoloop_wire::View;

use super::{Filter, Related};
use crate::{Join, Link, Model, OrderTerm, PropertyPath, Value, read};

/// Where the rows of other models are read.
pub trait Rows {
    /// Shows every row of a model, in no order.
    fn each(&self, model: &Model, visit: &mut dyn FnMut(&[u8]));
}

/// A filter over rows in memory that may ask for related rows.
#[derive(Debug)]
pub struct Matcher<'f> {
    model: &'f Model,
    filter: &'f Filter,
    related: Option<RelatedSets>,
}

impl<'f> Matcher<'f> {
    /// Looks up the related rows that the filter asks for; nothing, where it asks for none.
    #[must_use]
    pub fn new(model: &'f Model, filter: &'f Filter, rows: &dyn Rows) -> Self {
        Self {
            model,
            filter,
            related: RelatedSets::of(model, filter, rows),
        }
    }

    /// Whether a row fulfils the filter.
    #[must_use]
    pub fn matches(&self, row: &[u8]) -> bool {
        self.filter
            .holds(&self.model.view(row), self.related.as_ref())
    }
}

/// The keys of the rows that have a fitting related row, for each condition of a filter.
#[derive(Debug, Default)]
pub(super) struct RelatedSets(HashMap<usize, Keys>);

/// A set of keys, and where a row has its own.
#[derive(Debug)]
struct Keys {
    own: Option<PropertyPath>,
    /// Whether the row has a list of them.
    list: bool,
    keys: HashSet<Box<[u8]>>,
}

impl RelatedSets {
    /// `None` where the filter asks for no related rows.
    fn of(model: &Model, filter: &Filter, rows: &dyn Rows) -> Option<Self> {
        let mut sets = Self::default();
        sets.collect(model, filter, rows);
        (!sets.0.is_empty()).then_some(sets)
    }

    fn collect(&mut self, model: &Model, filter: &Filter, rows: &dyn Rows) {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => {
                for part in parts {
                    self.collect(model, part, rows);
                }
            }
            Filter::Not(inner) => self.collect(model, inner, rows),
            Filter::Related(related) => {
                let keys = keys_of(model, related, rows);
                self.0.insert(place_of(related), keys);
            }
            _ => {}
        }
    }

    /// Whether a row has a fitting related row.
    pub(super) fn holds(&self, related: &Related, row: &View<'_>) -> bool {
        let Some(found) = self.0.get(&place_of(related)) else {
            return false;
        };
        let Some(own) = found.own.as_ref().filter(|_| related.link.is_told(row)) else {
            return false;
        };
        if !found.list {
            let key = key(&read::scalar(row, own).to_value());
            return key.is_some_and(|key| found.keys.contains(&key));
        }
        let kind = own.leaf().kind;
        read::many(row, own).is_some_and(|(parent, number)| {
            parent.repeated(number).any(|value| {
                let key = key(&read::of_wire(value, kind).to_value());
                key.is_some_and(|key| found.keys.contains(&key))
            })
        })
    }
}

/// A condition stays where it is as long as its filter is borrowed.
fn place_of(related: &Related) -> usize {
    std::ptr::from_ref(related) as usize
}

fn key(value: &Value) -> Option<Box<[u8]>> {
    if value.is_null() {
        return None;
    }
    let mut bytes = Vec::new();
    value.push_binary(&mut bytes);
    Some(bytes.into())
}

fn keys_of(model: &Model, related: &Related, rows: &dyn Rows) -> Keys {
    let Related { link, filter } = related;
    let target = |field: u32| fulfilling(link.target(), field, &[filter, &link.scope], rows);
    let (own, list, keys) = match link.join() {
        Join::Field { own, target: field } => (*own, false, target(*field)),
        Join::List { own, target: field } => (*own, true, target(*field)),
        Join::Through {
            own,
            through,
            through_own,
            through_target,
            target: field,
            scope,
        } => {
            let targets = target(*field);
            let keys = linking(
                through,
                *through_own,
                *through_target,
                scope,
                &targets,
                rows,
            );
            (*own, false, keys)
        }
    };
    Keys {
        own: model.column_property(own),
        list,
        keys,
    }
}

/// The values of a field in the rows that fulfil all filters.
fn fulfilling(
    model: &Model,
    field: u32,
    filters: &[&Filter],
    rows: &dyn Rows,
) -> HashSet<Box<[u8]>> {
    let mut keys = HashSet::new();
    let Some(path) = model.column_property(field) else {
        return keys;
    };
    let matchers = filters.iter();
    let matchers: Vec<Matcher<'_>> = matchers
        .map(|filter| Matcher::new(model, filter, rows))
        .collect();
    rows.each(model, &mut |row| {
        if matchers.iter().all(|matcher| matcher.matches(row)) {
            keys.extend(key(&model.value_of(row, &path)));
        }
    });
    keys
}

/// The values of one field of the linking rows whose other field is among some keys.
fn linking(
    through: &Model,
    own: u32,
    target: u32,
    scope: &Filter,
    targets: &HashSet<Box<[u8]>>,
    rows: &dyn Rows,
) -> HashSet<Box<[u8]>> {
    let mut keys = HashSet::new();
    let paths = (
        through.column_property(own),
        through.column_property(target),
    );
    let (Some(own), Some(target)) = paths else {
        return keys;
    };
    let scope = Matcher::new(through, scope, rows);
    rows.each(through, &mut |row| {
        let found = key(&through.value_of(row, &target));
        if found.is_some_and(|found| targets.contains(&found)) && scope.matches(row) {
            keys.extend(key(&through.value_of(row, &own)));
        }
    });
    keys
}

/// The values that a term of an order finds behind to-one relations, by the key in the row.
#[derive(Debug)]
pub(crate) struct RelatedValues {
    link: Link,
    own: Option<PropertyPath>,
    /// With the key of the related row: of several, which no unique index has kept out, the first counts.
    values: HashMap<Box<[u8]>, (Value, Value)>,
}

impl RelatedValues {
    /// `None` for a term of the row itself.
    pub(crate) fn of(model: &Model, term: &OrderTerm, rows: &dyn Rows) -> Option<Self> {
        Self::behind(model, &term.via, &term.path, rows)
    }

    fn behind(model: &Model, via: &[Link], path: &PropertyPath, rows: &dyn Rows) -> Option<Self> {
        let (link, rest) = via.split_first()?;
        let Join::Field { own, target: field } = *link.join() else {
            return None;
        };
        let target = link.target();
        let further = Self::behind(target, rest, path, rows);
        let scope = Matcher::new(target, &link.scope, rows);
        let mut values: HashMap<Box<[u8]>, (Value, Value)> = HashMap::new();
        let joined = target.column_property(field);
        let first = target.key_order().terms().first().map(|term| &term.path);
        if let (Some(joined), Some(first)) = (joined, first) {
            rows.each(target, &mut |row| {
                let view = target.view(row);
                let found = key(&read::scalar(&view, &joined).to_value());
                let Some(found) = found.filter(|_| scope.matches(row)) else {
                    return;
                };
                let id = read::scalar(&view, first).to_value();
                let before = values.get(&found);
                if before.is_some_and(|(other, _)| other.order(&id) != Ordering::Greater) {
                    return;
                }
                let value = match &further {
                    Some(further) => further.value(&view),
                    None => read::scalar(&view, path).to_value(),
                };
                values.insert(found, (id, value));
            });
        }
        Some(Self {
            link: link.clone(),
            own: model.column_property(own),
            values,
        })
    }

    /// The value for a row; null where the relation leads nowhere.
    pub(crate) fn value(&self, row: &View<'_>) -> Value {
        let own = self.own.as_ref().filter(|_| self.link.is_told(row));
        let key = own.and_then(|own| key(&read::scalar(row, own).to_value()));
        let found = key.and_then(|key| self.values.get(&key));
        found.map_or(Value::Null, |(_, value)| value.clone())
    }
}
