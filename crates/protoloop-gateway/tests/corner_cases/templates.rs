//! Rows 1 to 9 and 20 to 24: what a rule may say.

use crate::support::*;

#[test]
fn case_01_the_grammar_of_templates() {
    for path in [
        "", "a", "a/b", "//", "/a/", "/a//b", "/{}", "/{a", "/{a=}", "/{a=*", "/a{a}", "/{a}b",
        "/a*", "/*a", "/***", "/x:", "/x:y:", "/:v", "/{1a}", "/{a.}", "/{.a}", "/{a}{b}",
        "/{a}:x/b", "/}", "/%zz", "/a b", "/a?b", "/a#b",
    ] {
        let problems = refusal(&[&format!("get: \"{path}\"")]);
        assert!(problems.contains("column"), "{path:?}: {problems}");
    }
    check(&gateway(&["get: \"/\""]), &[("GET /", "200 {}")]);
}

#[test]
fn case_02_a_star_is_one_segment_and_no_empty_one() {
    check(
        &gateway(&["get: \"/c/*/v\""]),
        &[
            ("GET /c/x/v", "200 {}"),
            ("GET /c//v", "404 no method is bound to GET /c//v"),
            ("GET /c/v", "404 no method is bound to GET /c/v"),
            ("GET /c/x/y/v", "404 no method is bound to GET /c/x/y/v"),
        ],
    );
}

