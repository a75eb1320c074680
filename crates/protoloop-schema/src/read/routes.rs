//! `google.api.http` options.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use super::Reader;
use crate::{
    Body, Field, FieldPath, HttpMethod, HttpRule, Kind, Location, Message, Method, PathTemplate,
    Segment, Variable, WellKnown,
    descriptor::Source,
    options::google_api::{self, http_rule::Pattern},
    read_options::ConfigRule,
};

/// Field numbers in `google.api.HttpRule`, for places.
const CUSTOM: i32 = 8;
const ADDITIONAL_BINDINGS: i32 = 11;
/// Number of the extension in `google.protobuf.MethodOptions`, and of the options in a method.
const HTTP: [i32; 2] = [4, 72_295_728];

/// A binding and the path of its method, to tell two equal ones apart.
type Shape = (HttpMethod, Vec<Segment>, Option<Arc<str>>);

/// What the rules of one method are read against.
struct Context<'a> {
    origin: Origin<'a>,
    /// Full name of the method, with a dot.
    name: String,
    messages: &'a [Message],
    input: &'a Message,
    output: &'a Message,
}

/// Where a rule is written.
enum Origin<'a> {
    /// In the options of the method: the source of its file, and the method's path there.
    Annotation(&'a Source<'a>, &'a [i32]),
    /// In a service config.
    Config(&'a ConfigRule),
    /// Nowhere: every method has this one.
    Unbound(Location),
}

impl Reader<'_> {
    /// Reads the rules of every method. The last rule of the config that selects a method replaces its annotation.
    pub(super) fn routes(&mut self, methods: &mut [Method], messages: &[Message]) {
        let options = self.options;
        for method in &mut *methods {
            let name = format!("{}.{}", method.info.service, method.info.name);
            let declared = self.methods[method.id.index()].clone();
            let annotation = self.raw_method(&declared).options.as_ref();
            let annotation = annotation.and_then(|options| options.http.clone());
            let inputs = self.inputs;
            let (origin, rule) = if let Some(config) = options.http.rule_for(&name) {
                (Origin::Config(config), config.rule.clone())
            } else if let Some(rule) = annotation {
                let source = &inputs[declared.input].source;
                (Origin::Annotation(source, &declared.path), rule)
            } else if options.unbound {
                let location = method.location.clone();
                (Origin::Unbound(location), unbound(&method.info.path))
            } else {
                continue;
            };
            let context = Context {
                origin,
                name,
                messages,
                input: &messages[method.input.index()],
                output: &messages[method.output.index()],
            };
            method.http = self.rules(&context, &rule);
        }
        self.refuse_idle_rules(methods);
        self.refuse_duplicates(methods);
    }

    /// Rules of the config that select no method: most likely a name is misspelt.
    fn refuse_idle_rules(&mut self, methods: &[Method]) {
        for config in &self.options.http.rules {
            let selects = |method: &Method| {
                config.selects(&format!("{}.{}", method.info.service, method.info.name))
            };
            if !methods.iter().any(selects) {
                self.report.error(
                    config.location(&[]),
                    format!("the selector `{}` is of no method", config.rule.selector),
                    "write the full name of a method, such as `books.v1.Library.GetBook`, or `books.v1.*`",
                );
            }
        }
    }

    /// The rule and its further bindings.
    fn rules(&mut self, context: &Context<'_>, rule: &google_api::HttpRule) -> Vec<HttpRule> {
        let mut rules: Vec<_> = self.rule(context, rule, &[]).into_iter().collect();
        for (index, further) in (0..).zip(&rule.additional_bindings) {
            let place = [ADDITIONAL_BINDINGS, index];
            if !further.additional_bindings.is_empty() {
                let text = format!(
                    "{} has additional_bindings inside additional_bindings",
                    context.name
                );
                let help = "write them one after the other, all in the outer rule";
                self.report.error(context.location(&place), text, help);
            }
            rules.extend(self.rule(context, further, &place));
        }
        rules
    }

    fn rule(
        &mut self,
        context: &Context<'_>,
        rule: &google_api::HttpRule,
        place: &[i32],
    ) -> Option<HttpRule> {
        let Some(pattern) = &rule.pattern else {
            let text = format!("{} has a route without a path", context.name);
            let help =
                "write one of get, put, post, delete, patch and custom: `get: \"/v1/books/{id}\"`";
            self.report.error(context.location(place), text, help);
            return None;
        };
        let (method, template, field) = split(pattern);
        let location = context.location(&[place, &[field]].concat());
        let method = self.http_method(context, method, &location);
        let template = self.template(context, template, &location);
        let body = self.body(context, &rule.body, &location);
        let response_body = self.response_body(context, &rule.response_body, &location);
        let rule = HttpRule {
            method: method?,
            template: template?,
            body: body?,
            response_body: response_body?,
            location,
        };
        self.refuse_bound_body(context, &rule);
        Some(rule)
    }

    fn http_method(
        &mut self,
        context: &Context<'_>,
        written: &str,
        location: &Location,
    ) -> Option<HttpMethod> {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if written.is_empty() || !written.bytes().all(token) {
            let text = format!(
                "{} has the custom kind `{written}`, which is no HTTP method",
                context.name
            );
            let help = "write one such as `kind: \"HEAD\"`, or `kind: \"*\"` for every one";
            self.report.error(location.clone(), text, help);
            return None;
        }
        Some(match &*written.to_ascii_uppercase() {
            "GET" => HttpMethod::Get,
            "PUT" => HttpMethod::Put,
            "POST" => HttpMethod::Post,
            "DELETE" => HttpMethod::Delete,
            "PATCH" => HttpMethod::Patch,
            "*" => HttpMethod::Any,
            other => HttpMethod::Custom(other.into()),
        })
    }

    fn template(
        &mut self,
        context: &Context<'_>,
        text: &str,
        location: &Location,
    ) -> Option<PathTemplate> {
        let parsed = match PathTemplate::parse(text) {
            Ok(parsed) => parsed,
            Err(fault) => {
                self.report.error(
                    location.clone(),
                    format!("{} has the invalid path template `{text}`: {fault}", context.name),
                    "a template looks like `/v1/books/{id}`, `/v1/{name=shelves/*}` or `/v1/books:count`",
                );
                return None;
            }
        };
        let resolved = parsed.resolve(|variable| context.field_path(variable));
        resolved
            .map_err(|(message, help)| {
                let text = format!("{} has the path template `{text}`: {message}", context.name);
                self.report.error(location.clone(), text, help);
            })
            .ok()
    }

    fn body(&mut self, context: &Context<'_>, written: &str, location: &Location) -> Option<Body> {
        match written {
            "" => Some(Body::None),
            "*" => Some(Body::Whole),
            name => {
                let found = self.top_level(context, "body", name, context.input, location);
                found.map(|field| Body::Field(field.number))
            }
        }
    }

    /// The outer `None` stands for a fault.
    fn response_body(
        &mut self,
        context: &Context<'_>,
        written: &str,
        location: &Location,
    ) -> Option<Option<u32>> {
        match written {
            "" | "*" => Some(None),
            name => {
                let found =
                    self.top_level(context, "response_body", name, context.output, location);
                found.map(|field| Some(field.number))
            }
        }
    }

    fn top_level<'m>(
        &mut self,
        context: &Context<'_>,
        what: &str,
        name: &str,
        message: &'m Message,
        location: &Location,
    ) -> Option<&'m Field> {
        let found = message.field_by_name(name);
        if found.is_none() {
            let why = if name.contains('.') {
                "not a top-level field"
            } else {
                "no field"
            };
            self.report.error(
                location.clone(),
                format!(
                    "{} has the {what} `{name}`, which is {why} of {}",
                    context.name, message.full_name
                ),
                format!("name one of: {}", field_names(message)),
            );
        }
        found
    }

    fn refuse_bound_body(&mut self, context: &Context<'_>, rule: &HttpRule) {
        let Body::Field(body) = rule.body else { return };
        let bound = rule
            .template
            .variables
            .iter()
            .find(|(path, _)| *path.numbers == [body]);
        if let Some((path, _)) = bound {
            let text = format!(
                "{} has `{}` both in its path and as its body",
                context.name, path.text
            );
            let help = "take another field as `body`, or leave it out";
            self.report.error(rule.location.clone(), text, help);
        }
    }

    /// Two bindings with the same HTTP method that match the same paths.
    fn refuse_duplicates(&mut self, methods: &[Method]) {
        let mut taken: HashMap<Shape, (&Method, &HttpRule)> = HashMap::new();
        for method in methods {
            for rule in &method.http {
                let template = &rule.template;
                let shape = (
                    rule.method.clone(),
                    template.segments.clone(),
                    template.verb.clone(),
                );
                match taken.entry(shape) {
                    Entry::Vacant(free) => drop(free.insert((method, rule))),
                    Entry::Occupied(other) => {
                        let (other, first) = other.get();
                        self.report.error(
                            rule.location.clone(),
                            format!(
                                "{}.{} has the route `{} {}`, which {}.{} has already",
                                method.info.service,
                                method.info.name,
                                rule.method.as_str(),
                                template.text,
                                other.info.service,
                                other.info.name
                            ),
                            format!(
                                "change one of the two; the other is `{}` at {}",
                                first.template.text, first.location
                            ),
                        );
                    }
                }
            }
        }
    }
}

