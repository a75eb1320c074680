//! Path, query and body to the one request message, as protobuf bytes.
//!
//! Path values win: what query or body say about the same field must be equal, or the request is refused. Nothing is
//! merged silently, nothing given is dropped silently.

mod assign;
mod exploded;
mod form;
mod json_value;
mod query;
mod raw;
mod scalar;
mod target;
mod update;

use std::borrow::Cow;

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_wire::{Tables, canonicalize_bytes, json};

use self::{
    assign::{Assignment, BodyPart, Source},
    exploded::Exploded,
    target::{Miss, Place},
};
use crate::{
    PathProfile, RestOptions, UnknownQuery,
    plan::{BodyPlan, Plan, RequestField},
    router::{Match, Route},
};

pub(crate) use form::{Fields, FormBody};
pub(crate) use query::{Alt, System, http_methods, may_hold_alt};

/// A request as it came in, matched.
#[derive(Debug)]
pub(crate) struct Parts<'r> {
    /// The route's match.
    pub(crate) found: &'r Match<'r>,
    /// The route.
    pub(crate) route: &'r Route,
    /// The query string, without its question mark.
    pub(crate) query: &'r str,
    /// The body; empty for none.
    pub(crate) body: &'r Bytes,
    /// What the body says, where it is a form.
    pub(crate) form: Option<FormBody>,
    /// The request message, where it did not come as a body but in a frame; checked.
    pub(crate) message: Option<Bytes>,
    /// `Content-Type` as it was sent, for `google.api.HttpBody`.
    pub(crate) content_type: &'r str,
    /// What headers say about fields.
    pub(crate) from_headers: Vec<HeaderField<'r>>,
}

/// The value that a header gives a field.
#[derive(Clone, Debug)]
pub(crate) struct HeaderField<'r> {
    /// The field.
    pub(crate) field: &'r RequestField,
    /// Its value.
    pub(crate) text: String,
    /// The header's name, for errors.
    pub(crate) header: &'static str,
}

/// The request message, and what the query says beside it.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) message: Bytes,
    pub(crate) system: System,
}

/// Builds the request message.
///
/// # Errors
/// INVALID_ARGUMENT naming the field or parameter.
pub(crate) fn bind(
    tables: &Tables,
    plan: &Plan,
    options: &RestOptions,
    mut parts: Parts<'_>,
) -> Result<Bound> {
    let mut form = parts.form.take();
    let parts = &parts;
    let mut assignments = path_values(tables, plan, options.path, parts)?;
    let system = query_values(tables, plan, options, parts.query, &mut assignments)?;
    header_values(tables, &parts.from_headers, &mut assignments)?;
    let body = body_part(tables, plan, options, parts, form.as_mut())?;
    if let Some(update) = &plan.update {
        let given = update::Given {
            body: &body,
            text: parts.body,
            form: form.as_ref(),
        };
        update::add_mask(tables, plan, update, options, &given, &mut assignments)?;
    }
    let merged = assign::merge(tables, plan.input, assignments, &body)?;
    let message = Bytes::from(merged.bytes);
    let message = if merged.in_order {
        message
    } else {
        canonicalize_bytes(tables, plan.input, message)?
    };
    Ok(Bound { message, system })
}

/// What path, query and headers say, and whether they agree. What they say against the body is not known here.
///
/// # Errors
/// As [`bind`], whatever the body is.
pub(crate) fn check_head(
    tables: &Tables,
    plan: &Plan,
    options: &RestOptions,
    parts: &Parts<'_>,
) -> Result<System> {
    let mut assignments = path_values(tables, plan, options.path, parts)?;
    let system = query_values(tables, plan, options, parts.query, &mut assignments)?;
    header_values(tables, &parts.from_headers, &mut assignments)?;
    assign::merge(tables, plan.input, assignments, &BodyPart::Absent)?;
    Ok(system)
}

fn path_values<'a>(
    tables: &'a Tables,
    plan: &'a Plan,
    profile: PathProfile,
    parts: &Parts<'_>,
) -> Result<Vec<Assignment<'a>>> {
    let mut assignments = Vec::with_capacity(plan.variables.len());
    for variable in &plan.variables {
        let leaf = variable.leaf(tables);
        let name = &*variable.path.text;
        let text = parts
            .found
            .variable(&parts.route.template, &variable.range, profile);
        assignments.push(Assignment {
            numbers: Cow::Borrowed(&variable.path.numbers),
            leaf,
            map_key: None,
            record: scalar::encode(tables, variable.parent, leaf, name, &text)?,
            name: Cow::Borrowed(name),
            source: Source::Path,
        });
    }
    Ok(assignments)
}

