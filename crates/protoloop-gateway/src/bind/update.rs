//! The mask of a standard Update, from the HTTP method and the body.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, View, Writer};

use super::{
    assign::{Assignment, BodyPart, Source},
    form::FormBody,
    json,
};
use crate::{
    RestOptions,
    plan::{BodyPlan, Plan, UpdatePlan},
};

/// `FieldMask.paths`.
const PATHS: u32 = 1;

/// What the request's body says.
#[derive(Debug)]
pub(super) struct Given<'b> {
    pub(super) body: &'b BodyPart,
    /// The JSON it was made of.
    pub(super) text: &'b [u8],
    /// Or the form.
    pub(super) form: Option<&'b FormBody>,
}

/// Adds the mask that the request does not give: `*` for PUT, the fields of the body for PATCH.
///
/// # Errors
/// INVALID_ARGUMENT when PUT comes with another mask.
pub(super) fn add_mask<'a>(
    tables: &'a Tables,
    plan: &Plan,
    update: &UpdatePlan,
    options: &RestOptions,
    given: &Given<'_>,
    assignments: &mut Vec<Assignment<'a>>,
) -> Result<()> {
    let Some(leaf) = tables.message(plan.input).field(update.mask) else {
        return Ok(());
    };
    let whole = Assignment {
        numbers: Cow::Owned(vec![update.mask]),
        leaf,
        map_key: None,
        record: mask_record(update.mask, ["*"]),
        name: Cow::Borrowed(leaf.name()),
        source: Source::Query,
    };
    if let Some(mask) = given_mask(tables, plan, update, given.body, assignments) {
        return if update.replace && mask != whole.record {
            let text = "PUT replaces the whole resource; leave the mask out, or use PATCH";
            Err(Error::invalid_field(leaf.name(), text))
        } else {
            Ok(())
        };
    }
    if update.replace {
        assignments.push(whole);
        return Ok(());
    }
    let paths = present(tables, plan, update, options, given)?;
    if !paths.is_empty() {
        let record = mask_record(update.mask, paths.iter().map(String::as_str));
        assignments.push(Assignment { record, ..whole });
    }
    Ok(())
}

/// The record of the mask that the query or the body gives. An empty mask says as much as none, and is taken out.
fn given_mask(
    tables: &Tables,
    plan: &Plan,
    update: &UpdatePlan,
    body: &BodyPart,
    assignments: &mut Vec<Assignment<'_>>,
) -> Option<Vec<u8>> {
    let empty = mask_record(update.mask, []);
    assignments.retain(|one| *one.numbers != [update.mask] || one.record != empty);
    if let Some(one) = assignments.iter().find(|one| *one.numbers == [update.mask]) {
        return Some(one.record.clone());
    }
    let BodyPart::Whole(bytes) = body else {
        return None;
    };
    let mask = View::new(tables, plan.input, bytes).message(update.mask)?;
    let mut writer = Writer::with_capacity(mask.bytes().len() + 8);
    writer.bytes(update.mask, mask.bytes());
    Some(writer.finish()).filter(|record| *record != empty)
}

fn mask_record<'p>(number: u32, paths: impl IntoIterator<Item = &'p str>) -> Vec<u8> {
    let mut writer = Writer::new();
    let open = writer.open(number);
    for path in paths {
        writer.string(PATHS, path);
    }
    writer.close(open);
    writer.finish()
}

/// The fields of the resource that stand in the JSON, in proto names, but for its key and its etag.
fn present(
    tables: &Tables,
    plan: &Plan,
    update: &UpdatePlan,
    options: &RestOptions,
    given: &Given<'_>,
) -> Result<Vec<String>> {
    let resource = tables
        .message(plan.input)
        .field(update.resource)
        .and_then(|field| Some((field.name(), tables.message(field.message()?))));
    let (Some((name, resource)), false) = (resource, matches!(given.body, BodyPart::Absent)) else {
        return Ok(Vec::new());
    };
    let paths = match plan.body {
        BodyPlan::Field(number) if number == update.resource => {
            given.paths(tables, resource.id(), options)?
        }
        BodyPlan::Whole => {
            let prefix = format!("{name}.");
            let paths = given.paths(tables, plan.input, options)?;
            let below = |path: String| path.strip_prefix(&prefix).map(str::to_owned);
            paths.into_iter().filter_map(below).collect()
        }
        BodyPlan::None | BodyPlan::Field(_) | BodyPlan::Raw(_) => Vec::new(),
    };
    let unmasked = |path: &str| {
        let number = resource.fields().iter().find(|field| field.name() == path);
        number.is_some_and(|field| update.unmasked.contains(&field.number()))
    };
    Ok(paths.into_iter().filter(|path| !unmasked(path)).collect())
}

impl Given<'_> {
    /// The fields of the message `id` that the body gives.
    fn paths(&self, tables: &Tables, id: MessageId, options: &RestOptions) -> Result<Vec<String>> {
        match self.form {
            Some(form) => Ok(form.present().to_vec()),
            None => Ok(json::present(tables, id, self.text, &options.decode)?),
        }
    }
}
