//! What is refused, with which words.

use super::*;

const BAD: &[(&str, &str)] = &[
    (
        "",
        "expected an object, found the end of the text (line 1, column 1)",
    ),
    (
        "[]",
        "expected an object, found an array (line 1, column 1)",
    ),
    (
        "{",
        "expected ',' or '}', found the end of the text (line 1, column 2)",
    ),
    (
        "{}x",
        "text after the end of the JSON value (line 1, column 3)",
    ),
    (
        "{\"id\":\"a\",}",
        "expected a member name, found '}' (line 1, column 11)",
    ),
    (
        "{\"id\" \"a\"}",
        "expected ':', found a string (line 1, column 7)",
    ),
    (
        "{id:1}",
        "expected a member name, found 'i' (line 1, column 2)",
    ),
    (
        "{\n  \"nope\": 1}",
        "kitchen.v1.Kitchen has no field \"nope\" (line 2, column 3)",
    ),
    (
        "{\"nothing\":3}",
        "nothing: google.protobuf.NullValue has no value 3 (line 1, column 12)",
    ),
    (
        "{\"id\":1}",
        "id: expected a string, found a number (line 1, column 7)",
    ),
    (
        "{\"id\":\"a\n\"}",
        "id: a control character in a string must be escaped (line 1, column 9)",
    ),
    (
        "{\"id\":\"a",
        "id: the text ends inside a string (line 1, column 9)",
    ),
    (
        "{\"id\":\"\\x\"}",
        "id: unknown escape in a string (line 1, column 8)",
    ),
    (
        "{\"id\":\"\\u12\"}",
        "id: \\u needs four hexadecimal digits (line 1, column 8)",
    ),
    (
        "{\"id\":\"\\uD800\"}",
        "id: a surrogate stands alone in a string (line 1, column 8)",
    ),
    (
        "{\"id\":\"\\uDC00\"}",
        "id: a surrogate stands alone in a string (line 1, column 8)",
    ),
    (
        "{\"id\":\"\\uD800\\u0041\"}",
        "id: a surrogate stands alone in a string (line 1, column 8)",
    ),
    (
        "{\"id\":\"a\",\"id\":\"b\"}",
        "id: the field is given twice (line 1, column 16)",
    ),
    (
        "{\"displayName\":\"a\",\"display_name\":\"b\"}",
        "display_name: the field is given twice (line 1, column 35)",
    ),
    (
        "{\"text\":\"a\",\"number\":1}",
        "number: another member of the same oneof is given, too (line 1, column 22)",
    ),
    (
        "{\"i32\":2147483648}",
        "i32: the number is out of range: -2147483648 to 2147483647 (line 1, column 8)",
    ),
    (
        "{\"i32\":1.5}",
        "i32: expected an integer, found a fraction (line 1, column 8)",
    ),
    (
        "{\"i32\":\" 1\"}",
        "i32: expected an integer (line 1, column 8)",
    ),
    (
        "{\"i32\":\"\"}",
        "i32: expected an integer (line 1, column 8)",
    ),
    ("{\"i32\":01}", "i32: not a JSON number (line 1, column 8)"),
    ("{\"i32\":-}", "i32: not a JSON number (line 1, column 8)"),
    (
        "{\"i32\":+1}",
        "i32: expected an integer, found '+' (line 1, column 8)",
    ),
    (
        "{\"i32\":true}",
        "i32: expected an integer, found a boolean (line 1, column 8)",
    ),
    (
        "{\"u32\":-1}",
        "u32: the number is out of range: 0 to 4294967295 (line 1, column 8)",
    ),
    (
        "{\"u64\":18446744073709551616}",
        "u64: the number has more than 64 bits (line 1, column 8)",
    ),
    (
        "{\"i64\":\"9223372036854775808\"}",
        "i64: the number is out of range: -9223372036854775808 to 9223372036854775807 (line 1, column 8)",
    ),
    (
        "{\"ratio\":3.5e38}",
        "ratio: the number is out of range (line 1, column 10)",
    ),
    (
        "{\"amount\":1e309}",
        "amount: the number is out of range (line 1, column 11)",
    ),
    (
        "{\"amount\":NaN}",
        "amount: expected a number, found 'N' (line 1, column 11)",
    ),
    (
        "{\"amount\":\"nan\"}",
        "amount: not a number (line 1, column 11)",
    ),
    (
        "{\"done\":1}",
        "done: expected true or false, found a number (line 1, column 9)",
    ),
    (
        "{\"done\":\"true\"}",
        "done: expected true or false, found a string (line 1, column 9)",
    ),
    (
        "{\"done\":truex}",
        "done: expected a JSON value, found an unknown word (line 1, column 9)",
    ),
    (
        "{\"id\":nul}",
        "id: expected a JSON value, found an unknown word (line 1, column 7)",
    ),
    ("{\"data\":\"@@\"}", "data: not base64 (line 1, column 10)"),
    (
        "{\"color\":\"BLUE\"}",
        "color: kitchen.v1.Color has no value \"BLUE\" (line 1, column 10)",
    ),
    (
        "{\"color\":2147483648}",
        "color: the number is out of range (line 1, column 10)",
    ),
    (
        "{\"tags\":\"a\"}",
        "tags: expected an array, found a string (line 1, column 9)",
    ),
    (
        "{\"tags\":[\"a\",null]}",
        "tags[1]: null cannot stand in an array or map (line 1, column 14)",
    ),
    (
        "{\"scores\":[1,]}",
        "scores[1]: expected an integer, found ']' (line 1, column 14)",
    ),
    (
        "{\"spoons\":[{},{\"size\":\"x\"}]}",
        "spoons[1].size: expected an integer (line 1, column 23)",
    ),
    (
        "{\"labels\":{\"a\":null}}",
        "labels[\"a\"]: null cannot stand in an array or map (line 1, column 16)",
    ),
    (
        "{\"labels\":{\"a\":\"\",\"b\":\"\",\"a\":\"\"}}",
        "labels: the map has the key \"a\" twice (line 1, column 12)",
    ),
    (
        "{\"spoonsById\":{\"1\":{},\"1.0\":{}}}",
        "spoons_by_id: the map has the key 1 twice (line 1, column 16)",
    ),
    (
        "{\"spoonsById\":{\"x\":{}}}",
        "spoons_by_id[\"x\"]: expected an integer (line 1, column 20)",
    ),
    (
        "{\"colorsByFlag\":{\"1\":0}}",
        "colors_by_flag[\"1\"]: the map key must be \"true\" or \"false\" (line 1, column 22)",
    ),
    (
        "{\"child\":{\"child\":{\"i32\":\"x\"}}}",
        "child.child.i32: expected an integer (line 1, column 26)",
    ),
    (
        "{\"createTime\":\"now\"}",
        "create_time: expected an RFC 3339 timestamp such as \"2025-01-31T12:00:00Z\", years 1 to 9999 (line 1, column 15)",
    ),
    (
        "{\"ttl\":\"1\"}",
        "ttl: expected a duration in seconds such as \"1.5s\", at most 315576000000s (line 1, column 8)",
    ),
    (
        "{\"mask\":\"a_b\"}",
        "mask: the field mask path \"a_b\" is not in lowerCamelCase (line 1, column 9)",
    ),
    (
        "{\"mask\":\"a,\"}",
        "mask: the field mask has an empty path at character 3 (line 1, column 9)",
    ),
    (
        "{\"mask\":\"*,a\"}",
        "mask: the field mask has `*`, which is all fields, beside other paths at character 1 (line 1, column 9)",
    ),
    (
        "{\"mask\":\"a.`b\"}",
        "mask: the field mask has a backtick that is not closed at character 3 (line 1, column 9)",
    ),
    (
        "{\"mask\":\"a, b\"}",
        "mask: the field mask has blanks (line 1, column 9)",
    ),
    (
        "{\"attributes\":[]}",
        "attributes: expected an object, found an array (line 1, column 15)",
    ),
    (
        "{\"detail\":{\"a\":1}}",
        "detail: the Any has no \"@type\" (line 1, column 11)",
    ),
    (
        "{\"detail\":{\"@type\":\"x/no.Such\"}}",
        "detail: the type \"x/no.Such\" of the Any is not known here (line 1, column 20)",
    ),
    (
        "{\"detail\":{\"@type\":\"kitchen.v1.Spoon\"}}",
        "detail: the type \"kitchen.v1.Spoon\" of the Any is not a URL such as \"type.googleapis.com/a.B\" (line 1, column 20)",
    ),
    (
        "{\"detail\":{\"@type\":\"x/kitchen.v1.Spoon\",\"@type\":\"x/kitchen.v1.Spoon\"}}",
        "detail: kitchen.v1.Spoon has no field \"@type\" (line 1, column 41)",
    ),
    (
        "{\"detail\":{\"@type\":\"x/google.protobuf.Duration\"}}",
        "detail: an Any of google.protobuf.Duration needs the member \"value\" (line 1, column 49)",
    ),
    (
        "{\"values\":[1e999]}",
        "values[0]: the number is out of range (line 1, column 12)",
    ),
];

