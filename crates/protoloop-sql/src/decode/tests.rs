use proptest::prelude::*;
use protoloop_wire::{Writer, canonicalize};

use super::*;
use crate::testing::everything;

/// One field of the test's model.
#[derive(Clone, Debug)]
enum Field {
    Text(u32, String),
    Bool(bool),
    Int32(i32),
    Sint64(i64),
    Uint32(u32),
    Fixed64(u64),
    Float(u32),
    Double(u64),
    Data(Vec<u8>),
    Color(i32),
    At(i64, i32),
    Took(i64, i32),
    Limit(u64),
    Numbers(Vec<i64>),
    Label(String, String),
    Address(String, i64, f64),
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        (
            prop_oneof![Just(1u32), Just(2), Just(12), Just(17)],
            any::<String>()
        )
            .prop_map(|(number, text)| Field::Text(number, text)),
        any::<bool>().prop_map(Field::Bool),
        any::<i32>().prop_map(Field::Int32),
        any::<i64>().prop_map(Field::Sint64),
        any::<u32>().prop_map(Field::Uint32),
        any::<u64>().prop_map(Field::Fixed64),
        // Of the many NaN there is one in the database.
        any::<f32>()
            .prop_filter("NaN", |value| !value.is_nan())
            .prop_map(|value| Field::Float(value.to_bits())),
        any::<f64>()
            .prop_filter("NaN", |value| !value.is_nan())
            .prop_map(|value| Field::Double(value.to_bits())),
        any::<Vec<u8>>().prop_map(Field::Data),
        any::<i32>().prop_map(Field::Color),
        (-62_135_596_800i64..253_402_300_800, 0..1_000_000_000).prop_map(|(s, n)| Field::At(s, n)),
        (-315_575_999_999i64..=0, -999_999_999..=0).prop_map(|(s, n)| Field::Took(s, n)),
        any::<u64>().prop_map(Field::Limit),
        any::<Vec<i64>>().prop_map(Field::Numbers),
        any::<(String, String)>().prop_map(|(key, value)| Field::Label(key, value)),
        (any::<String>(), any::<i64>(), -90.0..90.0f64)
            .prop_map(|(c, z, l)| Field::Address(c, z, l)),
    ]
}

fn push(writer: &mut Writer, field: &Field) {
    match field {
        Field::Text(number, text) => writer.string(*number, text),
        Field::Bool(value) => writer.bool(3, *value),
        Field::Int32(value) => writer.int32(4, *value),
        Field::Sint64(value) => writer.sint64(5, *value),
        Field::Uint32(value) => writer.uint32(6, *value),
        Field::Fixed64(value) => writer.fixed64(7, *value),
        Field::Float(bits) => writer.fixed32(8, *bits),
        Field::Double(bits) => writer.fixed64(9, *bits),
        Field::Data(bytes) => writer.bytes(10, bytes),
        Field::Color(number) => writer.enumeration(11, *number),
        Field::At(seconds, nanos) => {
            nested(writer, 13, |inner| write_parts(inner, *seconds, *nanos));
        }
        Field::Took(seconds, nanos) => {
            nested(writer, 14, |inner| write_parts(inner, *seconds, *nanos));
        }
        Field::Limit(value) => nested(writer, 16, |inner| inner.uint64(1, *value)),
        Field::Numbers(values) => {
            writer.packed_varint(18, values.iter().map(|value| *value as u64));
        }
        Field::Label(key, value) => nested(writer, 19, |inner| {
            inner.string(1, key);
            inner.string(2, value);
        }),
        Field::Address(city, zip, lat) => nested(writer, 21, |inner| {
            inner.string(1, city);
            inner.int64(2, *zip);
            nested(inner, 3, |geo| geo.double(1, *lat));
        }),
    }
}

fn nested(writer: &mut Writer, number: u32, write: impl FnOnce(&mut Writer)) {
    let open = writer.open(number);
    write(writer);
    writer.close(open);
}

proptest! {
    #[test]
    fn rows_come_back_to_the_bit(fields in prop::collection::vec(field(), 0..12)) {
        let table = everything();
        let mut writer = Writer::new();
        for field in &fields {
            push(&mut writer, field);
        }
        let model = table.model();
        let bytes = writer.finish();
        let record = canonicalize(model.tables(), model.entity().message, &bytes).expect("well-formed");
        let row = table.row_of(&record).expect("storable");
        let back = table.record(row.as_slice()).expect("readable");
        prop_assert_eq!(back.as_ref(), &record[..]);
    }
}

#[test]
fn a_present_default_stays_present() {
    let table = everything();
    let mut writer = Writer::new();
    writer.string(12, "");
    nested(&mut writer, 13, |_| {});
    nested(&mut writer, 15, |_| {});
    nested(&mut writer, 21, |_| {});
    nested(&mut writer, 22, |_| {});
    writer.string(24, "");
    let record = writer.finish();
    let row = table.row_of(&record).expect("storable");
    assert_eq!(
        table.record(row.as_slice()).expect("readable").as_ref(),
        record
    );
}

#[test]
fn unknown_fields_are_left_out() {
    let table = everything();
    let mut writer = Writer::new();
    writer.string(1, "7");
    let known = writer.finish();
    let mut writer = Writer::new();
    writer.raw(&known);
    writer.string(999, "later");
    let record = writer.finish();
    let row = table.row_of(&record).expect("storable");
    assert_eq!(
        table.record(row.as_slice()).expect("readable").as_ref(),
        known
    );
}

#[test]
fn a_time_out_of_range_names_its_field() {
    let table = everything();
    for (number, name) in [(13, "at"), (14, "took")] {
        let mut writer = Writer::new();
        nested(&mut writer, number, |inner| inner.int64(1, i64::MAX));
        let record = writer.finish();
        let error = table.row_of(&record).expect_err("refused");
        assert_eq!(error.code(), protoloop_core::Code::InvalidArgument);
        assert!(error.message().starts_with(name), "{error}");
    }
}

#[test]
fn a_damaged_row_is_internal_and_tells_the_place_in_the_log() {
    let table = everything();
    let mut row = table.row_of(&[]).expect("storable");
    row[3] = SqlValue::Int(i64::MAX);
    let error = table.record(row.as_slice()).expect_err("refused");
    assert_eq!(error.message(), "internal error");
    assert_eq!(
        error.internal(),
        Some("table things: column count holds an integer out of its range")
    );
}
