//! Path and query.

use super::*;

#[test]
fn case_07_and_08_path_fields_are_scalars_enums_and_their_like() {
    check(
        things(),
        &[
            ("GET /int/-7", r#"200 {"i32":-7}"#),
            (
                "GET /int/2147483648",
                r#"400 i32: expected a 32-bit integer, found "2147483648""#,
            ),
            (
                "GET /int/+7",
                r#"400 i32: expected a 32-bit integer, found "+7""#,
            ),
            ("GET /color/RED", r#"200 {"color":"RED"}"#),
            ("GET /color/1", r#"200 {"color":"RED"}"#),
            ("GET /color/9", r#"200 {"color":9}"#),
            (
                "GET /color/red",
                r#"400 color: expected a name or number of t.v1.Color, found "red""#,
            ),
            ("GET /maybe/x", r#"200 {"maybe":"x"}"#),
            (
                "GET /at/2026-01-02T03:04:05Z",
                r#"200 {"at":"2026-01-02T03:04:05Z"}"#,
            ),
            ("GET /data/-_8", r#"200 {"data":"+/8="}"#),
            ("GET /wrapped/5", r#"200 {"wrapped":"5"}"#),
        ],
    );
}

#[test]
fn case_11_to_13_and_48_path_values_are_decoded_once() {
    check(
        things(),
        &[
            ("GET /q/100%2525", r#"200 {"id":"100%25"}"#),
            ("GET /q/a%2Fb+c%3Fd", r#"200 {"id":"a/b+c?d"}"#),
            ("GET /many/a/b%2fc%20d%41", r#"200 {"text":"a/b%2fc dA"}"#),
            ("GET /many", "200 {}"),
            (
                "GET /shelf/shelves/1%2F2",
                r#"200 {"text":"shelves/1%2F2"}"#,
            ),
        ],
    );
}

#[test]
fn case_14_and_15_broken_escapes_are_400() {
    check(
        things(),
        &[
            (
                "GET /q/%zz",
                "400 path: malformed percent-escape at byte 3; write % as %25",
            ),
            (
                "GET /q/%ff",
                "400 path: escapes from byte 3 do not decode to UTF-8",
            ),
            (
                "GET /q?text=%f",
                "400 query parameter text: malformed percent-escape at byte 0; write % as %25",
            ),
            (
                "GET /q?text=%ff",
                "400 query parameter text: escapes from byte 0 do not decode to UTF-8",
            ),
        ],
    );
}

#[test]
fn case_25_a_body_where_none_belongs_is_400() {
    check(
        things(),
        &[(
            "GET /q\n\n{}",
            "400 t.v1.Things/Query takes no body over this path; the fields of its request go into the query string",
        )],
    );
}

#[test]
fn case_26_a_whole_body_leaves_nothing_to_the_query() {
    check(
        things(),
        &[
            (
                "POST /w?text=x\n\n{}",
                "400 text: the body carries the whole request; put the field there",
            ),
            (
                "POST /w?zzzzzzzz=x\n\n{}",
                "400 zzzzzzzz: t.v1.Thing has no field \"zzzzzzzz\"",
            ),
            ("POST /w?$alt=json&key=k\n\n{}", "200 {}"),
        ],
    );
}

#[test]
fn case_28_what_the_body_carries_is_no_query_parameter() {
    check(
        things(),
        &[
            (
                "POST /p?inner.number=1\n\n{}",
                "400 inner.number: the body carries inner; put the field there",
            ),
            (
                "POST /p?text=x\n\n{\"number\":1}",
                r#"200 {"text":"x","inner":{"number":1}}"#,
            ),
        ],
    );
}

#[test]
fn case_29_nothing_overrides_the_path() {
    check(
        things(),
        &[
            (
                "GET /q/a?id=b",
                "400 id: the query string gives another value than the path",
            ),
            ("GET /q/a?id=a", r#"200 {"id":"a"}"#),
            ("GET /int/7?i32=07", r#"200 {"i32":7}"#),
            (
                "GET /int/0?i32=1",
                "400 i32: the query string gives another value than the path",
            ),
        ],
    );
}

#[test]
fn case_30_query_leaves() {
    check(
        things(),
        &[
            (
                "GET /q?inner.name=x&inner.inner.number=2",
                r#"200 {"inner":{"name":"x","inner":{"number":2}}}"#,
            ),
            (
                "GET /q?inner.tags=a&inner.tags=b",
                r#"200 {"inner":{"tags":["a","b"]}}"#,
            ),
            (
                "GET /q?inner=x",
                "400 inner: inner is a message; write its fields as inner.field=value",
            ),
            (
                "GET /q?inners=x",
                "400 inners: inners is a list of messages, which cannot be given in the query string",
            ),
            (
                "GET /q?inners.name=x",
                "400 inners.name: inners is repeated; its parts cannot be given in the query string",
            ),
            ("GET /q?text.x=1", "400 text.x: text has no fields"),
            (
                "GET /q?at.seconds=1",
                "400 at.seconds: at is written as one value, not by its parts",
            ),
            (
                "GET /q?inner.nam=x",
                "400 inner.nam: t.v1.Inner has no field \"nam\"; did you mean \"name\"?",
            ),
            (
                "GET /q?zzzzzzzz=x",
                "400 zzzzzzzz: t.v1.Thing has no field \"zzzzzzzz\"",
            ),
            ("GET /q?=x", "400 : t.v1.Thing has no field \"\""),
        ],
    );
}

#[test]
fn case_31_and_32_repeated_keys() {
    check(
        things(),
        &[
            ("GET /q?tags=a&tags=b,c", r#"200 {"tags":["a","b,c"]}"#),
            ("GET /q?numbers=1&numbers=2", r#"200 {"numbers":[1,2]}"#),
            (
                "GET /q?colors=RED&colors=0",
                r#"200 {"colors":["RED","COLOR_UNSPECIFIED"]}"#,
            ),
            (
                "GET /q?times=1970-01-01T00:00:01Z",
                r#"200 {"times":["1970-01-01T00:00:01Z"]}"#,
            ),
            ("GET /q?text=a&text=b", "400 text: is given more than once"),
            ("GET /q?text=a&text=a", "400 text: is given more than once"),
            (
                "GET /q?snakeCaseName=a&snake_case_name=a",
                "400 snake_case_name: is given more than once",
            ),
        ],
    );
}

#[test]
fn case_33_one_member_of_a_oneof() {
    check(
        things(),
        &[
            ("GET /q?left=a", r#"200 {"left":"a"}"#),
            ("GET /q?right=0", r#"200 {"right":0}"#),
            (
                "GET /q?left=a&right=1",
                "400 right: excludes left: both belong to one oneof",
            ),
            (
                "GET /right/1?left=a",
                "400 right: excludes left: both belong to one oneof",
            ),
            (
                "GET /q?left=a&middle.name=b",
                "400 middle.name: excludes left: both belong to one oneof",
            ),
            (
                "GET /q?middle.left=a&middle.right=b",
                "400 middle.right: excludes left: both belong to one oneof",
            ),
            (
                "POST /middle?left=a\n\n{\"name\":\"b\"}",
                "400 left: excludes middle: both belong to one oneof",
            ),
            (
                "POST /middle\n\n{\"name\":\"b\"}",
                r#"200 {"middle":{"name":"b"}}"#,
            ),
        ],
    );
    let deep = format!("GET /q?{}name=x", "inner.".repeat(40));
    assert!(
        send(things(), &deep)
            .line()
            .contains("more than 32 fields deep")
    );
}

#[test]
fn case_34_scalars() {
    check(
        things(),
        &[
            (
                "GET /q?i32=-1&i64=-9223372036854775808",
                r#"200 {"i32":-1,"i64":"-9223372036854775808"}"#,
            ),
            (
                "GET /q?u32=4294967295&u64=18446744073709551615",
                r#"200 {"u32":4294967295,"u64":"18446744073709551615"}"#,
            ),
            ("GET /q?s32=-5&sf64=-6", r#"200 {"s32":-5,"sf64":"-6"}"#),
            (
                "GET /q?u32=-1",
                r#"400 u32: expected an integer from 0 to 4294967295, found "-1""#,
            ),
            (
                "GET /q?i32=1.0",
                r#"400 i32: expected a 32-bit integer, found "1.0""#,
            ),
            (
                "GET /q?i32=",
                r#"400 i32: expected a 32-bit integer, found """#,
            ),
            (
                "GET /q?i32",
                r#"400 i32: expected a 32-bit integer, found """#,
            ),
            ("GET /q?flag=true", r#"200 {"flag":true}"#),
            ("GET /q?flag=1", r#"200 {"flag":true}"#),
            ("GET /q?flag=0", "200 {}"),
            (
                "GET /q?flag=yes",
                r#"400 flag: expected true or false, found "yes""#,
            ),
            ("GET /q?f32=1.5&f64=-2e3", r#"200 {"f32":1.5,"f64":-2000}"#),
            (
                "GET /q?f64=NaN&f32=-Infinity",
                r#"200 {"f32":"-Infinity","f64":"NaN"}"#,
            ),
            (
                "GET /q?f64=inf",
                r#"400 f64: expected a number in range, NaN, Infinity or -Infinity, found "inf""#,
            ),
            (
                "GET /q?f32=1e39",
                r#"400 f32: expected a number in range, NaN, Infinity or -Infinity, found "1e39""#,
            ),
            (
                "GET /q?data=-_8&text=a+b",
                r#"200 {"text":"a b","data":"+/8="}"#,
            ),
            ("GET /q?data=%2B/8%3D", r#"200 {"data":"+/8="}"#),
            ("GET /q?text=&maybe=", r#"200 {"maybe":""}"#),
            ("GET /q?color=RED", r#"200 {"color":"RED"}"#),
            ("GET /q?color=-3", r#"200 {"color":-3}"#),
            (
                "GET /q?color=blue",
                r#"400 color: expected a name or number of t.v1.Color, found "blue""#,
            ),
            ("GET /q?nothing=null", "200 {}"),
            (
                "GET /q?nothing=3",
                r#"400 nothing: expected a name or number of google.protobuf.NullValue, found "3""#,
            ),
        ],
    );
}

const TYPES_WITH_A_JSON_TEXT: &[(&str, &str)] = &[
    (
        "GET /q?at=2026-01-02T03:04:05.5Z&took=1.5s",
        r#"200 {"at":"2026-01-02T03:04:05.500Z","took":"1.500s"}"#,
    ),
    (
        "GET /q?mask=text,inner.name,snakeCaseName",
        r#"200 {"mask":"text,inner.name,snakeCaseName"}"#,
    ),
    (
        "GET /q?mask=snake_case_name",
        r#"200 {"mask":"snakeCaseName"}"#,
    ),
    // ProtoJSON has no spelling for it, and it is a field's name all the same.
    (
        "GET /q?mask=line_1,a.line_2,lineTwo_2",
        r#"200 {"mask":"line_1,a.line_2,line_two_2"}"#,
    ),
    (
        "GET /q?mask=labels.`a.B,c_d`,text",
        r#"200 {"mask":"labels.`a.B,c_d`,text"}"#,
    ),
    ("GET /q?mask=*", r#"200 {"mask":"*"}"#),
    (
        "GET /q?mask=text,",
        "400 mask: has an empty path at character 6",
    ),
    (
        "GET /q?mask=text,,id",
        "400 mask: has an empty path at character 6",
    ),
    (
        "GET /q?mask=inner.",
        "400 mask: has an empty segment at character 7",
    ),
    (
        "GET /q?mask=*,text",
        "400 mask: has `*`, which is all fields, beside other paths at character 1",
    ),
    (
        "GET /q?mask=labels.`a",
        "400 mask: has a backtick that is not closed at character 8",
    ),
    (
        "GET /q?wrapped=5&wrappedFlag=true&wrappedText=",
        r#"200 {"wrapped":"5","wrappedFlag":true,"wrappedText":""}"#,
    ),
    ("GET /q?wrapped_data=AQ", r#"200 {"wrappedData":"AQ=="}"#),
    (
        "GET /q?struct=%7B%22a%22:%5B1,null%5D%7D",
        r#"200 {"struct":{"a":[1,null]}}"#,
    ),
    ("GET /q?value=%22x%22", r#"200 {"value":"x"}"#),
    (
        "GET /q?labels%5Ba.b%5D=x&labels[c]=y",
        r#"200 {"labels":{"a.b":"x","c":"y"}}"#,
    ),
    ("GET /q?counts[a]=1", r#"200 {"counts":{"a":1}}"#),
    (
        "GET /q?labels[a]=x&labels[a]=y",
        "400 labels[a]: is given more than once",
    ),
    (
        "GET /q?labels.a=x",
        "400 labels.a: labels is a map; write an entry as labels[key]=value",
    ),
    (
        "GET /q?labels=x",
        "400 labels: labels is a map; write an entry as labels[key]=value",
    ),
    ("GET /q?text[a]=x", "400 text[a]: text is not a map"),
    (
        "GET /q?labels[a=x",
        "400 labels[a: expected ] at the end of the key",
    ),
    (
        "GET /q?counts[a]=b",
        r#"400 counts[a]: expected a 32-bit integer, found "b""#,
    ),
    (
        "GET /q?innerMap[1]=x",
        "400 innerMap[1]: inner_map maps to messages, which cannot be given in the query string",
    ),
];

#[test]
fn case_35_types_with_a_json_text_of_their_own() {
    check(things(), TYPES_WITH_A_JSON_TEXT);
    for bad in [
        "at=yesterday",
        "took=1",
        "struct=[1]",
        "value=x",
        "wrapped=x",
        "wrappedFlag=2",
        "data=*",
        "mask=a[1]",
    ] {
        let answer = send(things(), &format!("GET /q?{bad}"));
        let field = bad.split('=').next().unwrap();
        assert_eq!(answer.status, 400, "{bad}");
        assert!(
            answer.line().starts_with(&format!("400 {field}: ")),
            "{}",
            answer.line()
        );
    }
}

#[test]
fn case_36_json_names_first() {
    check(
        things(),
        &[
            ("GET /q?other=a", r#"200 {"other":"a"}"#),
            ("GET /q?renamed=a", r#"200 {"other":"a"}"#),
            ("GET /q?snake_case_name=a", r#"200 {"snakeCaseName":"a"}"#),
        ],
    );
}

#[test]
fn case_37_system_parameters_are_no_fields() {
    check(
        things(),
        &[
            (
                "GET /q?$alt=json&$.xgafv=2&key=k&access_token=t&quotaUser=u&$fields=id",
                "200 {}",
            ),
            ("GET /q?fields=a", r#"200 {"fields":"a"}"#),
            (
                "GET /q?alt=xml",
                "400 query parameter alt: expected json, proto or media",
            ),
            ("GET /q/a?$prettyPrint=true", "200 {\n  \"id\": \"a\"\n}"),
        ],
    );
}

#[test]
fn unknown_parameters_may_be_let_be() {
    let options = RestOptions {
        unknown_query: crate::UnknownQuery::Ignore,
        ..RestOptions::default()
    };
    let gateway = gateway_with(include_str!("things.proto"), options);
    check(
        &gateway,
        &[(
            "GET /q/a?utm_source=x&text=y",
            r#"200 {"id":"a","text":"y"}"#,
        )],
    );
}
