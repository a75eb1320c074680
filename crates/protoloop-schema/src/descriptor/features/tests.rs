use prost::Message as _;

use super::*;
use crate::{
    Diagnostics, Kind, ReadOptions, Schema,
    descriptor::{
        Enum, EnumOptions, EnumValue, Field, FieldOptions, FileOptions, FileSet, Label,
        MessageOptions, Oneof, OneofOptions, Type,
    },
};

const IMPLICIT: FeatureSet = FeatureSet {
    field_presence: 2,
    ..SILENT
};
const REQUIRED: FeatureSet = FeatureSet {
    field_presence: 3,
    ..SILENT
};
const DELIMITED: FeatureSet = FeatureSet {
    message_encoding: 2,
    ..SILENT
};
const SILENT: FeatureSet = FeatureSet {
    field_presence: 0,
    enum_type: 0,
    repeated_field_encoding: 0,
    utf8_validation: 0,
    message_encoding: 0,
};

fn field(name: &str, number: i32, declared: Type, features: Option<FeatureSet>) -> Field {
    Field {
        name: name.to_owned(),
        number,
        label: Label::Optional.into(),
        r#type: declared.into(),
        options: features.map(|features| FieldOptions {
            features: Some(features),
            ..FieldOptions::default()
        }),
        ..Field::default()
    }
}

fn list(field: Field) -> Field {
    Field {
        label: Label::Repeated.into(),
        ..field
    }
}

fn typed(field: Field, type_name: &str) -> Field {
    Field {
        type_name: type_name.to_owned(),
        ..field
    }
}

fn of_message(features: FeatureSet) -> Option<MessageOptions> {
    Some(MessageOptions {
        features: Some(features),
        ..MessageOptions::default()
    })
}

fn read(file: &File, upstream: bool) -> Result<Schema, Diagnostics> {
    let set = FileSet {
        file: vec![file.encode_to_vec().into()],
    };
    let options = ReadOptions {
        upstream,
        ..ReadOptions::default()
    };
    Schema::read(&set.encode_to_vec(), &options)
}

fn edition(edition: i32) -> File {
    File {
        name: "e.proto".to_owned(),
        package: "e".to_owned(),
        syntax: "editions".to_owned(),
        edition,
        ..File::default()
    }
}

/// `name: presence, what else differs from a plain field`.
fn described(schema: &Schema, message: &str) -> Vec<String> {
    let message = schema.message_by_name(message).expect("declared");
    let fields = message.fields.iter();
    fields
        .map(|field| {
            let marks = [
                (field.packed, " packed"),
                (field.strict_utf8, " utf8"),
                (matches!(field.kind, Kind::Group(_)), " group"),
            ];
            let marks: String = marks
                .into_iter()
                .filter_map(|(is, mark)| is.then_some(mark))
                .collect();
            format!("{}: {:?}{marks}", field.name, field.presence)
        })
        .collect()
}

#[test]
fn an_edition_has_its_own_defaults() {
    let file = File {
        message_type: vec![Message {
            name: "M".to_owned(),
            field: vec![
                field("text", 1, Type::String, None),
                list(field("numbers", 2, Type::Int32, None)),
                typed(field("self", 3, Type::Message, None), ".e.M"),
                field("implied", 4, Type::Int32, Some(IMPLICIT)),
                field("needed", 5, Type::Int32, Some(REQUIRED)),
                typed(field("between", 6, Type::Message, Some(DELIMITED)), ".e.M"),
                list(field(
                    "spread",
                    7,
                    Type::Int32,
                    Some(FeatureSet {
                        repeated_field_encoding: 2,
                        ..SILENT
                    }),
                )),
                field(
                    "loose",
                    8,
                    Type::String,
                    Some(FeatureSet {
                        utf8_validation: 3,
                        ..SILENT
                    }),
                ),
            ],
            ..Message::default()
        }],
        ..edition(1000)
    };
    let schema = read(&file, true).expect("a good schema");
    assert_eq!(
        described(&schema, "e.M"),
        [
            "text: Explicit utf8",
            "numbers: Explicit packed",
            "self: Explicit",
            "implied: Implicit",
            "needed: Required",
            "between: Explicit group",
            "spread: Explicit",
            "loose: Explicit",
        ]
    );
}

