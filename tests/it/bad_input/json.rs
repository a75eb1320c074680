//! JSON bodies.

use super::table::{Row, refuse};

/// A create whose body is refused.
fn create(body: impl Into<Vec<u8>>, names: &'static str) -> Row {
    Row::new("POST", "/v1/dishes", names).json(body)
}

#[test]
fn malformed_text_is_refused_with_its_place() {
    refuse(&[
        create("{", "line 1"),
        create("{\"name\": \"x\"", "line 1"),
        create("{\"name\" \"x\"}", "line 1"),
        create("{\"name\": \"x\",}", "line 1"),
        create("{\"name\": \"x\",\n \"sku\": \"y\",\n}", "line 3"),
        create("{\"name\": \"x\"} more", "line 1"),
        create("{\"name\": \"x\"}{}", "line 1"),
        create("{'name': \"x\"}", "line 1"),
        create("{name: \"x\"}", "line 1"),
        create("{\"name\": \"a\\qb\"}", "name"),
        create("{\"name\": \"a\\u12\"}", "name"),
        create("{\"name\": \"a\nb\"}", "name"),
        create("{\"name\": \"\\ud800\"}", "name"),
        create("{\"name\": \"\\udc00\\ud800\"}", "name"),
        create(b"{\"name\": \"\xff\"}".as_slice(), "column 11"),
        create(b"{\"na\xffme\": \"x\"}".as_slice(), "line 1"),
        create("{\"small\": 01}", "small"),
        create("{\"small\": +1}", "small"),
        create("{\"price\": .5}", "price"),
        create("{\"price\": 1.}", "price"),
        create("{\"price\": NaN}", "price"),
        create("{\"vegan\": True}", "vegan"),
        create("{\"vegan\": nul}", "vegan"),
        create("[]", "object"),
        create("\"name\"", "object"),
        create("1", "object"),
        create("/* a */ {}", "line 1"),
    ]);
}

