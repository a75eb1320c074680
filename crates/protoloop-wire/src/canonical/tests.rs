use super::*;
use crate::{
    WireErrorKind,
    testing::{KITCHEN, LEGACY, fixture},
};

fn kitchen(json: &str) -> Vec<u8> {
    fixture().encode(KITCHEN, json)
}

fn canonical<'a>(name: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    canonicalize(&fixture().tables, fixture().id(name), bytes).unwrap()
}

#[test]
fn canonical_bytes_are_returned_as_they_are() {
    let bytes = kitchen(
        r#"{"id":"a","child":{"id":"b","child":{"scores":[1,2,300]}},"maybe":0,"text":"","tags":["a",""],
            "spoons":[{},{"size":-1}],"unpacked":["1","-1"],"labels":{"a":"","b":"c"},"createTime":"2020-01-01T00:00:00Z",
            "attributes":{"k":[1,null,{"x":true}]},"far":"x"}"#,
    );
    assert!(matches!(canonical(KITCHEN, &bytes), Cow::Borrowed(_)));
}

#[test]
fn order_repetition_packing_and_defaults_are_put_right() {
    let mut bytes =
        kitchen(r#"{"displayName":"old","child":{"scores":[1]},"text":"gone","labels":{"a":"1"}}"#);
    bytes.extend([0xF8, 0x01, 7]); // scores: 7, unpacked
    bytes.extend([4 << 3, 0]); // i32: 0
    bytes.extend([0xFA, 0x3F, 1, b'u']); // unknown field 1023
    bytes.extend(kitchen(
        r#"{"id":"a","displayName":"new","child":{"id":"x","scores":[2]},"number":"1","labels":{"a":"2"}}"#,
    ));
    let expected_known = kitchen(
        r#"{"id":"a","displayName":"new","child":{"id":"x","scores":[1,2]},"number":"1","scores":[7],"labels":{"a":"2"}}"#,
    );
    let rewritten = canonical(KITCHEN, &bytes).into_owned();
    assert_eq!(
        fixture().decode(KITCHEN, &rewritten).unwrap(),
        fixture().decode(KITCHEN, &bytes).unwrap()
    );
    assert_eq!(rewritten[..expected_known.len()], expected_known);
    assert_eq!(rewritten[expected_known.len()..], [0xFA, 0x3F, 1, b'u']);
    assert!(matches!(canonical(KITCHEN, &rewritten), Cow::Borrowed(_)));
}

#[test]
fn varints_become_minimal() {
    // i32 = 1 in three bytes; done = 2; u32 with bits above 32.
    let bytes = [
        0x18, 2, 0x20, 0x81, 0x80, 0, 0x30, 0x81, 0x80, 0x80, 0x80, 0x10,
    ];
    assert_eq!(
        canonical(KITCHEN, &bytes).as_ref(),
        [0x18, 1, 0x20, 1, 0x30, 1]
    );
}

#[test]
fn a_map_entry_without_key_or_value_gets_the_defaults() {
    let bytes = [0xC2, 0x02, 0, 0x0A, 0];
    let expected = [0x0A, 0, 0xC2, 0x02, 4, 0x0A, 0, 0x12, 0];
    assert!(matches!(
        canonical(KITCHEN, &expected[2..]),
        Cow::Borrowed(_)
    ));
    // `id` is empty and has no presence, so it goes.
    assert_eq!(canonical(KITCHEN, &bytes).as_ref(), &expected[2..]);
}

#[test]
fn undeclared_numbers_of_a_closed_enum_move_to_the_unknown_fields() {
    let bytes = [3 << 3, 9, 0x2A, 2, 9, 1, 1 << 3, 5];
    assert_eq!(
        canonical(LEGACY, &bytes).as_ref(),
        [1 << 3, 5, 0x2A, 1, 1, 3 << 3, 9, 5 << 3, 9]
    );
}

#[test]
fn groups_are_kept_as_groups() {
    let bytes = [
        0x08, 1, 0x3B, 0x0A, 1, b'x', 0x3C, 0x43, 0x08, 1, 0x44, 0x43, 0x44,
    ];
    assert!(matches!(canonical(LEGACY, &bytes), Cow::Borrowed(_)));
    let shuffled = [
        0x3B, 0x0A, 1, b'x', 0x3C, 0x43, 0x08, 1, 0x44, 0x43, 0x44, 0x08, 1,
    ];
    assert_eq!(canonical(LEGACY, &shuffled).as_ref(), bytes);
}

#[test]
fn errors_name_field_and_offset() {
    let fixture = fixture();
    let mut bad_child = vec![0x92, 0x01, 6];
    bad_child.extend([0x92, 0x01, 3, 0x0A, 5, b'x']);
    let cases: [(&[u8], &str); 7] = [
        (
            &[0x0A, 5, b'a'],
            "id: the message ends inside a field (byte 1)",
        ),
        (&[0x00], "invalid field number or wire type (byte 0)"),
        (&[0x0F], "invalid field number or wire type (byte 0)"),
        (
            &[0x12, 2, b'a', 0xFF],
            "display_name: a string is not valid UTF-8 (byte 3)",
        ),
        (
            &bad_child,
            "child.child.id: the message ends inside a field (byte 7)",
        ),
        (
            &[0x8A, 0x02, 0, 0x8A, 0x02, 1, 0x08],
            "spoons[1].name: the message ends inside a field (byte 7)",
        ),
        (
            &[0xFA, 0x01, 1, 0x80],
            "scores[0]: the message ends inside a field (byte 3)",
        ),
    ];
    for (bytes, text) in cases {
        let error = check(
            &fixture.tables,
            fixture.id(KITCHEN),
            bytes,
            &Limits::default(),
        );
        assert_eq!(error.unwrap_err().to_string(), text);
    }
}

#[test]
fn depth_is_limited() {
    let nest = |depth: usize| {
        let mut bytes = Vec::new();
        for _ in 0..depth {
            let mut outer = crate::Writer::new();
            outer.bytes(18, &bytes);
            bytes = outer.finish();
        }
        bytes
    };
    let fixture = fixture();
    let run = |depth| {
        let bytes = nest(depth);
        let limits = Limits::default();
        check(&fixture.tables, fixture.id(KITCHEN), &bytes, &limits)?;
        canonicalize(&fixture.tables, fixture.id(KITCHEN), &bytes).map(|_| ())
    };
    assert_eq!(run(100), Ok(()));
    assert_eq!(run(101).unwrap_err().kind, WireErrorKind::TooDeep);
    let bytes = nest(101);
    let error = canonicalize(&fixture.tables, fixture.id(KITCHEN), &bytes);
    assert_eq!(error.unwrap_err().kind, WireErrorKind::TooDeep);
}

#[test]
fn an_entry_that_is_unknown_is_no_twin_of_a_known_one() {
    // moods_by_name: "b" → 1, "a" → 9 (undeclared), "a" → 1; and count behind them, out of order.
    let entry = |key: u8, mood: u8| [0x32, 5, 0x0A, 1, key, 0x10, mood];
    let mut bytes = [entry(b'b', 1), entry(b'a', 9), entry(b'a', 1)].concat();
    // "c" → 2, then 9, which is no value and changes nothing.
    bytes.extend([0x32, 7, 0x0A, 1, b'c', 0x10, 2, 0x10, 9]);
    bytes.extend([0x08, 5]);
    let rewritten = canonical(LEGACY, &bytes).into_owned();
    assert!(matches!(canonical(LEGACY, &rewritten), Cow::Borrowed(_)));
    let fixture = fixture();
    for wire in [&bytes, &rewritten] {
        let mut text = Vec::new();
        let options = crate::json::EncodeOptions::default();
        crate::json::encode(
            &fixture.tables,
            fixture.id(LEGACY),
            wire,
            &options,
            &mut text,
        )
        .unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            r#"{"count":5,"moodsByName":{"b":"MOOD_CALM","a":"MOOD_CALM","c":"MOOD_WILD"}}"#
        );
    }
}
