//! What is accepted, and how it is written.

use super::*;

/// JSON that comes back as it is.
const SAME: &[&str] = &[
    "{}",
    r#"{"id":"a \"quoted\" \\ text\nwith\ttabs\u0001 and é €😀"}"#,
    r#"{"done":true,"i32":-2147483648,"i64":"-9223372036854775808","u32":4294967295,"u64":"18446744073709551615"}"#,
    r#"{"s32":-1,"s64":"-1","f32":1,"f64":"1","sf32":-1,"sf64":"-1","ratio":0.1,"amount":-1.5e+300}"#,
    r#"{"ratio":"NaN","amount":"-Infinity"}"#,
    r#"{"data":"AAECAw==","color":"COLOR_RED","child":{"child":{"id":"deep"}}}"#,
    r#"{"maybe":0,"note":""}"#,
    r#"{"text":""}"#,
    r#"{"spoon":{}}"#,
    r#"{"nothing":null}"#,
    r#"{"tags":["","a"],"scores":[0,-1],"samples":[0,1.5,"NaN"],"spoons":[{},{"size":1}],"colors":["COLOR_RED",5]}"#,
    r#"{"unpacked":["1","-1"]}"#,
    r#"{"labels":{"":"","a\"b":"c"},"spoonsById":{"-5":{"size":2},"0":{}}}"#,
    r#"{"colorsByFlag":{"false":"COLOR_UNSPECIFIED","true":"COLOR_NEGATIVE"},"weights":{"a":1.5}}"#,
    r#"{"createTime":"2025-01-31T12:00:00.120Z","ttl":"-1.000000001s","mask":"id,child.displayName"}"#,
    r#"{"attributes":{"a":[1,"x",null,true,{"b":{}}],"z":-0.5},"anything":null,"list":[[],{}]}"#,
    r#"{"anything":{"k":[]}}"#,
    r#"{"nil":{},"boxedI64":"0","boxedString":"","boxedBool":false,"boxedBytes":"","boxedDouble":"NaN","boxedU32":7}"#,
    r#"{"times":["1970-01-01T00:00:00Z"],"values":[null,1,"a"],"odd name \"quoted\"":"x","far":"y"}"#,
    r#"{"detail":{}}"#,
    r#"{"detail":{"@type":"type.googleapis.com/kitchen.v1.Spoon","name":"a","inner":{"size":1}}}"#,
    r#"{"detail":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"}}"#,
    r#"{"detail":{"@type":"type.googleapis.com/google.protobuf.Empty"}}"#,
    r#"{"detail":{"@type":"type.googleapis.com/google.protobuf.Any","value":{"@type":"x/kitchen.v1.Spoon","size":1}}}"#,
    r#"{"detail":{"@type":"x/google.protobuf.Value","value":{"a":[1]}}}"#,
];

#[test]
fn json_comes_back_as_it_is() {
    for json in SAME {
        let wire = decode_as(KITCHEN, json).unwrap_or_else(|error| panic!("{json}: {error}"));
        let back = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap();
        assert_eq!(&back, json);
    }
}