fn query_values<'a>(
    tables: &'a Tables,
    plan: &Plan,
    options: &RestOptions,
    query: &str,
    assignments: &mut Vec<Assignment<'a>>,
) -> Result<System> {
    let mut system = System::default();
    let mut exploded = Exploded::default();
    for pair in query::pairs(query) {
        let (key, value) = pair?;
        if let Some(filter) = &plan.filter
            && Exploded::takes(&plan.filter, &key)
        {
            check_place(tables, plan, &key, filter.number)?;
            exploded.add(filter, &key, &value)?;
            continue;
        }
        match target::resolve(tables, plan.input, &key, Place::Query) {
            Err(Miss::Unknown(_)) if query::is_system(&key) => {
                system.take(&key, &value, options)?;
            }
            Err(Miss::Unknown(_)) if options.unknown_query == UnknownQuery::Ignore => {}
            Err(miss) => return Err(miss.into()),
            Ok(target) => {
                check_place(tables, plan, &key, target.numbers[0])?;
                let record = match &target.map_key {
                    Some(entry) => scalar::encode_entry(tables, target.leaf, &key, entry, &value)?,
                    None => scalar::encode(tables, target.parent, target.leaf, &key, &value)?,
                };
                assignments.push(Assignment {
                    numbers: Cow::Owned(target.numbers),
                    leaf: target.leaf,
                    map_key: target.map_key,
                    record,
                    name: Cow::Owned(key.into_owned()),
                    source: Source::Query,
                });
            }
        }
    }
    assignments.extend(exploded_filter(tables, plan, exploded)?);
    Ok(system)
}

/// The filter that was given by brackets.
fn exploded_filter<'a>(
    tables: &'a Tables,
    plan: &Plan,
    exploded: Exploded,
) -> Result<Option<Assignment<'a>>> {
    let Some(filter) = &plan.filter else {
        return Ok(None);
    };
    let Some((key, json)) = exploded.finish(tables, filter.model)? else {
        return Ok(None);
    };
    let Some(leaf) = tables.message(plan.input).field(filter.number) else {
        return Ok(None);
    };
    Ok(Some(Assignment {
        numbers: Cow::Owned(vec![filter.number]),
        leaf,
        map_key: None,
        record: scalar::encode(tables, plan.input, leaf, &key, &json)?,
        name: Cow::Owned(key),
        source: Source::Query,
    }))
}

fn header_values<'a>(
    tables: &'a Tables,
    fields: &'a [HeaderField<'_>],
    assignments: &mut Vec<Assignment<'a>>,
) -> Result<()> {
    for HeaderField {
        field,
        text,
        header,
    } in fields
    {
        let number = field.numbers.last().copied().unwrap_or_default();
        let Some(leaf) = tables.message(field.parent).field(number) else {
            continue;
        };
        assignments.push(Assignment {
            numbers: Cow::Borrowed(&field.numbers),
            leaf,
            map_key: None,
            record: scalar::encode(tables, field.parent, leaf, &field.name, text)?,
            name: Cow::Borrowed(&field.name),
            source: Source::Header(header),
        });
    }
    Ok(())
}

/// What the HTTP body carries may not stand in the query string.
fn check_place(tables: &Tables, plan: &Plan, key: &str, first: u32) -> Result<()> {
    let text = match plan.body {
        BodyPlan::Whole | BodyPlan::Raw(None) => {
            "the body carries the whole request; put the field there".to_owned()
        }
        BodyPlan::Field(number) | BodyPlan::Raw(Some(number)) if number == first => {
            let name = tables
                .message(plan.input)
                .field(number)
                .map_or("", |field| field.name());
            format!("the body carries {name}; put the field there")
        }
        _ => return Ok(()),
    };
    Err(Error::invalid_field(key, text))
}

fn body_part(
    tables: &Tables,
    plan: &Plan,
    options: &RestOptions,
    parts: &Parts<'_>,
    form: Option<&mut FormBody>,
) -> Result<BodyPart> {
    if let Some(form) = form {
        return Ok(form.body_part(plan.body));
    }
    if let Some(message) = &parts.message {
        return Ok(BodyPart::Whole(message.to_vec()));
    }
    if let BodyPlan::Raw(number) = plan.body {
        return Ok(raw::body_part(number, parts.content_type, parts.body));
    }
    if parts.body.iter().all(|byte| b" \t\n\r".contains(byte)) {
        return Ok(BodyPart::Absent);
    }
    match plan.body {
        BodyPlan::None => Err(Error::invalid_argument(format!(
            "{} takes no body over this path; the fields of its request go into the query string",
            &plan.method.path[1..]
        ))),
        BodyPlan::Field(number) => {
            let records =
                json::decode_field(tables, plan.input, number, parts.body, &options.decode)?;
            Ok(BodyPart::field(number, records))
        }
        BodyPlan::Whole | BodyPlan::Raw(_) => Ok(BodyPart::Whole(json::decode(
            tables,
            plan.input,
            parts.body,
            &options.decode,
        )?)),
    }
}
