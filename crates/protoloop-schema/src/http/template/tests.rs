use proptest::prelude::*;

use super::*;

/// Segments, then `:verb`, then the variables with their ranges.
fn show(text: &str) -> String {
    let template = match PathTemplate::parse(text) {
        Ok(template) => template,
        Err(error) => return error.to_string(),
    };
    let mut shown = String::new();
    for segment in &template.segments {
        shown.push('/');
        shown.push_str(match segment {
            Segment::Literal(text) => text,
            Segment::Single => "*",
            Segment::Multi => "**",
        });
    }
    if let Some(verb) = &template.verb {
        shown.push_str(&format!(" :{verb}"));
    }
    for variable in &template.variables {
        shown.push_str(&format!(
            " {}={:?}@{}",
            variable.path, variable.range, variable.column
        ));
    }
    shown
}

#[test]
fn templates_parse() {
    let cases = [
        ("/", ""),
        ("/v1/todos", "/v1/todos"),
        ("/v1/todos/{id}", "/v1/todos/* id=2..3@12"),
        ("/v1/{todo.id}", "/v1/* todo.id=1..2@6"),
        (
            "/v1/{name=shelves/*/books/*}",
            "/v1/shelves/*/books/* name=1..5@6",
        ),
        ("/{x=**}", "/** x=0..1@3"),
        ("/{x=**}/end", "/**/end x=0..1@3"),
        ("/{x=a/**/b}/c", "/a/**/b/c x=0..3@3"),
        ("/*/**", "/*/**"),
        ("/a:b", "/a :b"),
        ("/a:b:c", "/a :b:c"),
        ("/{x}:b", "/* :b x=0..1@3"),
        ("/**:b", "/** :b"),
        ("/some:thing/else:verb", "/some:thing/else :verb"),
        ("/{x=a:b}:c", "/a:b :c x=0..1@3"),
        ("/foo%2Fbar", "/foo/bar"),
        ("/%66oo", "/foo"),
        ("/a=b/c+d", "/a=b/c+d"),
        ("/größe", "/größe"),
        ("/v1:batchWrite", "/v1 :batchWrite"),
    ];
    for (text, expected) in cases {
        assert_eq!(show(text), expected, "{text}");
    }
}

#[test]
fn faults_have_columns() {
    let lines: Vec<_> = [
        "",
        "a",
        "a/b",
        "//",
        "/a/",
        "/a//b",
        "/{}",
        "/{x",
        "/{x=}",
        "/{x=*",
        "/a{x}",
        "/{x}b",
        "/a*",
        "/*a",
        "/***",
        "/x:",
        "/x::y",
        "/x:y:",
        "/:v",
        "/{x={y}}",
        "/{x=a/{y}/b}",
        "/{1a}",
        "/{a.}",
        "/{.a}",
        "/{a b}",
        "/**/**",
        "/**/*",
        "/**/{x}",
        "/{x=**}/{y=*}",
        "/{x}/{x}",
        "/a b",
        "/a?b",
        "/a#b",
        "/}",
        "/a}",
        "/%",
        "/%2",
        "/%zz",
        "/%ff",
        "/{x}{y}",
        "/{x}:a/b",
        "/a\nb",
        "/[a]",
        "/{x=*}*",
    ]
    .iter()
    .map(|text| format!("{text:?}: {}", show(text)))
    .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_long_template_takes_no_stack() {
    let text = "/a".repeat(100_000);
    assert_eq!(PathTemplate::parse(&text).unwrap().segments.len(), 100_000);
    assert!(PathTemplate::parse(&"/".repeat(100_000)).is_err());
    assert!(PathTemplate::parse(&"/{a=".repeat(100_000)).is_err());
}

fn assert_round_trip(template: &PathTemplateAst) {
    let again = PathTemplate::parse(&template.to_string()).expect("it is written to parse");
    assert_eq!(again.segments, template.segments);
    assert_eq!(again.verb, template.verb);
    let bound = |template: &PathTemplateAst| {
        let variables = template.variables.iter();
        variables
            .map(|variable| (variable.path.clone(), variable.range.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(bound(&again), bound(template));
}

proptest! {
    #[test]
    fn any_text_parses_or_fails_within_itself(text in ".*") {
        match PathTemplate::parse(&text) {
            Ok(template) => assert_round_trip(&template),
            Err(error) => prop_assert!(error.column <= text.chars().count() + 1),
        }
    }

    #[test]
    fn template_like_text_round_trips(text in "(/[a-c%25:{}=.*x]{0,4}){0,5}(:[a-c]{0,2})?") {
        if let Ok(template) = PathTemplate::parse(&text) {
            assert_round_trip(&template);
        }
    }
}