#[test]
fn groups_are_objects() {
    for (json, wire) in [
        (
            r#"{"part":{"label":"x"}}"#,
            &[0x3B, 0x0A, 1, b'x', 0x3C][..],
        ),
        (r#"{"part":{}}"#, &[0x3B, 0x3C]),
        (
            r#"{"piece":[{"weight":1},{},{"weight":2}]}"#,
            &[0x43, 8, 1, 0x44, 0x43, 0x44, 0x43, 8, 2, 0x44],
        ),
    ] {
        assert_eq!(decode_as(LEGACY, json).expect(json), wire, "{json}");
        let back = encode_as(LEGACY, wire, &EncodeOptions::default());
        assert_eq!(back.expect(json), json);
    }
    // One that comes in two parts is merged, as messages are.
    let wire = [0x3B, 0x0A, 1, b'x', 0x3C, 0x3B, 0x3C];
    let json = encode_as(LEGACY, &wire, &EncodeOptions::default());
    assert_eq!(json.expect("readable"), r#"{"part":{"label":"x"}}"#);
}

#[test]
fn the_oracle_reads_the_same_message() {
    let fixture = fixture();
    // The oracle has no empty Any, and wants a "value" for an Empty in one.
    let differs = |json: &str| json.contains(r#""detail":{}"#) || json.contains("protobuf.Empty");
    for json in SAME.iter().filter(|json| !differs(json)) {
        let wire = decode_as(KITCHEN, json).unwrap();
        let oracle = fixture
            .decode(KITCHEN, &fixture.encode(KITCHEN, json))
            .unwrap();
        assert_eq!(fixture.decode(KITCHEN, &wire).unwrap(), oracle, "{json}");
    }
}

/// Other spellings, and the one that is written.
const SPELLINGS: &[(&str, &str)] = &[
    (
        " \t\r\n{ \"id\" : \"a\" , \"done\" : true } \n",
        r#"{"id":"a","done":true}"#,
    ),
    (r#"{"done":true,"id":"a"}"#, r#"{"id":"a","done":true}"#),
    (r#"{"display_name":"a"}"#, r#"{"displayName":"a"}"#),
    (r#"{"renamed":"a"}"#, r#"{"odd name \"quoted\"":"a"}"#),
    (r#"{"\u0069d":"\u00e9\uD83D\uDE00\/"}"#, r#"{"id":"é😀/"}"#),
    (
        r#"{"i32":"5","i64":6,"u32":1e2,"u64":7.0,"s32":"1.50e1"}"#,
        r#"{"i32":5,"i64":"6","u32":100,"u64":"7","s32":15}"#,
    ),
    (
        r#"{"ratio":"1.5","amount":"-2e3"}"#,
        r#"{"ratio":1.5,"amount":-2000}"#,
    ),
    (
        r#"{"amount":-0.0,"ratio":-0}"#,
        r#"{"ratio":-0,"amount":-0}"#,
    ),
    (
        r#"{"amount":9007199254740993}"#,
        r#"{"amount":9007199254740992}"#,
    ),
    (r#"{"data":"-_8"}"#, r#"{"data":"+/8="}"#),
    (r#"{"color":1}"#, r#"{"color":"COLOR_RED"}"#),
    (r#"{"color":"COLOR_CRIMSON"}"#, r#"{"color":"COLOR_RED"}"#),
    (r#"{"color":12345}"#, r#"{"color":12345}"#),
    (
        r#"{"id":null,"child":null,"tags":null,"labels":null,"boxedI64":null,"text":null}"#,
        "{}",
    ),
    (r#"{"text":null,"number":"1"}"#, r#"{"number":"1"}"#),
    (
        r#"{"id":"","done":false,"i32":0,"color":0,"data":"","tags":[],"labels":{},"scores":[]}"#,
        "{}",
    ),
    (r#"{"nothing":"NULL_VALUE"}"#, r#"{"nothing":null}"#),
    (
        r#"{"createTime":"2025-01-31T12:00:00.1+01:00","ttl":"0.5s"}"#,
        r#"{"createTime":"2025-01-31T11:00:00.100Z","ttl":"0.500s"}"#,
    ),
    (r#"{"mask":""}"#, r#"{"mask":""}"#),
    (r#"{"mask":"*"}"#, r#"{"mask":"*"}"#),
    (
        r#"{"mask":"labels.`a_B,\"c`,spoonsById.7.name,labels.``"}"#,
        r#"{"mask":"labels.`a_B,\"c`,spoonsById.7.name,labels.``"}"#,
    ),
    (r#"{"spoonsById":{"1.0":{}}}"#, r#"{"spoonsById":{"1":{}}}"#),
    (
        r#"{"labels":{"b":"1","a":"2"}}"#,
        r#"{"labels":{"b":"1","a":"2"}}"#,
    ),
    (
        r#"{"detail":{"size":1,"@type":"x/kitchen.v1.Spoon"}}"#,
        r#"{"detail":{"@type":"x/kitchen.v1.Spoon","size":1}}"#,
    ),
    (
        r#"{"detail":{"value":"1s","@type":"x/google.protobuf.Duration"}}"#,
        r#"{"detail":{"@type":"x/google.protobuf.Duration","value":"1s"}}"#,
    ),
    (
        r#"{"detail":{"@type":"x/google.protobuf.Empty","value":{}}}"#,
        r#"{"detail":{"@type":"x/google.protobuf.Empty"}}"#,
    ),
];

#[test]
fn other_spellings_mean_the_same() {
    for (json, expected) in SPELLINGS {
        let wire = decode_as(KITCHEN, json).unwrap_or_else(|error| panic!("{json}: {error}"));
        let back = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap();
        assert_eq!(&back, expected, "{json}");
    }
}

#[test]
fn long_strings_with_escapes_get_long_lengths() {
    let text = "line\n".repeat(5_000);
    let json = format!(
        r#"{{"child":{{"child":{{"id":{}}}}}}}"#,
        serde_json::json!(text)
    );
    let wire = decode_as(KITCHEN, &json).unwrap();
    assert_eq!(wire, fixture().encode(KITCHEN, &json));
    let back = encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap();
    assert_eq!(back, json);
}

#[test]
fn any_order_on_the_wire_gives_the_same_json() {
    let json = r#"{"id":"b","child":{"id":"x","displayName":"y"},"number":"2","scores":[1,2,3],"labels":{"a":"2"}}"#;
    let mut wire = Vec::new();
    for part in [
        r#"{"labels":{"a":"1"},"text":"gone","child":{"displayName":"y"},"id":"a"}"#,
        r#"{"scores":[1,2],"child":{"id":"x"}}"#,
        r#"{"id":"b","number":"2","labels":{"a":"2"}}"#,
    ] {
        wire.extend(fixture().encode(KITCHEN, part));
    }
    wire.extend([0xF8, 0x01, 3]);
    wire.extend([0xFA, 0x3F, 1, b'u']);
    assert_eq!(
        encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap(),
        json
    );
}

#[test]
fn a_number_is_its_lower_half_before_it_is_a_default() {
    // 2^32 in fields of 32 and of 64 bits.
    let varint = [0x80, 0x80, 0x80, 0x80, 0x10];
    let mut wire = Vec::new();
    for tag in [&[0x20][..], &[0x28], &[0x30], &[0x40], &[0x88, 0x01]] {
        wire.extend_from_slice(tag);
        wire.extend(varint);
    }
    assert_eq!(
        encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap(),
        r#"{"i64":"4294967296"}"#
    );
}

#[test]
fn options_of_encoding() {
    let wire = decode_as(
        KITCHEN,
        r#"{"displayName":"a","color":1,"spoons":[{"size":1}],"labels":{"k":"v"}}"#,
    )
    .unwrap();
    let options = EncodeOptions {
        proto_names: true,
        enum_numbers: true,
        pretty: true,
        ..EncodeOptions::default()
    };
    let text = r#"{
  "display_name": "a",
  "color": 1,
  "spoons": [
    {
      "size": 1
    }
  ],
  "labels": {
    "k": "v"
  }
}"#;
    assert_eq!(encode_as(KITCHEN, &wire, &options).unwrap(), text);
    let options = EncodeOptions {
        emit_defaults: true,
        ..EncodeOptions::default()
    };
    assert_eq!(
        encode_as("kitchen.v1.Spoon", &[0x1A, 0], &options).unwrap(),
        r#"{"name":"","size":0,"inner":{"name":"","size":0}}"#
    );
    let all = encode_as(KITCHEN, &[], &options).unwrap();
    assert!(all.starts_with(r#"{"id":"","displayName":"","done":false,"i32":0,"i64":"0""#));
    assert!(all.contains(r#""color":"COLOR_UNSPECIFIED","tags":[],"scores":[]"#));
    assert!(all.contains(r#""labels":{}"#) && !all.contains("child") && !all.contains("maybe"));
}

#[test]
fn one_field_is_a_body() {
    let fixture = fixture();
    let id = fixture.id(KITCHEN);
    let read = |number, json: &str| {
        let options = DecodeOptions::default();
        decode_field(&fixture.tables, id, number, json.as_bytes(), &options)
    };
    assert_eq!(
        read(18, r#"{"id":"a"}"#),
        decode_as(KITCHEN, r#"{"child":{"id":"a"}}"#)
    );
    assert_eq!(
        read(30, r#"["a","b"]"#),
        decode_as(KITCHEN, r#"{"tags":["a","b"]}"#)
    );
    assert_eq!(read(1, r#""x""#), decode_as(KITCHEN, r#"{"id":"x"}"#));
    assert_eq!(read(18, "null"), Ok(Vec::new()));
    assert_eq!(read(18, r#"{"i32":"x"}"#).unwrap_err().path(), "child.i32");
    assert!(read(99, "1").is_err());

    let wire = decode_as(KITCHEN, r#"{"id":"a","tags":["x"],"child":{"i32":1}}"#).unwrap();
    let write = |number| {
        let mut out = Vec::new();
        let options = EncodeOptions::default();
        encode_field(&fixture.tables, id, number, &wire, &options, &mut out)
            .map(|()| String::from_utf8(out).unwrap())
    };
    let cases = [
        (1, "\"a\""),
        (2, "\"\""),
        (4, "0"),
        (18, r#"{"i32":1}"#),
        (30, r#"["x"]"#),
        (31, "[]"),
        (40, "{}"),
        (50, "null"),
    ];
    for (number, expected) in cases {
        assert_eq!(write(number).unwrap(), expected, "{number}");
    }
    assert!(write(99).is_err());
}

#[test]
fn unknown_members_can_be_ignored() {
    let fixture = fixture();
    let json = r#"{"x":[1,{"y":"\n"}],"id":"a","color":"NEW","colors":["COLOR_RED","NEW"],"colorsByFlag":{"true":"NEW"},
        "detail":{"@type":"x/google.protobuf.Duration","z":1,"value":"1s"}}"#;
    assert!(decode_as(KITCHEN, json).is_err());
    let options = DecodeOptions {
        ignore_unknown: true,
        ..DecodeOptions::default()
    };
    let wire = decode(
        &fixture.tables,
        fixture.id(KITCHEN),
        json.as_bytes(),
        &options,
    )
    .unwrap();
    assert_eq!(
        encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap(),
        r#"{"id":"a","colors":["COLOR_RED"],"detail":{"@type":"x/google.protobuf.Duration","value":"1s"}}"#
    );
}

#[test]
fn proto2_keeps_presence_and_closed_enums() {
    let json = r#"{"count":0,"name":"","mood":"MOOD_WILD","moods":["MOOD_CALM"],"packedMoods":["MOOD_WILD"]}"#;
    let wire = decode_as(LEGACY, json).unwrap();
    assert_eq!(
        encode_as(LEGACY, &wire, &EncodeOptions::default()).unwrap(),
        json
    );
    // An unpacked element of a packed list, after an empty one.
    let stray = [0x2A, 0, 0x28, 0x2F, 0x28, 2];
    assert_eq!(
        encode_as(LEGACY, &stray, &EncodeOptions::default()).unwrap(),
        r#"{"packedMoods":["MOOD_WILD"]}"#
    );
    let unknown = [3 << 3, 9, 4 << 3, 9, 0x32, 5, 0x0A, 1, b'a', 0x10, 9];
    assert_eq!(
        encode_as(LEGACY, &unknown, &EncodeOptions::default()).unwrap(),
        "{}"
    );
    // An entry that is unknown, alone and behind a known one.
    let entries = [
        0x32, 5, 0x0A, 1, b'a', 0x10, 1, 0x32, 5, 0x0A, 1, b'b', 0x10, 9,
    ];
    assert_eq!(
        encode_as(LEGACY, &entries, &EncodeOptions::default()).unwrap(),
        r#"{"moodsByName":{"a":"MOOD_CALM"}}"#
    );
}

#[test]
fn extensions_are_named_in_brackets() {
    let json = r#"{"base":1,"[legacy.v1.extra]":2,"[legacy.v1.Extended.nested_extra]":"x","[legacy.v1.extra_moods]":["MOOD_WILD"]}"#;
    let name = "legacy.v1.Extended";
    let wire = decode_as(name, json).unwrap();
    assert_eq!(wire, fixture().encode(name, json));
    assert_eq!(
        encode_as(name, &wire, &EncodeOptions::default()).unwrap(),
        json
    );
}

#[test]
fn paths_that_json_cannot_spell_pass_where_that_is_asked_for() {
    let decode_options = DecodeOptions {
        proto_mask_paths: true,
        ..DecodeOptions::default()
    };
    let encode_options = EncodeOptions {
        proto_mask_paths: true,
        ..EncodeOptions::default()
    };
    let (tables, id) = (&fixture().tables, fixture().id(KITCHEN));
    for text in ["line_1,displayName", "a__b,x.a_", "aB_1", "_1"] {
        let json = format!("{{\"mask\":\"{text}\"}}");
        let strict = DecodeOptions::default();
        decode(tables, id, json.as_bytes(), &strict).unwrap_err();
        let wire = decode(tables, id, json.as_bytes(), &decode_options).unwrap();
        encode_as(KITCHEN, &wire, &EncodeOptions::default()).unwrap_err();
        assert_eq!(encode_as(KITCHEN, &wire, &encode_options).unwrap(), json);
    }
    // What JSON spells otherwise, or what no name is.
    for text in ["a_b", "a-b", "_a", "a b"] {
        let json = format!("{{\"mask\":\"{text}\"}}");
        decode(tables, id, json.as_bytes(), &decode_options).unwrap_err();
    }
}
