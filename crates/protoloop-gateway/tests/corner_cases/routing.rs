//! Rows 10 to 19 and 48: paths, their escapes and their verbs.

use protoloop_gateway::PathProfile;

use crate::support::*;

#[test]
fn case_10_literals_compare_after_decoding() {
    check(
        &gateway(&["get: \"/foo%2Fbar/x\"", "get: \"/foo/{a}\""]),
        &[
            ("GET /foo%2fbar/x", "200 {}"),
            ("GET /foo%2Fbar/x", "200 {}"),
            ("GET /%66oo/1", r#"200 {"a":"1"}"#),
            ("GET /Foo/1", "404 no method is bound to GET /Foo/1"),
        ],
    );
}

#[test]
fn case_11_one_segment_decodes_everything() {
    check(
        &gateway(&["get: \"/{a}\""]),
        &[
            ("GET /x%2Fy%3A%20%C3%A9", r#"200 {"a":"x/y: é"}"#),
            ("GET /x+y", r#"200 {"a":"x+y"}"#),
            ("GET /%2E%2E", r#"200 {"a":".."}"#),
        ],
    );
}

#[test]
fn case_12_several_segments_by_profile() {
    let rules = ["get: \"/{a=s/*}\"", "get: \"/f/{a=**}\""];
    let with = |profile| gateway_with(&rules, |options| options.path = profile);
    check(
        &with(PathProfile::Google),
        &[
            ("GET /s/x%2Fy%3A%40%20", r#"200 {"a":"s/x%2Fy:@ "}"#),
            ("GET /f/x%2Fy%3A%20", r#"200 {"a":"x%2Fy: "}"#),
        ],
    );
    check(
        &with(PathProfile::Envoy),
        &[
            ("GET /s/x%2Fy%3A%40%20", r#"200 {"a":"s/x%2Fy%3A%40 "}"#),
            ("GET /f/x%2Fy%3A%20", r#"200 {"a":"x%2Fy%3A "}"#),
        ],
    );
    check(
        &with(PathProfile::GrpcGateway),
        &[
            ("GET /s/x%3A%40%20", r#"200 {"a":"s/x:@ "}"#),
            ("GET /s/x%2Fy", "404 no method is bound to GET /s/x/y"),
            ("GET /f/x%2Fy%3A%20", r#"200 {"a":"x/y: "}"#),
        ],
    );
}

#[test]
fn case_13_a_kept_escape_keeps_its_case() {
    check(
        &gateway(&["get: \"/{a=**}\""]),
        &[("GET /x%2fy%2Fz", r#"200 {"a":"x%2fy%2Fz"}"#)],
    );
}

#[test]
fn case_14_malformed_escapes_are_400() {
    for profile in [
        PathProfile::Google,
        PathProfile::Envoy,
        PathProfile::GrpcGateway,
    ] {
        let gateway = gateway_with(&["get: \"/{a}\""], |options| options.path = profile);
        for path in ["/%", "/%z", "/%zz", "/x%2", "/x%+1", "/nowhere/at/all/%"] {
            let answer = send(&gateway, &format!("GET {path}"));
            assert!(
                answer
                    .line()
                    .starts_with("400 path: malformed percent-escape"),
                "{path}: {}",
                answer.line()
            );
        }
        check(
            &gateway,
            &[(
                "GET /x?a=%zz",
                "400 query parameter a: malformed percent-escape…",
            )],
        );
    }
}

#[test]
fn case_15_values_are_utf8() {
    for profile in [
        PathProfile::Google,
        PathProfile::Envoy,
        PathProfile::GrpcGateway,
    ] {
        let gateway = gateway_with(&["get: \"/{a}\""], |options| options.path = profile);
        check(
            &gateway,
            &[
                (
                    "GET /%ff",
                    "400 path: escapes from byte 1 do not decode to UTF-8",
                ),
                ("GET /%C3%28", "400 path: escapes…"),
                ("GET /x?b=%ff", "400 query parameter b: escapes…"),
            ],
        );
    }
}

#[test]
fn case_16_a_verb_is_behind_the_last_fitting_colon() {
    let gateway = gateway(&[
        "post: \"/x/{a}:cancel\"",
        "get: \"/x/{a}\"",
        "post: \"/{a}/{b}:verb\"",
        "post: \"/x/{a}:custom:custom\"",
    ]);
    for (text, method, line) in [
        ("POST /x/1:cancel", "R0", r#"200 {"a":"1"}"#),
        ("POST /x/1:2:cancel", "R0", r#"200 {"a":"1:2"}"#),
        ("GET /x/1:2", "R1", r#"200 {"a":"1:2"}"#),
        ("GET /x/1:cancel", "R1", r#"200 {"a":"1:cancel"}"#),
        ("GET /x/1%3Acancel", "R1", r#"200 {"a":"1:cancel"}"#),
        (
            "POST /some:verb/const:verb",
            "R2",
            r#"200 {"a":"some:verb","b":"const"}"#,
        ),
        ("POST /x/1:custom:custom", "R3", r#"200 {"a":"1"}"#),
    ] {
        let echo = Echo::default();
        assert_eq!(send_to(&gateway, &echo, text).line(), line, "{text}");
        assert_eq!(echo.called(), format!("/c.v1.S/{method}"), "{text}");
    }
    assert_eq!(send(&gateway, "POST /x/1%3Acancel").status, 405);
}

#[test]
fn case_17_the_verb_decides_between_alike_paths() {
    let gateway = gateway(&["get: \"/{a=**}:verb\"", "get: \"/person/{b}\""]);
    check(
        &gateway,
        &[
            ("GET /person/1:verb", r#"200 {"a":"person/1"}"#),
            ("GET /person/1", r#"200 {"b":"1"}"#),
            ("GET /person:verb", r#"200 {"a":"person"}"#),
        ],
    );
}

#[test]
fn case_18_precedence_with_going_back() {
    let gateway = gateway(&[
        "get: \"/a/b/{a}\"",
        "get: \"/{b=**}/a/b\"",
        "get: \"/l/x/y\"",
        "get: \"/l/{a}/z\"",
        "put: \"/{b}/x/y\"",
        "get: \"/l/**\"",
    ]);
    for (text, method) in [
        ("GET /a/b/1", "R0"),
        ("GET /a/b/a/b", "R1"),
        ("GET /l/x/y", "R2"),
        ("GET /l/x/z", "R3"),
        ("PUT /l/x/y", "R4"),
        ("GET /l/x/w", "R5"),
    ] {
        let echo = Echo::default();
        assert_eq!(send_to(&gateway, &echo, text).status, 200, "{text}");
        assert_eq!(echo.called(), format!("/c.v1.S/{method}"), "{text}");
    }
    let answer = send(&gateway, "DELETE /l/x/y");
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, HEAD, OPTIONS, PUT")
    );
}

#[test]
fn case_19_many_segments_are_refused_early() {
    let gateway = gateway_with(&["get: \"/{a=**}/x\""], |options| {
        options.max_uri_bytes = 1 << 20;
    });
    for path in [
        "/".repeat(64_000),
        "/a".repeat(200),
        format!("/{}", "a".repeat(9000)),
    ] {
        assert_eq!(send(&gateway, &format!("GET {path}")).status, 414);
    }
    let most = format!("GET {}/x", "/a".repeat(127));
    assert_eq!(send(&gateway, &most).status, 200);
}

#[test]
fn case_48_values_are_decoded_once() {
    check(
        &gateway(&["get: \"/{a}\""]),
        &[
            (
                "GET /100%2525?b=100%2525",
                r#"200 {"a":"100%25","b":"100%25"}"#,
            ),
            ("GET /100%25?b=1%2B1+1", r#"200 {"a":"100%","b":"1+1 1"}"#),
        ],
    );
    let gateway = gateway_with(&["get: \"/{a}\""], |options| {
        options.path = PathProfile::GrpcGateway;
    });
    check(&gateway, &[("GET /100%2525", r#"200 {"a":"100%25"}"#)]);
}
