//! Fields of every type, and values of them.

use super::dice::Dice;

/// A type: its name in a proto, values as ProtoJSON, and how they are tested.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
    pub(super) tests: Tests,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Tests {
    /// By equality alone.
    Equal,
    /// By order too.
    Ordered,
    /// By patterns too.
    Text,
    /// By how near it is.
    Near,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Plain,
    Optional,
    List,
    Map,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) number: usize,
    pub(super) kind: usize,
    pub(super) shape: Shape,
}

const fn kind(name: &'static str, tests: Tests, values: &'static [&'static str]) -> Kind {
    Kind {
        name,
        values,
        tests,
    }
}

const INTS: &[&str] = &["0", "1", "-1", "7", "2147483647", "-2147483648"];
const LONGS: &[&str] = &[
    r#""0""#,
    r#""7""#,
    r#""-1""#,
    r#""9007199254740993""#,
    r#""9223372036854775807""#,
    r#""-9223372036854775808""#,
];
const ULONGS: &[&str] = &[
    r#""0""#,
    r#""7""#,
    r#""9223372036854775807""#,
    r#""9223372036854775808""#,
    r#""18446744073709551615""#,
];
const TEXTS: &[&str] = &[
    r#""""#,
    r#""a""#,
    r#""A""#,
    r#""ab%""#,
    r#""a_b""#,
    r#""a\\b""#,
    r#""é""#,
    r#""É""#,
    r#""straße""#,
    r#""a\u0001b""#,
    r#""a' OR 1=1 --""#,
    r#""\"x\"""#,
    r#""日本""#,
    r#""\ud83d\ude00""#,
];

pub(super) const KINDS: &[Kind] = &[
    kind("int32", Tests::Ordered, INTS),
    kind("sint64", Tests::Ordered, LONGS),
    kind("uint32", Tests::Ordered, &["0", "1", "4294967295"]),
    kind("fixed64", Tests::Ordered, ULONGS),
    kind(
        "float",
        Tests::Ordered,
        &["0", "0.1", "-1.5", "3", r#""NaN""#, r#""Infinity""#, "-0.0"],
    ),
    kind(
        "double",
        Tests::Ordered,
        &[
            "0",
            "0.1",
            "-2.5",
            "1e300",
            r#""NaN""#,
            r#""-Infinity""#,
            "7",
        ],
    ),
    kind("bool", Tests::Equal, &["true", "false"]),
    kind("string", Tests::Text, TEXTS),
    kind(
        "bytes",
        Tests::Equal,
        &[r#""""#, r#""AA==""#, r#""AP8=""#, r#""YQ==""#],
    ),
    kind(
        "Color",
        Tests::Equal,
        &[r#""COLOR_UNSPECIFIED""#, r#""RED""#, r#""BLUE""#, "7"],
    ),
    kind(
        "google.protobuf.Timestamp",
        Tests::Ordered,
        &[
            r#""2026-01-01T00:00:00Z""#,
            r#""2026-01-01T00:00:00.5Z""#,
            r#""2026-01-01T00:00:00.123456Z""#,
            r#""1969-12-31T23:59:59.999999Z""#,
        ],
    ),
    kind(
        "google.protobuf.Duration",
        Tests::Ordered,
        &[
            r#""0s""#,
            r#""1.5s""#,
            r#""-1.5s""#,
            r#""-0.000001s""#,
            r#""86400s""#,
        ],
    ),
    kind("google.protobuf.StringValue", Tests::Text, TEXTS),
    kind("google.protobuf.Int64Value", Tests::Ordered, LONGS),
    kind(
        "google.protobuf.BoolValue",
        Tests::Equal,
        &["true", "false"],
    ),
    kind(
        "google.type.LatLng",
        Tests::Near,
        &[
            "{}",
            r#"{"latitude":52.52,"longitude":13.405}"#,
            r#"{"latitude":48.8566,"longitude":2.3522}"#,
            r#"{"latitude":-33.87,"longitude":151.21}"#,
            r#"{"latitude":0.5,"longitude":179.9}"#,
            r#"{"latitude":-0.5,"longitude":-179.9}"#,
            r#"{"latitude":90,"longitude":45}"#,
            r#"{"longitude":180}"#,
            // There is no such place.
            r#"{"latitude":91,"longitude":1}"#,
            r#"{"latitude":1,"longitude":-180.5}"#,
        ],
    ),
    // Of any type in each row.
    kind(
        VALUE,
        Tests::Equal,
        &[
            "5",
            "-1.5",
            r#""5""#,
            r#""a""#,
            "true",
            r#"["a",5,true]"#,
            r#"["5"]"#,
            "[]",
            r#"{"a":1}"#,
        ],
    ),
];

/// Not one type but any.
pub(super) const VALUE: &str = "google.protobuf.Value";

impl Field {
    pub(super) fn kind(&self) -> &'static Kind {
        &KINDS[self.kind]
    }

    pub(super) fn name(&self) -> String {
        format!("f{}", self.number)
    }

    fn declared(&self) -> String {
        let kind = self.kind().name;
        let shape = match self.shape {
            Shape::Plain => kind.to_owned(),
            Shape::Optional if kind.contains('.') => kind.to_owned(),
            Shape::Optional => format!("optional {kind}"),
            Shape::List => format!("repeated {kind}"),
            Shape::Map => format!("map<string, {kind}>"),
        };
        format!("  {shape} {} = {};\n", self.name(), self.number)
    }

    /// A value as ProtoJSON.
    fn value(&self, dice: &mut Dice) -> String {
        let values = self.kind().values;
        match self.shape {
            Shape::Plain | Shape::Optional => (*dice.pick(values)).to_owned(),
            Shape::List => {
                let count = dice.below(4);
                let all: Vec<&str> = (0..count).map(|_| *dice.pick(values)).collect();
                format!("[{}]", all.join(","))
            }
            Shape::Map => {
                let keys = ["k", "a.b", ""];
                let all = keys[dice.below(4).min(2)..].iter();
                let all: Vec<String> = all
                    .map(|key| format!("\"{key}\":{}", dice.pick(values)))
                    .collect();
                format!("{{{}}}", all.join(","))
            }
        }
    }
}

/// Some fields of random types.
pub(super) fn fields(dice: &mut Dice, lists: bool) -> Vec<Field> {
    let count = 5 + dice.below(6);
    let fields = (0..count).map(|index| {
        let kind = dice.below(KINDS.len());
        let shape = match dice.below(if lists { 8 } else { 5 }) {
            0..=2 => Shape::Plain,
            3 | 4 => Shape::Optional,
            5 | 6 => Shape::List,
            _ => Shape::Map,
        };
        Field {
            number: index + 10,
            kind,
            shape: match KINDS[kind].tests {
                _ if KINDS[kind].name == VALUE => Shape::Plain,
                Tests::Near => Shape::Plain,
                _ => shape,
            },
        }
    });
    fields.collect()
}

/// The schema of these fields.
pub(super) fn proto(fields: &[Vec<Field>; 3]) -> String {
    let [parent, child, inner] = fields
        .each_ref()
        .map(|fields| fields.iter().map(Field::declared).collect::<String>());
    format!(
        r#"syntax = "proto3";
package random.v1;
import "google/protobuf/duration.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/type/latlng.proto";
import "protoloop/v1/annotations.proto";
enum Color {{ COLOR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }}
message Inner {{
{inner}  Inner inner = 2;
}}
message Parent {{
  option (protoloop.v1.model) = {{}};
  string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}];
  Inner inner = 2;
  repeated Child children = 3 [(protoloop.v1.relation) = {{ has_many: {{}} }}];
  repeated Inner inners = 5;
{parent}}}
message Child {{
  option (protoloop.v1.model) = {{}};
  string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}];
  Inner inner = 2;
  optional string parent_id = 3;
  Parent parent = 4 [(protoloop.v1.relation) = {{ belongs_to: {{}} }}];
  repeated Inner inners = 5;
{child}}}
"#
    )
}

