//! From names to properties of a row and of rows related to it.

use std::sync::Arc;

use crate::{Link, Model, PropertyError, PropertyPath, filter::limits};

/// Where names lead.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The relations on the way.
    pub(crate) via: Vec<Link>,
    /// The lists of messages behind them, each within the one before.
    pub(crate) lists: Vec<PropertyPath>,
    /// The property behind all; `None` where the names end with a relation.
    pub(crate) path: Option<PropertyPath>,
}

impl Model {
    /// The property that names lead to, through relations where they name some first.
    ///
    /// # Errors
    /// As [`Model::property`]; and for relations that no query can follow, or too many of them.
    pub(crate) fn resolve<S: AsRef<str>>(&self, names: &[S]) -> Result<Resolved, PropertyError> {
        let mut via: Vec<Link> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let target = via.last().map(|link| Arc::clone(link.target()));
            let model = target.as_deref().unwrap_or(self);
            let wrong = |message: String| PropertyError {
                segment: at,
                message,
            };
            let hidden = |field| model.field(field).is_none_or(|field| field.hidden);
            let relation = model.relation(name.as_ref());
            let Some(relation) = relation.filter(|relation| !hidden(relation.field)) else {
                let (lists, path) =
                    model
                        .element_property(&names[at..])
                        .map_err(|error| PropertyError {
                            segment: at + error.segment,
                            ..error
                        })?;
                return Ok(Resolved {
                    via,
                    lists,
                    path: Some(path),
                });
            };
            if model.entity().not_filterable.contains(&relation.field) {
                let name = &relation.name;
                return Err(wrong(format!(
                    "`{name}` can be neither filtered nor ordered by"
                )));
            }
            if via.len() == limits::HOPS {
                let most = limits::HOPS;
                return Err(wrong(format!("a path follows at most {most} relations")));
            }
            let link = model.link(relation);
            via.push(link.map_err(|error| wrong(error.message().to_owned()))?);
        }
        match via.is_empty() {
            true => Err(PropertyError {
                segment: 0,
                message: "a property name is missing".to_owned(),
            }),
            false => Ok(Resolved {
                via,
                lists: Vec::new(),
                path: None,
            }),
        }
    }
}