impl Context<'_> {
    /// The place of a part of the rule, or of what is around it.
    fn location(&self, part: &[i32]) -> Location {
        match &self.origin {
            Origin::Annotation(source, element) => {
                source.location(&[element, &HTTP[..], part].concat())
            }
            Origin::Config(config) => config.location(part),
            Origin::Unbound(location) => location.clone(),
        }
    }

    /// The fields of a variable's path, or what is wrong with it and what to write instead.
    fn field_path(&self, variable: &Variable) -> Result<FieldPath, (String, String)> {
        let mut numbers = Vec::new();
        let mut message = self.input;
        let mut names = variable.path.split('.').peekable();
        while let Some(name) = names.next() {
            let Some(field) = message.field_by_name(name) else {
                return Err((
                    format!(
                        "column {}: {} has no field `{name}`",
                        variable.column, message.full_name
                    ),
                    format!("name one of: {}", field_names(message)),
                ));
            };
            numbers.push(field.number);
            let inner = match field.kind {
                Kind::Message(id) if !field.is_repeated() && !field.is_map() => {
                    Some(&self.messages[id.index()])
                }
                _ => None,
            };
            match (names.peek(), inner) {
                (Some(_), Some(inner)) => message = inner,
                (None, Some(inner)) if is_text(inner) => {}
                (None, None) if is_single_value(field) => {}
                _ => {
                    return Err((
                        format!(
                            "column {}: `{}` does not lead to a single value, because of {}",
                            variable.column, variable.path, field.full_name
                        ),
                        "a path variable is a scalar, reached through messages that are not repeated"
                            .to_owned(),
                    ));
                }
            }
        }
        Ok(FieldPath {
            text: variable.path.clone(),
            numbers,
        })
    }
}

