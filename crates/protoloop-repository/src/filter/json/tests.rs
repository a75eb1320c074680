use proptest::prelude::*;

use crate::{Filter, Inclusion, Scope, testing::model};

#[track_caller]
fn refused(name: &str, text: &str, expected: &str) {
    match Scope::parse(&model(name), text) {
        Ok(scope) => panic!("`{text}` was read as {scope:?}"),
        Err(error) => assert_eq!(error.to_string(), expected, "`{text}`"),
    }
}

const MISTAKES: &[(&str, &str)] = &[
    // JSON.
    (
        "{",
        "column 2: expected ',' or '}', found the end of the text",
    ),
    (
        "{\"where\":{}} x",
        "column 14: text after the end of the JSON value",
    ),
    (
        "{\"where\":{\"rank\":01}}",
        "column 18: `where.rank`: not a JSON number",
    ),
    (
        "{\"limit\":1,\"limit\":1}",
        "column 12: `limit`: is named twice",
    ),
    (
        "{\"where\":{\"rank\":1,\"rank\":2}}",
        "column 20: `where.rank`: is named twice",
    ),
    // Names.
    (
        "{\"title\":\"x\"}",
        "column 2: `title`: a filter object has where, fields, order, limit, skip, offset, include; conditions stand in \
         `where`",
    ),
    (
        "{\"were\":{}}",
        "column 2: `were`: a filter object has where, fields, order, limit, skip, offset, include; conditions stand in \
         `where`; did you mean `where`?",
    ),
    (
        "{\"where\":{\"and\":[{},{\"titel\":1}]}}",
        "column 22: `where.and[1].titel`: `Item` has no field `titel`; did you mean `title`?",
    ),
    (
        "{\"where\":{\"rank\":{\"gtt\":1}}}",
        "column 19: `where.rank.gtt`: `gtt` is no operator; did you mean `gt`?",
    ),
    (
        "{\"where\":{\"address\":{\"city\":\"x\"}}}",
        "column 22: `where.address.city`: `city` is no operator; write a property inside as `address.city`",
    ),
    // What got lost on the way selects no rows by mistake.
    (
        "{\"where\":{\"rank\":{}}}",
        "column 18: `where.rank`: an object without an operator is no test",
    ),
    (
        "{\"where\":{\"title\":{\"options\":\"i\"}}}",
        "column 19: `where.title`: an object without an operator is no test",
    ),
    (
        "{\"where\":{\"tags\":{\"length\":{}}}}",
        "column 19: `where.tags.length`: an object without a comparison is no test",
    ),
    // Values.
    (
        "{\"where\":{\"rank\":\"1\"}}",
        "column 18: `where.rank`: `1` is no 32-bit integer",
    ),
    (
        "{\"where\":{\"rank\":1.5}}",
        "column 18: `where.rank`: `1.5` is no 32-bit integer",
    ),
    (
        "{\"where\":{\"rank\":true}}",
        "column 18: `where.rank`: `true` is no 32-bit integer",
    ),
    (
        "{\"where\":{\"title\":5}}",
        "column 19: `where.title`: `5` is no string",
    ),
    (
        "{\"where\":{\"done\":\"true\"}}",
        "column 18: `where.done`: `true` is no bool: write true or false",
    ),
    (
        "{\"where\":{\"rank\":{\"gt\":null}}}",
        "column 24: `where.rank.gt`: null compares with nothing; test with `exists`",
    ),
    (
        "{\"where\":{\"rank\":[1]}}",
        "column 18: `where.rank`: a list is no test; write `{ \"inq\": […] }` around it",
    ),
    (
        "{\"where\":{\"rank\":{\"between\":[1]}}}",
        "column 29: `where.rank.between`: `between` takes two values, the least and the greatest",
    ),
    (
        "{\"where\":{\"rank\":{\"inq\":[1,\"x\"]}}}",
        "column 28: `where.rank.inq[1]`: `x` is no 32-bit integer",
    ),
    (
        "{\"where\":{\"tags\":\"x\"}}",
        "column 18: `where.tags`: `tags` holds many values; test it with `contains`",
    ),
    (
        "{\"where\":{\"done\":{\"gt\":true}}}",
        "column 19: `where.done.gt`: `done` has no order; compare it with `eq` or `inq`",
    ),
    (
        "{\"where\":{\"rank\":{\"like\":\"x\"}}}",
        "column 19: `where.rank.like`: `rank` is no string, which like is for",
    ),
    (
        "{\"where\":{\"title\":{\"regexp\":\"/a/x\"}}}",
        "column 29: `where.title`: `x` is no flag; there are i, m and s",
    ),
    (
        "{\"limit\":-1}",
        "column 10: `limit`: `-1` is no whole number from 0 on",
    ),
    (
        "{\"skip\":1,\"offset\":2}",
        "column 11: `offset`: `skip` and `offset` say different things",
    ),
    (
        "{\"order\":\"rank up\"}",
        "column 10: `order`: found `up` where `asc`, `desc` or a comma is due",
    ),
    (
        "{\"order\":[\"rank\",\"rank DESC\"]}",
        "column 18: `order[1]`: `rank` is named twice",
    ),
    (
        "{\"include\":\"tags\"}",
        "column 12: `include`: `Item` has no relation `tags`",
    ),
    (
        "{\"fields\":[\"nope\"]}",
        "column 12: `fields`: `nope`: laws.v1.Item has no field `nope`",
    ),
];

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, expected) in MISTAKES {
        refused("laws.v1.Item", text, expected);
    }
    let related = [
        (
            "{\"where\":{\"tasks\":{}}}",
            "column 19: `where.tasks`: an object without a test is none",
        ),
        (
            "{\"where\":{\"tasks\":{\"any\":{}}}}",
            "column 20: `where.tasks.any`: `any` is no test of related rows; there are some, every, none and exists",
        ),
        (
            "{\"where\":{\"tasks\":{\"some\":{\"hour\":1}}}}",
            "column 28: `where.tasks.some.hour`: `Task` has no field `hour`; did you mean `hours`?",
        ),
        (
            "{\"order\":\"tasks.hours\"}",
            "column 10: `order`: `tasks` leads to many rows, which give no order",
        ),
        (
            "{\"include\":[{\"relation\":\"crew\"},\"crew\"]}",
            "column 33: `include[1]`: `crew` is included twice",
        ),
        (
            "{\"include\":{\"scope\":{}}}",
            "column 13: `include.scope`: write `relation` in front of `scope`",
        ),
    ];
    for (text, expected) in related {
        refused("laws.v1.Person", text, expected);
    }
}

