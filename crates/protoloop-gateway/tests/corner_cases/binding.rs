//! Rows 25 to 37: which value goes where.

use protoloop_gateway::UnknownQuery;

use crate::support::*;

#[test]
fn case_25_a_body_where_none_belongs() {
    check(
        things(),
        &[
            (
                "GET /q/a\n\n{}",
                "400 t.v1.Things/Query takes no body over this path…",
            ),
            ("GET /q/a", r#"200 {"id":"a"}"#),
        ],
    );
}

#[test]
fn case_26_a_whole_body_leaves_nothing_to_the_query() {
    check(
        things(),
        &[
            (
                "POST /w/a?text=b\n\n{}",
                "400 text: the body carries the whole request; put the field there",
            ),
            ("POST /w/a?$prettyPrint=false\n\n{}", r#"200 {"id":"a"}"#),
            (
                "POST /w/a?nope=b\n\n{}",
                "400 nope: t.v1.Thing has no field \"nope\"…",
            ),
        ],
    );
}

#[test]
fn case_27_the_path_wins_over_the_body() {
    check(
        things(),
        &[
            ("POST /w/a\n\n{}", r#"200 {"id":"a"}"#),
            ("POST /w/a\n\n{\"id\":\"a\"}", r#"200 {"id":"a"}"#),
            (
                "POST /w/a\n\n{\"id\":\"b\"}",
                "400 id: the body gives another value than the path",
            ),
            (
                "POST /p/a\n\n{\"name\":\"b\"}",
                "400 inner.name: the body gives another value than the path",
            ),
        ],
    );
}

#[test]
fn case_28_what_the_body_carries_is_no_query() {
    check(
        things(),
        &[
            (
                "POST /p?text=a\n\n{\"name\":\"b\"}",
                r#"200 {"text":"a","inner":{"name":"b"}}"#,
            ),
            (
                "POST /p?inner.name=a\n\n{}",
                "400 inner.name: the body carries inner; put the field there",
            ),
        ],
    );
}

#[test]
fn case_29_the_query_never_overrides_the_path() {
    check(
        things(),
        &[
            ("GET /q/a?id=a", r#"200 {"id":"a"}"#),
            (
                "GET /q/a?id=b",
                "400 id: the query string gives another value than the path",
            ),
            ("GET /q/a?id=a&id=b", "400 id: …"),
        ],
    );
}

#[test]
fn case_30_leaves_of_the_query() {
    check(
        things(),
        &[
            (
                "GET /q?inner.inner.name=a",
                r#"200 {"inner":{"inner":{"name":"a"}}}"#,
            ),
            (
                "GET /q?inner=a",
                "400 inner: inner is a message; write its fields as inner.field=value",
            ),
            (
                "GET /q?inners=a",
                "400 inners: inners is a list of messages…",
            ),
            (
                "GET /q?inners.name=a",
                "400 inners.name: inners is repeated…",
            ),
            ("GET /q?text.x=a", "400 text.x: text has no fields"),
        ],
    );
}

#[test]
fn case_31_a_list_is_a_repeated_key() {
    check(
        things(),
        &[
            ("GET /q?tags=a&tags=b,c", r#"200 {"tags":["a","b,c"]}"#),
            ("GET /q?numbers=1&numbers=2", r#"200 {"numbers":[1,2]}"#),
            (
                "GET /q?mask=a,snakeCase.b",
                r#"200 {"mask":"a,snakeCase.b"}"#,
            ),
        ],
    );
}

#[test]
fn case_32_a_singular_field_twice() {
    check(
        things(),
        &[
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
fn case_33_one_member_of_a_oneof_and_a_bounded_depth() {
    check(
        things(),
        &[
            (
                "GET /q?left=a&right=1",
                "400 right: excludes left: both belong to one oneof",
            ),
            ("GET /right/1?left=a", "400 …"),
            (
                "POST /middle?left=a\n\n{}",
                "400 left: excludes middle: both belong to one oneof",
            ),
            (
                "GET /q?inner.left=a&inner.right=b",
                "400 inner.right: excludes left…",
            ),
        ],
    );
    let deep = format!("GET /q?{}name=a", "inner.".repeat(40));
    check(things(), &[(&deep, "400 …")]);
    let deep = format!(
        "POST /w\n\n{}{}",
        "{\"inner\":".repeat(200),
        "}".repeat(200)
    );
    check(things(), &[(&deep, "400 …")]);
}

#[test]
fn case_34_scalars_as_text() {
    check(
        things(),
        &[
            (
                "GET /q?i64=9223372036854775807",
                r#"200 {"i64":"9223372036854775807"}"#,
            ),
            (
                "GET /q?i64=9223372036854775808",
                "400 i64: expected a 64-bit integer…",
            ),
            ("GET /q?u32=-1", "400 u32: …"),
            ("GET /q?i32=1.0", "400 i32: …"),
            (
                "GET /q?flag=1&wrappedFlag=0",
                r#"200 {"flag":true,"wrappedFlag":false}"#,
            ),
            (
                "GET /q?flag=yes",
                "400 flag: expected true or false, found \"yes\"",
            ),
            ("GET /q?f64=NaN", r#"200 {"f64":"NaN"}"#),
            ("GET /q?f32=-Infinity", r#"200 {"f32":"-Infinity"}"#),
            ("GET /q?f32=1e39", "400 f32: …"),
            ("GET /q?data=-_8", r#"200 {"data":"+/8="}"#),
            ("GET /q?data=%2B/8%3D", r#"200 {"data":"+/8="}"#),
            ("GET /q?color=RED", r#"200 {"color":"RED"}"#),
            ("GET /q?color=7", r#"200 {"color":7}"#),
            ("GET /q?color=red", "400 color: …"),
            ("GET /q?i32=", "400 i32: …"),
            ("GET /q?maybe", r#"200 {"maybe":""}"#),
        ],
    );
}

#[test]
fn case_35_types_with_json_of_their_own_and_maps() {
    check(
        things(),
        &[
            (
                "GET /q?struct=%7B%22a%22:[1]%7D",
                r#"200 {"struct":{"a":[1]}}"#,
            ),
            ("GET /q?value=%22x%22", r#"200 {"value":"x"}"#),
            ("GET /q?value=x", "400 value: …"),
            ("GET /q?nothing=null", "200 {}"),
            (
                "GET /q?labels[a.b]=c&labels[d]=e",
                r#"200 {"labels":{"a.b":"c","d":"e"}}"#,
            ),
            (
                "GET /q?labels[a]=b&labels[a]=c",
                "400 labels[a]: is given more than once",
            ),
            (
                "GET /q?labels.a=b",
                "400 labels.a: labels is a map; write an entry as labels[key]=value",
            ),
            ("GET /q?counts[a]=x", "400 counts[a]: …"),
            (
                "GET /q?took=1.5s&wrapped=5",
                r#"200 {"took":"1.500s","wrapped":"5"}"#,
            ),
        ],
    );
}

#[test]
fn case_36_json_names_then_proto_names() {
    check(
        things(),
        &[
            ("GET /q?other=a", r#"200 {"other":"a"}"#),
            ("GET /q?renamed=a", r#"200 {"other":"a"}"#),
            (
                "POST /w\n\n{\"snake_case_name\":\"a\"}",
                r#"200 {"snakeCaseName":"a"}"#,
            ),
            (
                "POST /w\n\n{\"snakeCaseName\":\"a\",\"snake_case_name\":\"a\"}",
                "400 snake_case_name: …",
            ),
        ],
    );
    let gateway = things_with(|options| options.unknown_query = UnknownQuery::Ignore);
    check(
        &gateway,
        &[
            ("GET /q?nope=1&text=a", r#"200 {"text":"a"}"#),
            ("GET /q?inner=1", "400 inner: …"),
        ],
    );
}

#[test]
fn case_37_system_parameters_are_no_fields() {
    check(
        things(),
        &[
            (
                "GET /q?$alt=json&key=k&access_token=t&quotaUser=u&$.xgafv=2",
                "200 {}",
            ),
            ("GET /q/a?$prettyPrint=true", "200 {\n  \"id\": \"a\"\n}"),
            ("GET /q?fields=a", r#"200 {"fields":"a"}"#),
            ("GET /q/a?$fields=text", "200 {}"),
        ],
    );
}
