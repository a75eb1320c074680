//! LoopBack's exploded filters: `filter[where][price][gt]=5&filter[limit]=2`.
//!
//! Their brackets become the JSON of a filter object, in which each text is a number, a bool or a string as the type of the
//! field asks for that it is compared with. What does not read so stays a string, which the filter then refuses.

mod render;
#[cfg(test)]
mod tests;

use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::Tables;

use crate::plan::FilterPlan;

/// The most parameters of one filter.
const PARAMETERS: usize = 500;

/// The most brackets of one parameter.
const DEPTH: usize = 64;

/// What stands at one place of the filter.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The values that were given right here.
    texts: Vec<String>,
    /// What was given below, by the content of the next bracket; each empty one stands for a place of its own.
    members: Vec<(String, Self)>,
}

/// The parameters of a filter, as they come.
#[derive(Debug, Default)]
pub(super) struct Exploded {
    root: Node,
    count: usize,
    /// The first parameter, for errors.
    key: String,
}

impl Exploded {
    /// Whether a key is one of an exploded filter.
    pub(super) fn takes(plan: &Option<FilterPlan>, key: &str) -> bool {
        let rest = plan.as_ref().and_then(|plan| key.strip_prefix(&*plan.name));
        rest.is_some_and(|rest| rest.starts_with('['))
    }

    /// Takes a parameter up.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for brackets that are not closed, and beyond the bounds.
    pub(super) fn add(&mut self, plan: &FilterPlan, key: &str, value: &str) -> Result<()> {
        let wrong = |what: String| Error::invalid_field(key, what);
        if self.count == PARAMETERS {
            return Err(wrong(format!(
                "a filter has at most {PARAMETERS} parameters"
            )));
        }
        if self.count == 0 {
            self.key = key.to_owned();
        }
        self.count += 1;
        let mut node = &mut self.root;
        let mut rest = &key[plan.name.len()..];
        let mut depth = 0;
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let Some((name, behind)) = inner else {
                return Err(wrong("expected brackets to the end of the key".to_owned()));
            };
            depth += 1;
            if depth > DEPTH {
                return Err(wrong(format!("more than {DEPTH} brackets")));
            }
            let found = node.members.iter().position(|(present, _)| present == name);
            let at = found.filter(|_| !name.is_empty()).unwrap_or_else(|| {
                node.members.push((name.to_owned(), Node::default()));
                node.members.len() - 1
            });
            node = &mut node.members[at].1;
            rest = behind;
        }
        node.texts.push(value.to_owned());
        Ok(())
    }

    /// The first parameter and the JSON of the filter; `None` when there was none.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a place that has both a value and something below.
    pub(super) fn finish(
        self,
        tables: &Tables,
        model: MessageId,
    ) -> Result<Option<(String, String)>> {
        if self.count == 0 {
            return Ok(None);
        }
        let json = render::filter(tables, model, &self.root)
            .map_err(|what| Error::invalid_field(&self.key, what))?;
        Ok(Some((self.key, json)))
    }
}