fn is_single_value(field: &Field) -> bool {
    !field.is_repeated() && !field.is_map() && !matches!(field.kind, Kind::Group(_))
}

/// Messages that JSON writes as one value and so a path can.
fn is_text(message: &Message) -> bool {
    !matches!(
        message.well_known,
        None | Some(
            WellKnown::Any
                | WellKnown::Struct
                | WellKnown::Value
                | WellKnown::ListValue
                | WellKnown::Empty
        )
    )
}

fn field_names(message: &Message) -> String {
    let names = message.fields.iter().map(|field| &*field.name);
    names.collect::<Vec<_>>().join(", ")
}

/// What a method without a rule is bound to: `POST /books.v1.Library/GetBook`, the message as the body.
fn unbound(path: &str) -> google_api::HttpRule {
    google_api::HttpRule {
        body: "*".to_owned(),
        pattern: Some(Pattern::Post(path.to_owned())),
        ..google_api::HttpRule::default()
    }
}

/// HTTP method, template, and the number of the field that holds it.
fn split(pattern: &Pattern) -> (&str, &str, i32) {
    match pattern {
        Pattern::Get(path) => ("GET", path, 2),
        Pattern::Put(path) => ("PUT", path, 3),
        Pattern::Post(path) => ("POST", path, 4),
        Pattern::Delete(path) => ("DELETE", path, 5),
        Pattern::Patch(path) => ("PATCH", path, 6),
        Pattern::Custom(custom) => (&custom.kind, &custom.path, CUSTOM),
    }
}