#[test]
fn case_03_two_stars_are_zero_or_more_segments() {
    check(
        &gateway(&["get: \"/f/{a=**}\""]),
        &[
            ("GET /f", "200 {}"),
            ("GET /f/x", r#"200 {"a":"x"}"#),
            ("GET /f/x/y/z", r#"200 {"a":"x/y/z"}"#),
            ("GET /g", "404 no method is bound to GET /g"),
        ],
    );
}

#[test]
fn case_04_literals_behind_two_stars() {
    let gateway = gateway(&["get: \"/{a=**}/a/b\"", "get: \"/{a=x/**/y}/c\""]);
    check(
        &gateway,
        &[
            ("GET /1/2/a/b", r#"200 {"a":"1/2"}"#),
            ("GET /a/b", "200 {}"),
            ("GET /a/b/a/b", r#"200 {"a":"a/b"}"#),
            ("GET /x/y/c", r#"200 {"a":"x/y"}"#),
            ("GET /x/1/y/c", r#"200 {"a":"x/1/y"}"#),
        ],
    );
    for path in ["/**/**", "/{a=**}/*", "/**/{a}"] {
        let problems = refusal(&[&format!("get: \"{path}\"")]);
        assert!(problems.contains("only literals may follow"), "{problems}");
    }
}

#[test]
fn case_05_variables_do_not_nest() {
    for path in ["/{a={b}}", "/{a=x/{b}/y}"] {
        let problems = refusal(&[&format!("get: \"{path}\"")]);
        assert!(problems.contains("variables do not nest"), "{problems}");
    }
}

#[test]
fn case_06_a_bare_variable_is_one_segment() {
    for path in ["/{a}", "/{a=*}"] {
        check(
            &gateway(&[&format!("get: \"{path}\"")]),
            &[
                ("GET /x", r#"200 {"a":"x"}"#),
                ("GET /x/y", "404 no method is bound to GET /x/y"),
            ],
        );
    }
}

#[test]
fn case_07_a_variable_leads_to_a_singular_leaf() {
    check(
        &gateway(&["get: \"/{m.m.a}\""]),
        &[("GET /x", r#"200 {"m":{"m":{"a":"x"}}}"#)],
    );
    for (path, part) in [
        ("/{nope}", "nope"),
        ("/{m.nope}", "nope"),
        ("/{list}", "list"),
        ("/{map}", "map"),
        ("/{ms.a}", "ms"),
        ("/{m}", "m"),
        ("/{a.b}", "a"),
        ("/{a}/{a}", "twice"),
    ] {
        let problems = refusal(&[&format!("get: \"{path}\"")]);
        assert!(problems.contains(part), "{path}: {problems}");
    }
}

#[test]
fn case_08_path_fields_are_scalars_enums_and_their_like() {
    check(
        things(),
        &[
            ("GET /int/-7", r#"200 {"i32":-7}"#),
            (
                "GET /int/x",
                r#"400 i32: expected a 32-bit integer, found "x""#,
            ),
            ("GET /color/RED", r#"200 {"color":"RED"}"#),
            ("GET /color/1", r#"200 {"color":"RED"}"#),
            ("GET /maybe/x", r#"200 {"maybe":"x"}"#),
            (
                "GET /at/2026-01-02T03:04:05Z",
                r#"200 {"at":"2026-01-02T03:04:05Z"}"#,
            ),
            ("GET /wrapped/5", r#"200 {"wrapped":"5"}"#),
            ("GET /data/-_8", r#"200 {"data":"+/8="}"#),
        ],
    );
}

#[test]
fn case_09_a_variable_has_no_leading_slash() {
    check(
        &gateway(&["get: \"/{a=**}\""]),
        &[
            ("GET /x/y", r#"200 {"a":"x/y"}"#),
            ("GET //x", r#"200 {"a":"/x"}"#),
            ("GET /", "200 {}"),
        ],
    );
}

#[test]
fn case_20_two_routes_for_the_same_requests() {
    for (one, other) in [
        ("get: \"/x/{a}\"", "get: \"/x/{b}\""),
        ("get: \"/x/{a}\"", "get: \"/x/*\""),
        ("get: \"/f%6fo\"", "get: \"/foo\""),
        ("post: \"/x:v\" body: \"*\"", "post: \"/x:v\""),
        ("custom: { kind: \"GET\" path: \"/x\" }", "get: \"/x\""),
    ] {
        let problems = refusal(&[one, other]).replace("S/R", "S.R");
        assert!(
            problems.contains("c.v1.S.R0") && problems.contains("c.v1.S.R1"),
            "{one}, {other}: {problems}"
        );
    }
}

#[test]
fn case_21_any_method_and_every_method() {
    let gateway = gateway(&[
        "custom: { kind: \"REPORT\" path: \"/x\" }",
        "custom: { kind: \"*\" path: \"/y\" }",
        "put: \"/y\"",
    ]);
    for (text, method) in [
        ("REPORT /x", "R0"),
        ("BREW /y", "R1"),
        ("GET /y", "R1"),
        ("PUT /y", "R2"),
    ] {
        let echo = Echo::default();
        assert_eq!(send_to(&gateway, &echo, text).status, 200, "{text}");
        assert_eq!(echo.called(), format!("/c.v1.S/{method}"), "{text}");
    }
    assert_eq!(send(&gateway, "GET /x").header("allow"), "OPTIONS, REPORT");
}

#[test]
fn case_22_each_binding_has_its_own_bodies() {
    let rule = "post: \"/x/{a}\" body: \"m\" response_body: \"m\"
        additional_bindings { put: \"/x\" body: \"*\" }
        additional_bindings { get: \"/x/{a}\" response_body: \"a\" }";
    check(
        &gateway(&[rule]),
        &[
            ("POST /x/1\n\n{\"b\":\"2\"}", r#"200 {"b":"2"}"#),
            ("PUT /x\n\n{\"b\":\"2\"}", r#"200 {"b":"2"}"#),
            ("GET /x/1", "200 \"1\""),
        ],
    );
    let nested =
        "get: \"/x\" additional_bindings { get: \"/y\" additional_bindings { get: \"/z\" } }";
    assert!(refusal(&[nested]).contains("additional_bindings"));
}

#[test]
fn case_24_bodies_are_top_level_fields_of_any_kind() {
    check(
        things(),
        &[
            ("POST /tags\n\n[\"a\",\"b\"]", r#"200 {"tags":["a","b"]}"#),
            (
                "POST /inners\n\n[{\"name\":\"a\"}]",
                r#"200 {"inners":[{"name":"a"}]}"#,
            ),
            (
                "POST /labels\n\n{\"a\":\"b\"}",
                r#"200 {"labels":{"a":"b"}}"#,
            ),
            ("POST /text\n\n\"a\"", r#"200 {"text":"a"}"#),
            ("GET /a/tags?tags=a", r#"200 ["a"]"#),
            ("GET /a/inner?inner.name=a", r#"200 {"name":"a"}"#),
            ("GET /a/text", "200 \"\""),
        ],
    );
    for rule in [
        "post: \"/x\" body: \"m.a\"",
        "post: \"/x\" body: \"nope\"",
        "get: \"/x\" response_body: \"m.a\"",
        "get: \"/x\" response_body: \"nope\"",
        "post: \"/x/{m.a}/{a}\" body: \"a\"",
    ] {
        assert!(refusal(&[rule]).contains("body"), "{rule}");
    }
}