/// A row as ProtoJSON.
pub(super) fn row(dice: &mut Dice, fields: &[Vec<Field>; 3], child: bool, number: usize) -> String {
    let mut members = vec![format!("\"id\":\"{number:02}\"")];
    if child && !dice.one_in(4) {
        members.push(format!("\"parentId\":\"{:02}\"", dice.below(8)));
    }
    members.extend(values(dice, &fields[usize::from(child)]));
    if !dice.one_in(3) {
        let mut inner = values(dice, &fields[2]);
        if dice.one_in(3) {
            inner.push(format!(
                "\"inner\":{{{}}}",
                values(dice, &fields[2]).join(",")
            ));
        }
        members.push(format!("\"inner\":{{{}}}", inner.join(",")));
    }
    let count = dice.below(4);
    let inners: Vec<String> = (0..count)
        .map(|_| format!("{{{}}}", values(dice, &fields[2]).join(",")))
        .collect();
    members.push(format!("\"inners\":[{}]", inners.join(",")));
    format!("{{{}}}", members.join(","))
}

fn values(dice: &mut Dice, fields: &[Field]) -> Vec<String> {
    let mut values = Vec::new();
    for field in fields {
        if !dice.one_in(3) {
            values.push(format!("\"{}\":{}", field.name(), field.value(dice)));
        }
    }
    values
}
