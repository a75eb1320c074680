//! Random messages, against another implementation.

use proptest::prelude::*;

use super::*;
use crate::{Limits, canonicalize, check};

fn scalar_member() -> impl Strategy<Value = (&'static str, String)> {
    let text = prop_oneof![
        any::<String>(),
        "[a-z]{0,3}",
        "[\\x00-\\x7f]{30,70}",
        Just("\u{0}\"\\/\u{7f}\u{2028}".to_owned())
    ];
    let quoted = |value: String| serde_json::json!(value).to_string();
    prop_oneof![
        (
            prop::sample::select(vec!["id", "displayName", "note", "text", "boxedString"]),
            text
        )
            .prop_map(move |(name, value)| (name, quoted(value))),
        (
            prop::sample::select(vec!["i32", "s32", "sf32", "maybe"]),
            any::<i32>()
        )
            .prop_map(|(name, value)| (name, value.to_string())),
        (
            prop::sample::select(vec!["i64", "s64", "sf64", "boxedI64"]),
            any::<i64>()
        )
            .prop_map(|(name, value)| (name, format!("\"{value}\""))),
        (
            prop::sample::select(vec!["u32", "f32", "boxedU32"]),
            any::<u32>()
        )
            .prop_map(|(name, value)| (name, value.to_string())),
        (prop::sample::select(vec!["u64", "f64"]), any::<u64>())
            .prop_map(|(name, value)| (name, format!("\"{value}\""))),
        prop::num::f64::NORMAL.prop_map(|value| ("amount", format!("{value:e}"))),
        prop::num::f32::NORMAL.prop_map(|value| ("ratio", format!("{value:e}"))),
        any::<bool>().prop_map(|value| ("done", value.to_string())),
        any::<i32>().prop_map(|value| ("color", value.to_string())),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| {
            let mut text = b"\"".to_vec();
            base64::encode(&mut text, &bytes);
            text.push(b'"');
            ("data", String::from_utf8(text).unwrap())
        }),
        prop::collection::vec(any::<i32>(), 0..40)
            .prop_map(|list| ("scores", serde_json::json!(list).to_string())),
        prop::collection::vec("[a-z]{0,4}", 0..4)
            .prop_map(|list| ("tags", serde_json::json!(list).to_string())),
        prop::collection::hash_map("[a-c]{0,2}", any::<String>(), 0..5)
            .prop_map(|map| ("labels", serde_json::json!(map).to_string())),
        (-62_135_596_800i64..253_402_300_800, 0i32..1_000_000_000).prop_map(|(seconds, nanos)| {
            let mut text = b"\"".to_vec();
            assert!(time::push_timestamp(&mut text, seconds, nanos));
            text.push(b'"');
            ("createTime", String::from_utf8(text).unwrap())
        }),
        json_value().prop_map(|value| ("anything", value)),
    ]
}

fn json_value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i32>().prop_map(|value| value.to_string()),
        "[a-z\"\\\\é]{0,5}".prop_map(|value| serde_json::json!(value).to_string()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::btree_map("[a-z]{0,2}", inner, 0..4).prop_map(|map| {
                let members: Vec<_> = map.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn message() -> impl Strategy<Value = String> {
    let members = prop::collection::vec(scalar_member(), 0..8).prop_map(object);
    members.prop_recursive(3, 12, 3, |inner| {
        (
            prop::collection::vec(scalar_member(), 0..6),
            prop::sample::select(vec!["child", "spare"]),
            inner,
        )
            .prop_map(|(mut members, name, child)| {
                if name == "child" {
                    members.push(("child", child));
                }
                object(members)
            })
    })
}

/// Members in the order they come, the first of each name; `text` is the only member of its oneof here.
fn object(members: Vec<(&'static str, String)>) -> String {
    let mut names = std::collections::HashSet::new();
    let members: Vec<_> = members
        .into_iter()
        .filter(|(name, _)| names.insert(*name))
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    format!("{{{}}}", members.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_is_read_and_written_as_the_oracle_does(json in message()) {
        let fixture = fixture();
        let wire = decode_as(KITCHEN, &json).unwrap();
        let oracle_wire = fixture.encode(KITCHEN, &json);
        let expected = fixture.decode(KITCHEN, &oracle_wire).unwrap();
        prop_assert_eq!(&fixture.decode(KITCHEN, &wire).unwrap(), &expected);
        // From our wire and from the oracle's, the text means the same to the oracle.
        for bytes in [&wire, &oracle_wire] {
            let text = encode_as(KITCHEN, bytes, &EncodeOptions::default()).unwrap();
            let read = fixture.decode(KITCHEN, &fixture.encode(KITCHEN, &text)).unwrap();
            prop_assert_eq!(&read, &expected);
        }
        // Decoding gives canonical bytes, and they come back.
        let id = fixture.id(KITCHEN);
        prop_assert!(matches!(canonicalize(&fixture.tables, id, &wire), Ok(std::borrow::Cow::Borrowed(_))));
        let text = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap();
        prop_assert_eq!(decode_as(KITCHEN, &text).unwrap(), wire);
    }

    #[test]
    fn shuffled_wire_reads_the_same(parts in prop::collection::vec(message(), 1..4)) {
        let fixture = fixture();
        let id = fixture.id(KITCHEN);
        let wire: Vec<u8> = parts.iter().flat_map(|json| fixture.encode(KITCHEN, json)).collect();
        let canonical = canonicalize(&fixture.tables, id, &wire).unwrap().into_owned();
        let expected = fixture.decode(KITCHEN, &wire).unwrap();
        prop_assert_eq!(&fixture.decode(KITCHEN, &canonical).unwrap(), &expected);
        prop_assert!(matches!(canonicalize(&fixture.tables, id, &canonical), Ok(std::borrow::Cow::Borrowed(_))));
        let text = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap();
        let read = fixture.decode(KITCHEN, &fixture.encode(KITCHEN, &text)).unwrap();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let fixture = fixture();
        for name in [KITCHEN, LEGACY] {
            let id = fixture.id(name);
            let checked = check(&fixture.tables, id, &bytes, &Limits::default());
            let canonical = canonicalize(&fixture.tables, id, &bytes);
            if checked.is_ok() {
                let canonical = canonical.unwrap();
                prop_assert!(check(&fixture.tables, id, &canonical, &Limits::default()).is_ok());
            }
            let _ = encode_as(name, &bytes, &EncodeOptions::default());
            let _ = decode(&fixture.tables, id, &bytes, &DecodeOptions::default());
        }
    }

    #[test]
    fn broken_json_never_panics(json in message(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let fixture = fixture();
        let mut bytes = json.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decode(&fixture.tables, fixture.id(KITCHEN), &bytes, &DecodeOptions::default());
        bytes.truncate(at);
        let _ = decode(&fixture.tables, fixture.id(KITCHEN), &bytes, &DecodeOptions::default());
    }
}
