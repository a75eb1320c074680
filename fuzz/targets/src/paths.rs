//! Path templates and the router.

use std::cmp::Reverse;

use protoloop_gateway::{Outcome, PathProfile, Router};
use protoloop_schema::{
    Body, FieldPath, HttpMethod, HttpRule, Location, PathTemplate, PathTemplateAst, Segment,
};

/// Any text: a template that parses is written so that it parses to the same; an error stands inside the text.
pub fn path_template(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    match PathTemplate::parse(text) {
        Ok(parsed) => {
            let written = parsed.to_string();
            let again = PathTemplate::parse(&written).expect("a written template parses");
            assert_eq!(again.segments, parsed.segments, "{written}");
            assert_eq!(again.verb, parsed.verb, "{written}");
            let variables = |ast: &PathTemplateAst| {
                let variables = ast.variables.iter();
                variables
                    .map(|variable| (variable.path.clone(), variable.range.clone()))
                    .collect::<Vec<_>>()
            };
            assert_eq!(variables(&again), variables(&parsed), "{written}");
        }
        Err(error) => {
            assert!(!error.message.is_empty());
            assert!((1..=text.chars().count() + 1).contains(&error.column));
        }
    }
}

/// Templates, one a line, and a path in the last line: the router finds what trying every template finds. A template
/// behind `!` is of POST, one behind `*` of every method; the request is a GET.
pub fn path_match(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (templates, path) = text.rsplit_once('\n').unwrap_or(("/", text));
    let mut router = Router::default();
    for line in templates.lines().take(24) {
        let (method, template) = match line.split_at_checked(1) {
            Some(("!", rest)) => (HttpMethod::Post, rest),
            Some(("*", rest)) => (HttpMethod::Any, rest),
            _ => (HttpMethod::Get, line),
        };
        if let Ok(template) = PathTemplate::parse(template) {
            // The same place twice is refused, and left out.
            let _refused = router.push(&rule(method, template));
        }
    }
    let found = router.find("GET", path);
    if let Outcome::Invalid(_) = found {
        return;
    }
    let expected = reference(&router, path);
    if let Outcome::Found(found) = &found {
        let template = &router.routes()[found.route].template;
        for (_, range) in &template.variables {
            for profile in [
                PathProfile::Google,
                PathProfile::Envoy,
                PathProfile::GrpcGateway,
            ] {
                let _value = found.variable(template, range, profile);
            }
        }
        assert_eq!(Some(found.route), expected, "{text}");
    } else {
        assert_eq!(None, expected, "{text}");
    }
    if let Outcome::Found(found) = router.find_decoded("PUT", path) {
        let method = &router.routes()[found.route].http_method;
        assert_eq!(*method, HttpMethod::Any);
    }
}

fn rule(method: HttpMethod, template: PathTemplateAst) -> HttpRule {
    let variable = |(number, variable): (u32, protoloop_schema::Variable)| {
        let path = FieldPath {
            text: variable.path,
            numbers: vec![number],
        };
        (path, variable.range)
    };
    HttpRule {
        method,
        template: PathTemplate {
            text: template.text,
            segments: template.segments,
            verb: template.verb,
            variables: (1..).zip(template.variables).map(variable).collect(),
        },
        body: Body::None,
        response_body: None,
        location: Location::default(),
    }
}

/// The best of all routes that match a GET, if the path can be routed at all.
fn reference(router: &Router, path: &str) -> Option<usize> {
    let segments: Vec<&str> = match path {
        "/" => Vec::new(),
        path => path.strip_prefix('/')?.split('/').collect(),
    };
    let candidates = router.routes().iter().enumerate();
    let candidates = candidates.filter_map(|(index, route)| {
        let verb = route.template.verb.as_deref();
        let segments = without_verb(&segments, verb)?;
        let segments: Vec<String> = segments.iter().map(|raw| decoded(raw)).collect();
        let exact = route.http_method == HttpMethod::Get;
        let fits = exact || route.http_method == HttpMethod::Any;
        let choices = choices(&route.template.segments, &segments).filter(|_| fits)?;
        Some((
            Reverse(verb.map_or(0, |verb| verb.len() + 1)),
            choices,
            !exact,
            index,
        ))
    });
    candidates.min().map(|(_, _, _, index)| index)
}

/// The segments without the colon and verb at the end of the last one.
fn without_verb<'p>(segments: &[&'p str], verb: Option<&str>) -> Option<Vec<&'p str>> {
    let mut segments = segments.to_vec();
    if let Some(verb) = verb {
        let last = segments.last_mut()?;
        *last = last.strip_suffix(verb)?.strip_suffix(':')?;
        if segments == [""] {
            segments.clear();
        }
    }
    Some(segments)
}

/// The choices a template makes on a path, comparable: less is better. `None` if it does not match.
fn choices(segments: &[Segment], path: &[String]) -> Option<Vec<(u8, usize)>> {
    let Some((first, rest)) = segments.split_first() else {
        return path.is_empty().then(Vec::new);
    };
    let with = |choice, left| {
        let mut all = vec![choice];
        all.extend(choices(rest, left)?);
        Some(all)
    };
    match first {
        Segment::Multi => (0..=path.len()).find_map(|taken| with((2, taken), &path[taken..])),
        Segment::Single => path
            .split_first()
            .filter(|(segment, _)| !segment.is_empty())
            .and_then(|(_, left)| with((1, 0), left)),
        Segment::Literal(text) => path
            .split_first()
            .filter(|(segment, _)| ***segment == **text)
            .and_then(|(_, left)| with((0, 0), left)),
    }
}

/// A segment whose escapes are known to be right, decoded.
fn decoded(raw: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = raw;
    while let Some((before, behind)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let (digits, behind) = behind.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
        rest = behind;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).expect("the router takes UTF-8 alone")
}