#[test]
fn what_it_costs_is_bounded() {
    let item = "laws.v1.Item";
    refused(
        item,
        &format!("{{{}", " ".repeat(32 * 1024)),
        "column 1: a filter in JSON has at most 32768 bytes",
    );
    let nested = |depth: usize| {
        format!(
            "{{\"where\":{}{{}}{}}}",
            "{\"not\":".repeat(depth),
            "}".repeat(depth)
        )
    };
    assert!(Scope::parse(&model(item), &nested(32)).is_ok());
    let error = Scope::parse(&model(item), &nested(33)).unwrap_err();
    assert!(
        error.message.ends_with("a filter nests at most 32 deep"),
        "{error}"
    );
    let many = vec!["{\"rank\":1}"; 501].join(",");
    let error =
        Scope::parse(&model(item), &format!("{{\"where\":{{\"or\":[{many}]}}}}")).unwrap_err();
    assert!(
        error
            .message
            .ends_with("a filter has at most 500 conditions"),
        "{error}"
    );
    let long = vec!["1"; 1001].join(",");
    let error = Scope::parse(
        &model(item),
        &format!("{{\"where\":{{\"rank\":{{\"inq\":[{long}]}}}}}}"),
    )
    .unwrap_err();
    assert!(
        error.message.ends_with("a list has at most 1000 values"),
        "{error}"
    );
    let person = "laws.v1.Person";
    let path = "boss.".repeat(5);
    assert!(Filter::parse(&model(person), &format!("{path}name = x")).is_ok());
    let error = Filter::parse(&model(person), &format!("{path}boss.name = x")).unwrap_err();
    assert_eq!(error.message, "a path follows at most 5 relations");
    let many = vec!["crew.name = x"; 33].join(" ");
    let error = Filter::parse(&model(person), &many).unwrap_err();
    assert_eq!(error.message, "a filter follows at most 32 relations");
    let deep = |depth| ["boss"; 6][..depth].join(".");
    assert!(Inclusion::parse(&model(person), &deep(5)).is_ok());
    let error = Inclusion::parse(&model(person), &deep(6)).unwrap_err();
    assert_eq!(error.message, "inclusions nest at most 5 deep");
}

