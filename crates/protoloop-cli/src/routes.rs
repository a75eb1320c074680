//! The table of routes, for people.

use protoloop_schema::{Method, Schema, StandardKind};

use crate::output::{self, BOLD, RESET};

/// How many REST routes a schema has.
pub(crate) fn count(schema: &Schema) -> usize {
    schema
        .methods()
        .iter()
        .map(|method| method.http.len())
        .sum()
}

/// The path of the first List method, to try the service by; it holds no variables.
pub(crate) fn first_collection(schema: &Schema) -> Option<String> {
    let is_list = |method: &&Method| {
        let standard = method.standard.as_ref();
        standard.is_some_and(|standard| standard.kind == StandardKind::List)
    };
    let mut rules = schema
        .methods()
        .iter()
        .filter(is_list)
        .flat_map(|method| &method.http);
    let rule = rules.find(|rule| rule.template.variables.is_empty())?;
    Some(rule.template.text.to_string())
}

/// Shows every route: HTTP method, path template, gRPC method.
pub(crate) fn show(schema: &Schema) {
    let width = |text: fn(&(String, String, String)) -> usize,
                 rows: &[(String, String, String)]| {
        rows.iter().map(text).max().unwrap_or(0)
    };
    let rows: Vec<_> = schema.methods().iter().flat_map(rows_of).collect();
    let (methods, paths) = (
        width(|row| row.0.len(), &rows),
        width(|row| row.1.len(), &rows),
    );
    for (method, path, rpc) in &rows {
        output::line(format_args!(
            "  {BOLD}{method:methods$}{RESET}  {path:paths$}  {rpc}"
        ));
    }
}

fn rows_of(method: &Method) -> Vec<(String, String, String)> {
    let rpc = format!("{}/{}", method.info.service, method.info.name);
    if method.http.is_empty() {
        return vec![("gRPC".to_owned(), method.info.path.to_string(), rpc)];
    }
    let rules = method.http.iter();
    rules
        .map(|rule| {
            (
                rule.method.as_str().to_owned(),
                rule.template.text.to_string(),
                rpc.clone(),
            )
        })
        .collect()
}
