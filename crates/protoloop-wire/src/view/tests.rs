use super::*;
use crate::testing::{KITCHEN, LEGACY, fixture};

fn kitchen(json: &str) -> Vec<u8> {
    fixture().encode(KITCHEN, json)
}

fn view(bytes: &[u8]) -> View<'_> {
    View::new(&fixture().tables, fixture().id(KITCHEN), bytes)
}

#[test]
fn scalars_are_read_by_number() {
    let bytes = kitchen(
        r#"{"id":"a","done":true,"i32":-4,"i64":"-5","u32":6,"u64":"18446744073709551615","s32":-8,"s64":"-9",
            "f32":10,"f64":"11","sf32":-12,"sf64":"-13","ratio":1.5,"amount":-2.5,"data":"AAE=","color":"COLOR_RED",
            "far":"away"}"#,
    );
    let view = view(&bytes);
    assert_eq!(view.string(1), "a");
    assert_eq!(view.string(2), "");
    assert!(view.bool(3));
    assert_eq!(view.i32(4), -4);
    assert_eq!(view.i64(5), -5);
    assert_eq!(view.u32(6), 6);
    assert_eq!(view.u64(7), u64::MAX);
    assert_eq!(view.i32(8), -8);
    assert_eq!(view.i64(9), -9);
    assert_eq!(view.u32(10), 10);
    assert_eq!(view.u64(11), 11);
    assert_eq!(view.i32(12), -12);
    assert_eq!(view.i64(13), -13);
    assert_eq!(view.get(14), Some(Value::F32(1.5)));
    assert_eq!(view.get(15), Some(Value::F64(-2.5)));
    assert_eq!(view.bytes_field(16), [0, 1]);
    assert_eq!(view.enumeration(17), 1);
    assert_eq!(view.string(100_000), "away");
    assert_eq!(view.get(99), None);
}

#[test]
fn presence_follows_the_declaration() {
    let bytes = kitchen(r#"{"maybe":0,"note":"","number":"0","spoon":null}"#);
    let view = view(&bytes);
    assert!(view.has(19), "optional keeps its default value");
    assert!(view.has(20));
    assert!(!view.has(1));
    assert!(!view.has(18));
    assert_eq!(view.which_oneof(0), Some(22));
    // An explicit zero on the wire is absence where there is no presence.
    let zero = [4 << 3, 0];
    assert!(!super::View::new(&fixture().tables, fixture().id(KITCHEN), &zero).has(4));
}

#[test]
fn the_last_member_of_a_oneof_wins() {
    let mut bytes = kitchen(r#"{"text":"a"}"#);
    bytes.extend(kitchen(r#"{"number":"7"}"#));
    let view = view(&bytes);
    assert_eq!(view.get(21), None);
    assert_eq!(view.i64(22), 7);
    assert_eq!(view.which_oneof(0), Some(22));
}

#[test]
fn lists_and_maps_iterate_packed_or_not() {
    let mut bytes = kitchen(
        r#"{"scores":[1,2],"tags":["x","y"],"spoons":[{"size":3},{}],"labels":{"a":"b"},"spoonsById":{"5":{}}}"#,
    );
    // An unpacked element of a packed field.
    bytes.extend([0xF8, 0x01, 9]);
    let view = view(&bytes);
    let scores: Vec<_> = view.repeated(31).filter_map(|v| v.as_i64()).collect();
    assert_eq!(scores, [1, 2, 9]);
    let tags: Vec<_> = view.repeated(30).filter_map(|v| v.as_str()).collect();
    assert_eq!(tags, ["x", "y"]);
    let sizes: Vec<_> = view
        .repeated(33)
        .filter_map(|v| Some(v.as_message()?.i32(2)))
        .collect();
    assert_eq!(sizes, [3, 0]);
    let (key, value) = view.map(40).next().unwrap();
    assert_eq!((key.as_str(), value.as_str()), (Some("a"), Some("b")));
    let (key, value) = view.map(41).next().unwrap();
    assert_eq!(key.as_i64(), Some(5));
    assert_eq!(value.as_message().map(|spoon| spoon.bytes().len()), Some(0));
    assert_eq!(view.map(30).count(), 0);
    assert_eq!(view.repeated(1).count(), 0);
}

#[test]
fn a_message_in_parts_is_merged_on_demand() {
    let mut bytes = kitchen(r#"{"child":{"id":"a"}}"#);
    bytes.extend(kitchen(r#"{"child":{"displayName":"b"}}"#));
    let merged = view(&bytes).message_merged(18).unwrap();
    let child = view(&merged);
    assert_eq!((child.string(1), child.string(2)), ("a", "b"));
    let bytes = kitchen(r#"{"child":{"child":{"i32":5}}}"#);
    assert_eq!(view(&bytes).path(&[18, 18, 4]), Some(Value::I32(5)));
    assert_eq!(view(&bytes).path(&[18, 18, 18, 4]), None);
    assert_eq!(view(&bytes).path(&[]), None);
}

#[test]
fn undeclared_numbers_of_a_closed_enum_are_unknown() {
    let bytes = [
        3 << 3,
        9,
        4 << 3,
        9,
        4 << 3,
        2,
        0x2A,
        2,
        9,
        1,
        0x32,
        5,
        0x0A,
        1,
        b'a',
        0x10,
        9,
    ];
    let view = View::new(&fixture().tables, fixture().id(LEGACY), &bytes);
    assert_eq!(view.get(3), None);
    assert_eq!(view.repeated(4).collect::<Vec<_>>(), [Value::Enum(2)]);
    assert_eq!(view.repeated(5).collect::<Vec<_>>(), [Value::Enum(1)]);
    assert_eq!(view.map(6).count(), 0);
}

#[test]
fn a_flaw_ends_the_reading() {
    let view = view(&[0x0A, 1, b'a', 0x12, 200]);
    assert_eq!(view.string(1), "a");
    assert_eq!(view.get(2), None);
}