#[test]
fn errors_say_what_and_where() {
    for (json, expected) in BAD {
        let error = decode_as(KITCHEN, json).map(|_| ()).unwrap_err();
        assert_eq!(&error.to_string(), expected, "{json}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let fixture = fixture();
    let error = decode(
        &fixture.tables,
        fixture.id(KITCHEN),
        b"{\"id\":\"\xFF\"}",
        &DecodeOptions::default(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "invalid UTF-8 (line 1, column 8)"
    );
}

#[test]
fn depth_and_size_are_limited() {
    let nest = |depth: usize| format!("{}{{}}{}", "{\"child\":".repeat(depth), "}".repeat(depth));
    assert!(decode_as(KITCHEN, &nest(100)).is_ok());
    let error = decode_as(KITCHEN, &nest(101)).unwrap_err();
    assert_eq!(error.message(), "nested too deeply");
    let lists = format!(
        "{{\"anything\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(
        decode_as(KITCHEN, &lists).unwrap_err().message(),
        "nested too deeply"
    );
    let options = DecodeOptions {
        ignore_unknown: true,
        size: 200_100,
        ..DecodeOptions::default()
    };
    let fixture = fixture();
    let unknown = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let error = decode(
        &fixture.tables,
        fixture.id(KITCHEN),
        unknown.as_bytes(),
        &options,
    );
    assert_eq!(error.unwrap_err().message(), "nested too deeply");
    let large = format!("{{\"id\":\"{}\"}}", "x".repeat(5 << 20));
    assert!(
        decode_as(KITCHEN, &large)
            .unwrap_err()
            .message()
            .starts_with("the text is larger than")
    );
}

#[test]
fn what_is_wrong_in_a_group_names_its_field() {
    let error = decode_as(LEGACY, r#"{"part":{"label":5}}"#).unwrap_err();
    assert_eq!(error.path(), "part.label");
    let error = decode_as(LEGACY, r#"{"piece":[{},{"weight":"x"}]}"#).unwrap_err();
    assert_eq!(error.path(), "piece[1].weight");
    let error = decode_as(LEGACY, r#"{"part":5}"#).unwrap_err();
    assert_eq!(error.path(), "part");
    // Under the number of the group, a string: an unknown field, as anywhere else.
    let wire = [0x3A, 1, b'x'];
    let json = encode_as(LEGACY, &wire, &EncodeOptions::default());
    assert_eq!(json.expect("readable"), "{}");
}

#[test]
fn a_mask_that_would_not_be_read_is_not_written() {
    for paths in [&["a``b"][..], &["a..b"], &[".a"], &["*", "a"], &["a", "*"]] {
        let mut mask = Vec::new();
        for path in paths {
            mask.extend([0x0A, path.len() as u8]);
            mask.extend(path.as_bytes());
        }
        let wire = [&[0xA2, 0x03, mask.len() as u8][..], &mask].concat();
        let error = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap_err();
        assert!(error.message().contains("has no JSON form"), "{paths:?}");
    }
}

#[test]
fn messages_without_json_are_refused() {
    let spoon = crate::Tables::by_name(&fixture().tables, "kitchen.v1.Spoon");
    assert!(spoon.is_some());
    let cases: [(&[u8], &str); 9] = [
        (&[0x0A, 5], "id: the message ends inside a field (byte 1)"),
        (&[0x0A, 1, 0xFF], "id: the string is not valid UTF-8"),
        (
            &[0x92, 0x01, 3, 0x12, 1, 0xFF],
            "child.display_name: the string is not valid UTF-8",
        ),
        (
            &[0xF2, 0x01, 1, b'a', 0xF2, 0x01, 1, 0xFF],
            "tags[1]: the string is not valid UTF-8",
        ),
        (
            &[0xC2, 0x02, 6, 0x0A, 1, b'k', 0x12, 1, 0xFF],
            "labels[\"k\"]: the string is not valid UTF-8",
        ),
        (
            &[0x92, 0x03, 2, 0x10, 0xFF, 1][..5],
            "create_time.nanos: the message ends inside a field (byte 4)",
        ),
        (
            &[0xA2, 0x03, 3, 0x0A, 1, b'A'],
            "mask: the field mask path \"A\" has no JSON form: it must be lower_snake_case",
        ),
        (
            &[0xC2, 0x03, 3, 0x0A, 1, b'x'],
            "detail: the type \"x\" of the Any is not known here",
        ),
        (
            &[0xB2, 0x03, 9, 0x11, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F],
            "anything: google.protobuf.Value cannot hold NaN or an infinity",
        ),
    ];
    for (wire, expected) in cases {
        let error = encode_as(KITCHEN, wire, &EncodeOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{wire:?}");
    }
}

#[test]
fn nothing_is_appended_on_error() {
    let fixture = fixture();
    let mut out = b"before".to_vec();
    let wire = [0x0A, 1, b'a', 0x12, 1, 0xFF];
    let options = EncodeOptions::default();
    assert!(
        encode(
            &fixture.tables,
            fixture.id(KITCHEN),
            &wire,
            &options,
            &mut out
        )
        .is_err()
    );
    assert_eq!(out, b"before");
}