#[test]
fn both_forms_of_an_include_say_the_same() {
    let model = model("laws.v1.Person");
    let text = Inclusion::parse(&model, "crew, boss.crew, boss.crafts,crew").unwrap();
    let json = r#"["crew",{"relation":"boss","scope":{"include":["crew",{"relation":"crafts"}]}}]"#;
    assert_eq!(text, Inclusion::parse(&model, json).unwrap());
    let scope = format!(r#"{{"include":{json}}}"#);
    assert_eq!(text, Scope::parse(&model, &scope).unwrap().include);
    assert_eq!(Inclusion::parse(&model, " ").unwrap(), []);
}

#[test]
fn both_syntaxes_say_the_same() {
    let table = [
        (
            "rank > 1 AND done = true",
            r#"{"rank":{"gt":1},"done":true}"#,
        ),
        ("title != x", r#"{"title":{"neq":"x"}}"#),
        ("NOT like(title, \"a%\")", r#"{"title":{"nlike":"a%"}}"#),
        ("tags:x", r#"{"tags":{"contains":"x"}}"#),
        ("NOT note:*", r#"{"note":null}"#),
        ("length(tags) >= 2", r#"{"tags":{"length":{"gte":2}}}"#),
        ("rank = 1 OR rank = 2", r#"{"or":[{"rank":1},{"rank":2}]}"#),
    ];
    let item = model("laws.v1.Item");
    for (text, json) in table {
        let json = Filter::parse(&item, &format!(r#"{{"where":{json}}}"#)).unwrap();
        let json = match json {
            // A length may have several comparisons.
            Filter::And(mut parts) if parts.len() == 1 => parts.remove(0),
            json => json,
        };
        assert_eq!(Filter::parse(&item, text).unwrap(), json, "{text}");
    }
    let person = model("laws.v1.Person");
    let related = [
        ("crew.name != x", r#"{"crew.name":{"neq":"x"}}"#),
        (
            "every(tasks, hours > 1)",
            r#"{"tasks":{"every":{"hours":{"gt":1}}}}"#,
        ),
        (
            "none(boss.tasks, done = true)",
            r#"{"boss.tasks":{"none":{"done":true}}}"#,
        ),
    ];
    for (text, json) in related {
        let json = Filter::parse(&person, &format!(r#"{{"where":{json}}}"#)).unwrap();
        assert_eq!(Filter::parse(&person, text).unwrap(), json, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_likely_text_makes_the_parser_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"where\"", "\"rank\"", "\"tags\"", "\"crew.name\"", "\"and\"", "\"or\"",
                "\"not\"", "\"gt\"", "\"inq\"", "\"between\"", "\"some\"", "\"include\"", "\"fields\"", "\"order\"",
                "\"relation\"", "\"scope\"", "\"crew\"", "1", "-1.5e3", "\"x\"", "null", "true", "\"é\\u0000\"", "\"",
                "\"/a/i\"", "\"like\"", "\"regexp\"", "\"options\"", "\"length\"",
            ]),
            0..30,
        )
    ) {
        for name in ["laws.v1.Item", "laws.v1.Person"] {
            let model = model(name);
            let text = format!("{{{}", parts.concat());
            if let Ok(scope) = Scope::parse(&model, &text)
                && let Some(filter) = scope.filter
            {
                let not = Filter::Not(Box::new(filter.clone()));
                prop_assert!(filter.matches(&model, &[]) != not.matches(&model, &[]));
            }
            let _ = Inclusion::parse(&model, &format!("[{}", parts.concat()));
        }
    }
}
