//! `author,comments.author`.

use super::Inclusion;
use crate::{FilterError, Model, Scope, filter::limits, filter::suggest};

/// The relations of a text, each once, whatever paths lead through it.
pub(super) fn parse(model: &Model, text: &str) -> Result<Vec<Inclusion>, FilterError> {
    let mut included = Vec::new();
    if text.len() > limits::TEXT {
        let most = limits::TEXT;
        return Err(FilterError::new(
            1,
            format!("an include has at most {most} bytes"),
        ));
    }
    if text.trim().is_empty() {
        return Ok(included);
    }
    let mut column = 1;
    let mut left = limits::INCLUSIONS;
    for path in text.split(',') {
        let blank = path.len() - path.trim_start().len();
        let at = column + path[..blank].chars().count();
        let names: Vec<&str> = path.trim().split('.').collect();
        add(
            &mut included,
            model,
            &names,
            at,
            &mut left,
            limits::INCLUDE_DEPTH,
        )?;
        column += path.chars().count() + 1;
    }
    Ok(included)
}

fn add(
    included: &mut Vec<Inclusion>,
    model: &Model,
    names: &[&str],
    column: usize,
    left: &mut usize,
    depth: usize,
) -> Result<(), FilterError> {
    let Some((name, rest)) = names.split_first() else {
        return Ok(());
    };
    if depth == 0 {
        let most = limits::INCLUDE_DEPTH;
        return Err(FilterError::new(
            column,
            format!("inclusions nest at most {most} deep"),
        ));
    }
    let at = match included.iter().position(|one| is_named(model, one, name)) {
        Some(at) => at,
        None => {
            included.push(inclusion(model, name, column, left)?);
            included.len() - 1
        }
    };
    let one = &mut included[at];
    let target = std::sync::Arc::clone(one.link.target());
    let behind = column + name.chars().count() + 1;
    add(
        &mut one.scope.include,
        &target,
        rest,
        behind,
        left,
        depth - 1,
    )
}

fn is_named(model: &Model, inclusion: &Inclusion, name: &str) -> bool {
    let relation = model.relation(name);
    relation.is_some_and(|relation| relation.field == inclusion.link.field())
}

/// The inclusion of one relation by its name. `left` is how many more there may be.
pub(crate) fn inclusion(
    model: &Model,
    name: &str,
    column: usize,
    left: &mut usize,
) -> Result<Inclusion, FilterError> {
    let wrong = |message: String| FilterError::new(column, message);
    *left = left.checked_sub(1).ok_or_else(|| {
        let most = limits::INCLUSIONS;
        wrong(format!("an include has at most {most} relations"))
    })?;
    let relation = model
        .relation(name)
        .filter(|relation| !model.field(relation.field).is_none_or(|field| field.hidden))
        .ok_or_else(|| wrong(no_relation(model, name)))?;
    let link = model
        .link_anywhere(relation)
        .map_err(|error| wrong(error.message().to_owned()))?;
    Ok(Inclusion {
        link,
        scope: Scope::default(),
    })
}

fn no_relation(model: &Model, name: &str) -> String {
    let visible = |number: u32| model.field(number).filter(|field| !field.hidden);
    let relations = model.entity().relations.iter();
    let names = relations.filter_map(|relation| Some(&*visible(relation.field)?.name));
    let hint = suggest::among(name, names);
    format!("`{}` has no relation `{name}`{hint}", model.message().name)
}