#[test]
fn a_value_of_another_type_is_refused_by_its_field() {
    refuse(&[
        create(r#"{"name": 1}"#, "name"),
        create(r#"{"name": true}"#, "name"),
        create(r#"{"name": {}}"#, "name"),
        create(r#"{"name": ["a"]}"#, "name"),
        create(r#"{"vegan": "yes"}"#, "vegan"),
        create(r#"{"vegan": 1}"#, "vegan"),
        create(r#"{"small": "abc"}"#, "small"),
        create(r#"{"small": ""}"#, "small"),
        create(r#"{"small": true}"#, "small"),
        create(r#"{"small": 1.5}"#, "small"),
        create(r#"{"price": "abc"}"#, "price"),
        create(r#"{"picture": "***"}"#, "picture"),
        create(r#"{"picture": 1}"#, "picture"),
        create(r#"{"picture": "a"}"#, "picture"),
        create(r#"{"course": "PUDDING"}"#, "course").and_names("PUDDING"),
        create(r#"{"course": 1.5}"#, "course"),
        create(r#"{"course": true}"#, "course"),
        create(r#"{"tags": "a"}"#, "tags"),
        create(r#"{"tags": ["a", 1]}"#, "tags[1]"),
        create(r#"{"tags": [null]}"#, "tags[0]"),
        create(r#"{"sizes": [1, 2, "x"]}"#, "sizes[2]"),
        create(r#"{"labels": []}"#, "labels"),
        create(r#"{"labels": {"a": 1}}"#, "labels"),
        create(r#"{"byYear": {"x": {}}}"#, "by"),
        create(r#"{"byYear": {"1990": null}}"#, "by"),
        create(r#"{"origin": 5}"#, "origin"),
        create(r#"{"origin": {"latitude": "x"}}"#, "origin.latitude"),
        create(
            r#"{"origin": {"within": {"country": 5}}}"#,
            "origin.within.country",
        ),
        create(r#"{"origins": [{}, {"country": 5}]}"#, "origins[1].country"),
        create(r#"{"extra": 5}"#, "extra"),
        create(r#"{"note": 5}"#, "note"),
        create(r#"{"limit": "x"}"#, "limit"),
        create(r#"{"mask": 5}"#, "mask"),
    ]);
}

#[test]
fn a_number_out_of_range_is_refused_by_its_field() {
    refuse(&[
        create(r#"{"small": 2147483648}"#, "small"),
        create(r#"{"small": -2147483649}"#, "small"),
        create(r#"{"small": 1e100}"#, "small"),
        create(r#"{"large": 9223372036854775808}"#, "large"),
        create(r#"{"large": "-9223372036854775809"}"#, "large"),
        create(r#"{"count": -1}"#, "count"),
        create(r#"{"count": 4294967296}"#, "count"),
        create(r#"{"serial": "18446744073709551616"}"#, "serial"),
        create(r#"{"serial": "-1"}"#, "serial"),
        create(r#"{"offset": 2147483648}"#, "offset"),
        create(r#"{"farOffset": "9223372036854775808"}"#, "far"),
        create(r#"{"hash": 4294967296}"#, "hash"),
        create(r#"{"longHash": "18446744073709551616"}"#, "long"),
        create(r#"{"delta": -2147483649}"#, "delta"),
        create(r#"{"weight": 1e39}"#, "weight"),
        create(r#"{"price": 1e400}"#, "price"),
        create(r#"{"course": 2147483648}"#, "course"),
        create(r#"{"limit": "9223372036854775808"}"#, "limit"),
    ]);
}

#[test]
fn a_time_that_is_none_is_refused_by_its_field() {
    refuse(&[
        create(r#"{"soldAt": "yesterday"}"#, "sold"),
        create(r#"{"soldAt": 5}"#, "sold"),
        create(r#"{"soldAt": "2024-13-01T00:00:00Z"}"#, "sold"),
        create(r#"{"soldAt": "2023-02-29T00:00:00Z"}"#, "sold"),
        create(r#"{"soldAt": "2024-01-01T24:00:00Z"}"#, "sold"),
        create(r#"{"soldAt": "2024-01-01T00:00:00"}"#, "sold"),
        create(r#"{"soldAt": "10000-01-01T00:00:00Z"}"#, "sold"),
        create(r#"{"soldAt": "0000-12-31T23:59:59Z"}"#, "sold"),
        create(r#"{"soldAt": "0001-01-01T00:00:00+01:00"}"#, "sold"),
        create(r#"{"prepTime": "5"}"#, "prep"),
        create(r#"{"prepTime": "5m"}"#, "prep"),
        create(r#"{"prepTime": 5}"#, "prep"),
        create(r#"{"prepTime": "315576000001s"}"#, "prep"),
        create(r#"{"prepTime": "0.0000000001s"}"#, "prep"),
    ]);
}

#[test]
fn names_have_to_be_known_and_said_once() {
    refuse(&[
        create(r#"{"colour": "red"}"#, "colour"),
        create(r#"{"origin": {"planet": "Mars"}}"#, "origin").and_names("planet"),
        create(r#"{"origins": [{"planet": "Mars"}]}"#, "origins[0]").and_names("planet"),
        create(r#"{"Name": "case matters"}"#, "Name"),
        create(r#"{"name": "a", "name": "b"}"#, "name"),
        create(r#"{"prepTime": "1s", "prep_time": "2s"}"#, "prep"),
        create(r#"{"onPlate": "a", "inBowl": 1}"#, "in_bowl"),
        create(r#"{"labels": {"a": "1", "a": "2"}}"#, "labels"),
        create(r#"{"extra": {"a": 1, "a": 2}}"#, "extra"),
        create(r#"{"mask": "a_b"}"#, "mask"),
    ]);
}

#[test]
fn nesting_is_bounded() {
    let nested = |open: &str, middle: &str, close: &str, times: usize| {
        format!("{}{middle}{}", open.repeat(times), close.repeat(times))
    };
    let origins = |times| {
        format!(
            r#"{{"origin": {}}}"#,
            nested(r#"{"within":"#, "{}", "}", times)
        )
    };
    let values = |times| format!(r#"{{"anything": {}}}"#, nested("[", "", "]", times));
    let structs = |times| format!(r#"{{"extra": {}}}"#, nested(r#"{"a":"#, "{}", "}", times));
    refuse(&[
        create(origins(200), "deep"),
        create(origins(20_000), "deep"),
        create(values(200), "deep"),
        create(values(200_000), "deep"),
        create(structs(200), "deep"),
        create("[".repeat(100_000), ""),
        create(r#"{"anything":"#.repeat(50_000), ""),
    ]);
}
