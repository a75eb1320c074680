//! REST routes.

use super::{
    Rule,
    Surface::Rest,
    comparison::{Comparison, Finding, is_bundled},
};
use crate::{Body, HttpMethod, HttpRule, MessageId, Method, PathTemplate, Schema, Segment};

impl Comparison<'_> {
    pub(super) fn routes(&mut self) {
        let (old, new) = (self.old, self.new);
        for before in old.methods() {
            let service = old.service(before.service);
            let file = self.before.services.get(&*service.full_name);
            if file.is_some_and(|file| is_bundled(file)) {
                continue;
            }
            let now = new.method_by_path(&before.info.path);
            for rule in &before.http {
                self.route((before, rule), now);
            }
        }
    }

    fn route(&mut self, (before, rule): (&Method, &HttpRule), now: Option<&Method>) {
        let route = format!("{} {}", rule.method.as_str(), rule.template.text);
        let found = now.and_then(|now| {
            let mut rules = now.http.iter();
            let same = rules.find(|other| is_same_path(rule, other));
            same.map(|other| (now, other))
        });
        let Some((now, other)) = found else {
            return self.removed_route(&route, before, rule, now);
        };
        let name = |schema: &Schema, message: MessageId, number: u32| {
            let found = schema.message(message).field_by_number(number);
            found.map_or_else(|| number.to_string(), |(_, field)| field.name.to_string())
        };
        if rule.body != other.body {
            let told = |schema: &Schema, message, body| match body {
                Body::None => "nowhere".to_owned(),
                Body::Whole => "to the whole message".to_owned(),
                Body::Field(number) => format!("to {}", name(schema, message, number)),
            };
            let text = format!(
                "the body of {route} goes {} instead of {}",
                told(self.new, now.input, other.body),
                told(self.old, before.input, rule.body)
            );
            let help = "keep the body, or add another route by additional_bindings";
            let finding = Finding::new(Rule::RouteBodyChanged, &route, &other.location, text, help);
            self.report(finding.breaks(&[Rest]));
        }
        if rule.response_body != other.response_body {
            let text = format!("{route} answers another part of the response");
            let help = "keep the response_body, or add another route by additional_bindings";
            let finding = Finding::new(
                Rule::RouteResponseBodyChanged,
                &route,
                &other.location,
                text,
                help,
            );
            self.report(finding.breaks(&[Rest]));
        }
        self.variables(&route, rule, other);
    }

    fn removed_route(
        &mut self,
        route: &str,
        before: &Method,
        rule: &HttpRule,
        now: Option<&Method>,
    ) {
        let elsewhere = self
            .new
            .methods()
            .iter()
            .find(|method| method.http.iter().any(|other| is_same_path(rule, other)));
        let (text, place) = match (elsewhere, now) {
            (Some(other), _) => (
                format!(
                    "{route} leads to {} instead of {}",
                    other.info.path, before.info.path
                ),
                other.location.clone(),
            ),
            (None, Some(now)) => (format!("{route} is gone"), now.location.clone()),
            (None, None) => (
                format!("{route} is gone, with its method"),
                self.file(&before.location.file),
            ),
        };
        let help = "keep the route, if need be as one of additional_bindings";
        let finding = Finding::new(Rule::RouteRemoved, route, &place, text, help);
        self.report(finding.breaks(&[Rest]));
    }

    fn variables(&mut self, route: &str, rule: &HttpRule, other: &HttpRule) {
        let pairs = variables(&rule.template).zip(variables(&other.template));
        let changed: Vec<_> = pairs.filter(|(before, now)| before.1 != now.1).collect();
        for (before, now) in changed {
            let text = format!("{{{}}} of {route} is {{{}}} now", before.0, now.0);
            let help = "keep the variable: its part of the path is of another field now";
            let finding = Finding::new(
                Rule::RouteVariableChanged,
                route,
                &other.location,
                text,
                help,
            );
            self.report(finding.breaks(&[Rest]));
        }
    }
}

/// Whether a binding answers every request that another one did, by method and path.
fn is_same_path(old: &HttpRule, new: &HttpRule) -> bool {
    let method = old.method == new.method || new.method == HttpMethod::Any;
    method && old.template.verb == new.template.verb && accepts(&old.template, &new.template)
}

/// Whether the paths of the new template are those of the old one, or more: a `*` where a literal was, a `**` for a `*`.
fn accepts(old: &PathTemplate, new: &PathTemplate) -> bool {
    old.segments.len() == new.segments.len()
        && old
            .segments
            .iter()
            .zip(&new.segments)
            .all(|pair| match pair {
                (Segment::Literal(old), Segment::Literal(new)) => old == new,
                (Segment::Single | Segment::Literal(_), Segment::Single) => true,
                (_, Segment::Multi) => true,
                _ => false,
            })
}

/// Each variable: its text, and the numbers of its fields with the segments that it covers.
fn variables(
    template: &PathTemplate,
) -> impl Iterator<Item = (&str, (&[u32], std::ops::Range<usize>))> {
    let variables = template.variables.iter();
    variables.map(|(path, range)| (&*path.text, (&*path.numbers, range.clone())))
}
