//! Service configurations as YAML, the form of `google.api.Service`. JSON is YAML too.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{ConfigRule, HttpConfig};
use crate::{
    Diagnostic, Diagnostics, Location, Severity,
    options::google_api::{CustomHttpPattern, HttpRule, http_rule::Pattern},
};

/// What `type` has to be where it is written.
const TYPE: &str = "google.api.Service";

/// Field number of `additional_bindings` in `google.api.HttpRule`.
const ADDITIONAL_BINDINGS: i32 = 11;

/// The sections that are read; a whole service configuration has many more.
#[derive(Deserialize)]
struct Document {
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    #[serde(default)]
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Http {
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(alias = "fullyDecodeReservedExpansion")]
    fully_decode_reserved_expansion: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    selector: Option<Spanned<String>>,
    get: Option<Spanned<String>>,
    put: Option<Spanned<String>>,
    post: Option<Spanned<String>>,
    delete: Option<Spanned<String>>,
    patch: Option<Spanned<String>>,
    custom: Option<Custom>,
    #[serde(default)]
    body: String,
    #[serde(default, alias = "responseBody")]
    response_body: String,
    #[serde(default, alias = "additionalBindings")]
    additional_bindings: Vec<Self>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    kind: String,
    path: Spanned<String>,
}

impl HttpConfig {
    /// Reads the `http` section of a service configuration in YAML or JSON. `file` is its name in diagnostics. Other
    /// sections are left alone.
    ///
    /// # Errors
    /// Everything that is no such configuration, with its line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let mut reader = Reader {
            file,
            problems: Vec::new(),
        };
        match serde_saphyr::from_str::<Document>(text) {
            Ok(document) => {
                let config = reader.document(document);
                match reader.problems.is_empty() {
                    true => Ok(config),
                    false => Err(Diagnostics(reader.problems)),
                }
            }
            Err(error) => {
                let place = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
                let message = error.without_snippet().to_string();
                let first = message.lines().next().unwrap_or_default();
                // The place stands in front already.
                let first = first
                    .rsplit_once(" at line ")
                    .map_or(first, |(text, _)| text);
                reader.error(reader.location(place), first.to_owned(), "");
                Err(Diagnostics(reader.problems))
            }
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn document(&mut self, document: Document) -> HttpConfig {
        if let Some(kind) = document.kind
            && kind.value != TYPE
        {
            let place = self.location(kind.referenced);
            let text = format!("this is a `{}`", kind.value);
            self.error(place, text, &format!("write `type: {TYPE}`"));
        }
        if let Some(decode) = document.http.fully_decode_reserved_expansion
            && decode.value
        {
            let place = self.location(decode.referenced);
            let text = "`fully_decode_reserved_expansion` is no part of the routes here".to_owned();
            self.error(
                place,
                text,
                "leave it out; how escapes are decoded is an option of the server",
            );
        }
        let rules = document.http.rules;
        HttpConfig {
            rules: rules
                .into_iter()
                .filter_map(|rule| self.outer(rule))
                .collect(),
        }
    }

    fn outer(&mut self, rule: Rule) -> Option<ConfigRule> {
        let Some(selector) = &rule.selector else {
            let place = self.anywhere(&rule);
            let text = "a rule has no selector".to_owned();
            self.error(
                place,
                text,
                "write the full name of a method: `selector: books.v1.Library.GetBook`",
            );
            return None;
        };
        let place = self.location(selector.referenced);
        if !is_selector(&selector.value) {
            let text = format!("`{}` is no selector", selector.value);
            let help = "write the full name of a method, `books.v1.*` for all below a name, or `*`";
            self.error(place, text, help);
            return None;
        }
        let mut places = vec![(Vec::new(), place)];
        let rule = self.rule(rule, &[], &mut places);
        Some(ConfigRule { rule, places })
    }

    fn rule(
        &mut self,
        rule: Rule,
        path: &[i32],
        places: &mut Vec<(Vec<i32>, Location)>,
    ) -> HttpRule {
        let selector = rule.selector.map(|selector| selector.value);
        let written = [
            (2, rule.get),
            (3, rule.put),
            (4, rule.post),
            (5, rule.delete),
            (6, rule.patch),
        ];
        let mut patterns = Vec::new();
        for (number, template) in written {
            let Some(template) = template else { continue };
            places.push((
                [path, &[number]].concat(),
                self.location(template.referenced),
            ));
            patterns.push((
                self.location(template.referenced),
                pattern(number, template.value),
            ));
        }
        if let Some(Custom {
            kind,
            path: template,
        }) = rule.custom
        {
            let place = self.location(template.referenced);
            places.push(([path, &[8]].concat(), place.clone()));
            let path = template.value;
            patterns.push((place, Pattern::Custom(CustomHttpPattern { kind, path })));
        }
        if let [_, (place, _), ..] = &*patterns {
            let text = "a rule has two HTTP methods".to_owned();
            self.error(
                place.clone(),
                text,
                "write the second one under `additional_bindings`",
            );
        }
        let mut additional_bindings = Vec::new();
        for (index, binding) in (0..).zip(rule.additional_bindings) {
            let inner = [path, &[ADDITIONAL_BINDINGS, index]].concat();
            additional_bindings.push(self.rule(binding, &inner, places));
        }
        HttpRule {
            selector: selector.unwrap_or_default(),
            body: rule.body,
            response_body: rule.response_body,
            additional_bindings,
            pattern: patterns.into_iter().next().map(|(_, pattern)| pattern),
        }
    }

    /// The place of any part of a rule that has no selector.
    fn anywhere(&self, rule: &Rule) -> Location {
        let parts = [&rule.get, &rule.put, &rule.post, &rule.delete, &rule.patch];
        let written = parts.into_iter().flatten().next();
        let custom = rule.custom.as_ref().map(|custom| &custom.path);
        let place = written.or(custom).map(|text| text.referenced);
        self.location(place.unwrap_or(serde_saphyr::Location::UNKNOWN))
    }

    fn location(&self, place: serde_saphyr::Location) -> Location {
        let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Location {
            file: self.file.to_owned(),
            line: number(place.line()),
            column: number(place.column()),
        }
    }

    fn error(&mut self, location: Location, message: String, help: &str) {
        self.problems.push(Diagnostic {
            severity: Severity::Error,
            location,
            message,
            help: Some(help.to_owned()).filter(|help| !help.is_empty()),
        });
    }
}

fn pattern(number: i32, template: String) -> Pattern {
    match number {
        2 => Pattern::Get(template),
        3 => Pattern::Put(template),
        4 => Pattern::Post(template),
        5 => Pattern::Delete(template),
        _ => Pattern::Patch(template),
    }
}

fn is_selector(text: &str) -> bool {
    let name = match text.strip_suffix('*') {
        Some("") => return true,
        Some(prefix) => match prefix.strip_suffix('.') {
            Some(name) => name,
            None => return false,
        },
        None => text,
    };
    let identifier = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    name.split('.').all(identifier)
}