#[test]
fn features_are_inherited_and_overridden() {
    let inner = Message {
        name: "Inner".to_owned(),
        field: vec![
            field("number", 1, Type::Int32, None),
            typed(field("outer", 2, Type::Message, None), ".e.M"),
        ],
        ..Message::default()
    };
    let outer = Message {
        name: "M".to_owned(),
        options: of_message(DELIMITED),
        field: vec![
            typed(field("inner", 1, Type::Message, None), ".e.M.Inner"),
            Field {
                oneof_index: Some(0),
                ..field("one", 2, Type::String, None)
            },
            field("number", 3, Type::Int32, None),
            field(
                "there",
                4,
                Type::Int32,
                Some(FeatureSet {
                    field_presence: 1,
                    ..SILENT
                }),
            ),
        ],
        nested_type: vec![inner],
        oneof_decl: vec![Oneof {
            name: "choice".to_owned(),
            options: Some(OneofOptions {
                features: Some(FeatureSet {
                    utf8_validation: 3,
                    ..SILENT
                }),
            }),
        }],
        ..Message::default()
    };
    let file = File {
        options: Some(FileOptions {
            features: Some(IMPLICIT),
        }),
        message_type: vec![outer],
        ..edition(1001)
    };
    let schema = read(&file, true).expect("a good schema");
    assert_eq!(
        described(&schema, "e.M"),
        [
            "inner: Explicit group",
            "one: Explicit",
            "number: Implicit",
            "there: Explicit",
        ]
    );
    assert_eq!(
        described(&schema, "e.M.Inner"),
        ["number: Implicit", "outer: Explicit group"]
    );
}

#[test]
fn maps_are_never_delimited() {
    let entry = Message {
        name: "ItemsEntry".to_owned(),
        field: vec![
            field("key", 1, Type::String, None),
            typed(field("value", 2, Type::Message, None), ".e.M"),
        ],
        options: Some(MessageOptions {
            map_entry: true,
            ..MessageOptions::default()
        }),
        ..Message::default()
    };
    let file = File {
        options: Some(FileOptions {
            features: Some(DELIMITED),
        }),
        message_type: vec![Message {
            name: "M".to_owned(),
            field: vec![list(typed(
                field("items", 1, Type::Message, None),
                ".e.M.ItemsEntry",
            ))],
            nested_type: vec![entry],
            ..Message::default()
        }],
        ..edition(1000)
    };
    let schema = read(&file, true).expect("a good schema");
    for message in ["e.M", "e.M.ItemsEntry"] {
        let found = described(&schema, message).join(", ");
        assert!(!found.contains("group"), "{message}: {found}");
    }
}

#[test]
fn enums_are_open_unless_they_are_closed() {
    let value = EnumValue {
        name: "ZERO".to_owned(),
        ..EnumValue::default()
    };
    let closed = Enum {
        name: "Closed".to_owned(),
        value: vec![EnumValue {
            name: "NONE".to_owned(),
            ..EnumValue::default()
        }],
        options: Some(EnumOptions {
            features: Some(FeatureSet {
                enum_type: 2,
                ..SILENT
            }),
        }),
    };
    let open = Enum {
        name: "Open".to_owned(),
        value: vec![value],
        ..Enum::default()
    };
    let file = File {
        message_type: vec![Message {
            name: "M".to_owned(),
            enum_type: vec![closed],
            ..Message::default()
        }],
        enum_type: vec![open],
        ..edition(1000)
    };
    let schema = read(&file, true).expect("a good schema");
    let open = |name: &str| {
        let mut enums = schema.enums().iter();
        let found = enums.find(|item| &*item.full_name == name);
        found.expect("declared").open
    };
    assert!(open("e.Open"));
    assert!(!open("e.M.Closed"));
}

#[test]
fn only_known_editions_of_upstreams_are_read() {
    for (number, upstream, good) in [
        (1000, true, true),
        (1001, true, true),
        (1002, true, false),
        (0, true, false),
        (1000, false, false),
    ] {
        let found = read(&edition(number), upstream).is_ok();
        assert_eq!(found, good, "{number} {upstream}");
    }
}
