//! What a request asks for by its arguments and by the filter object among them.
//!
//! Each thing may be said in either place, or in both if they agree.

use protoloop_core::{Error, Result};
use protoloop_wire::mask::Mask;

use super::{arguments::Arguments, operation::Operation};
use crate::{Inclusion, OrderBy, Scope};

impl Operation {
    /// The filter of a request, with all that a filter object says; nothing where it is blank.
    pub(super) fn scope(&self, arguments: &Arguments<'_>) -> Result<Scope> {
        let number = arguments.shape.filter;
        let text = arguments.text(number);
        if text.is_empty() {
            return Ok(Scope::default());
        }
        Scope::parse(self.model(), text).map_err(|error| error.at_field(arguments.name(number)))
    }

    /// As [`Operation::scope`] of a request for one row, of which a filter object can only say what is shown.
    pub(super) fn scope_of_one(&self, arguments: &Arguments<'_>) -> Result<Scope> {
        let scope = self.scope(arguments)?;
        match scope {
            Scope {
                filter: None,
                order: None,
                limit: None,
                skip: None,
                ..
            } => Ok(scope),
            _ => Err(arguments.invalid(
                arguments.shape.filter,
                "of one row only `fields` and `include` can be asked",
            )),
        }
    }

    /// The mask of a read; `None` for all fields.
    pub(super) fn read_mask(
        &self,
        arguments: &Arguments<'_>,
        fields: Option<Mask>,
    ) -> Result<Option<Mask>> {
        let number = arguments.shape.read_mask;
        let given = arguments
            .paths(number)
            .map(|paths| self.subject.mask(paths, arguments.name(number)))
            .transpose()?;
        let mask = agreed(arguments, number, "fields", given, fields)?;
        Ok(mask.filter(|mask| !mask.is_whole()))
    }

    /// What is to be included.
    pub(super) fn include(
        &self,
        arguments: &Arguments<'_>,
        include: Vec<Inclusion>,
    ) -> Result<Vec<Inclusion>> {
        let number = arguments.shape.include;
        let text = arguments.text(number);
        if text.is_empty() {
            return Ok(include);
        }
        let given = Inclusion::parse(self.model(), text)
            .map_err(|error| error.at_field(arguments.name(number)))?;
        let both = (!include.is_empty()).then_some(include);
        let agreed = agreed(arguments, number, "include", Some(given), both)?;
        Ok(agreed.unwrap_or_default())
    }

    pub(super) fn order(
        &self,
        arguments: &Arguments<'_>,
        order: Option<OrderBy>,
        nearest: Option<OrderBy>,
    ) -> Result<OrderBy> {
        let number = arguments.shape.order_by;
        let text = arguments.text(number);
        let given = (!text.trim().is_empty())
            .then(|| OrderBy::parse(self.model(), text))
            .transpose()
            .map_err(|error| error.at_field(arguments.name(number)))?;
        let agreed = agreed(arguments, number, "order", given, order)?;
        let asked = agreed.or(nearest);
        Ok(asked.unwrap_or_else(|| self.model().key_order().clone()))
    }

    /// How many rows a page has.
    pub(super) fn page_size(&self, arguments: &Arguments<'_>, limit: Option<u32>) -> Result<u32> {
        let entity = self.model().entity();
        let number = arguments.shape.page_size;
        let given = match arguments.integer(number) {
            0 => None,
            size if size < 0 => return Err(arguments.invalid(number, "must not be negative")),
            size => Some(u32::try_from(size).unwrap_or(u32::MAX)),
        };
        let asked = agreed(arguments, number, "limit", given, limit)?;
        let asked = asked.unwrap_or(entity.default_page_size);
        Ok(asked.min(entity.max_page_size).max(1))
    }

    /// How many rows are left out before the page. Those of a filter object stand in front of the first page alone,
    /// because it is sent again with the token of the next.
    pub(super) fn skip(&self, arguments: &Arguments<'_>, skip: Option<u64>) -> Result<u64> {
        let number = arguments.shape.skip;
        let given = match arguments.integer(number) {
            0 => None,
            skip => Some(
                u64::try_from(skip)
                    .map_err(|_| arguments.invalid(number, "must not be negative"))?,
            ),
        };
        let is_first = arguments.text(arguments.shape.page_token).is_empty();
        match (given, skip) {
            (None, Some(skip)) if is_first => Ok(skip),
            (None, _) => Ok(0),
            (given, skip) => Ok(agreed(arguments, number, "skip", given, skip)?.unwrap_or(0)),
        }
    }
}

/// What an argument says and what the filter object says, which are the same where both say something.
fn agreed<T: PartialEq>(
    arguments: &Arguments<'_>,
    number: Option<u32>,
    member: &str,
    given: Option<T>,
    asked: Option<T>,
) -> Result<Option<T>, Error> {
    match (given, asked) {
        (Some(given), Some(asked)) if given != asked => Err(arguments.invalid(
            number,
            format!("says something else than `{member}` of the filter; say it once"),
        )),
        (given, asked) => Ok(given.or(asked)),
    }
}
