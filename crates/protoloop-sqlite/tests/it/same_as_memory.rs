//! Filters and orders select the same rows in the same order as in memory.

use protoloop_core::CallContext;
use protoloop_repository::{
    Connector as _, Cursor, Filter, MemoryConnector, OrderBy, Query, Record, Write,
};

use crate::support::{Place, Rows};

const THING: &str = r#"
syntax = "proto3";
package shop.v1;
import "google/protobuf/duration.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "protoloop/v1/annotations.proto";
message Thing {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  optional string note = 3;
  int32 count = 4;
  optional int64 balance = 5;
  uint64 big = 6;
  float ratio = 7;
  optional double weight = 8;
  bytes data = 9;
  Color color = 10;
  google.protobuf.Timestamp at = 11;
  google.protobuf.Duration took = 12;
  google.protobuf.StringValue nick = 13;
  repeated string tags = 14;
  repeated uint64 numbers = 15;
  map<string, string> labels = 16;
  Address address = 17;
  bool done = 18;
  repeated double heights = 19;
}
enum Color { COLOR_UNSPECIFIED = 0; RED = 1; BLUE = 2; }
message Address {
  string city = 1;
  optional int64 zip = 2;
  Geo geo = 3;
  map<string, int32> floors = 4;
  bytes door = 5;
  google.protobuf.Int64Value level = 6;
}
message Geo {
  double lat = 1;
  float lon = 2;
  uint64 cell = 3;
  google.protobuf.Timestamp seen = 4;
  google.protobuf.Duration drift = 5;
  bool exact = 6;
  Color color = 7;
}
"#;

/// Every field of these in turn, so that rows differ in one place after the other.
const PARTS: &[&str] = &[
    r#""title": "milk""#,
    r#""title": "Milk %_ a.b", "note": """#,
    r#""title": "É\u0000x", "note": "straße""#,
    r#""note": "MILK", "count": -3"#,
    r#""count": 2147483647, "balance": "-9223372036854775808""#,
    r#""balance": "0", "big": "18446744073709551615""#,
    r#""big": "9223372036854775808", "ratio": 0.1"#,
    r#""big": "9223372036854775807", "ratio": "NaN""#,
    r#""ratio": -0.0, "weight": "NaN""#,
    r#""weight": "-Infinity", "data": "AP8=""#,
    r#""weight": "Infinity", "data": "AQ==", "color": "RED""#,
    r#""weight": 0.5, "color": 2, "done": true"#,
    r#""weight": -0.0, "at": "2026-01-01T00:00:00Z""#,
    r#""at": "2026-01-01T00:00:00.5Z", "took": "1.5s""#,
    r#""at": "0001-01-01T00:00:00Z", "took": "-0.000000001s""#,
    r#""at": "9999-12-31T23:59:59.999999999Z", "took": "-315576000000s", "nick": """#,
    r#""nick": "n", "tags": ["a", "b"]"#,
    r#""tags": ["b"], "numbers": ["7", "18446744073709551615"]"#,
    r#""labels": {"env": "prod", "a.b\"c": ""}"#,
    r#""labels": {"env": ""}"#,
    r#""address": {}"#,
    r#""address": {"city": "Bern", "zip": "3000", "level": "7"}"#,
    r#""address": {"city": "Zug", "zip": "-1", "floors": {"attic": 3}}"#,
    r#""address": {"geo": {}, "door": "AP8="}"#,
    r#""address": {"geo": {"lat": 46.9, "lon": 0.1, "cell": "18446744073709551615"}}"#,
    r#""address": {"geo": {"lat": "NaN", "lon": "Infinity", "cell": "5", "exact": true}}"#,
    r#""address": {"geo": {"lat": "-Infinity", "seen": "2026-01-01T00:00:00Z", "drift": "-1.000000001s"}}"#,
    r#""address": {"geo": {"seen": "2026-01-01T00:00:00.123456Z", "drift": "0.5s", "color": "RED"}}"#,
    r#""address": {"geo": {"seen": "2026-01-01T00:00:00.1Z", "drift": "-0.5s", "color": 2}}"#,
    r#""heights": [1, 0.5, "Infinity"]"#,
];

const FILTERS: &[&str] = &[
    "",
    "title = \"milk\"",
    "title != \"milk\"",
    "title > \"Milk\"",
    "note:*",
    "NOT note:*",
    "note = \"\"",
    "note != \"\"",
    "NOT note = \"\"",
    "note < \"a\"",
    "NOT (note < \"a\" OR count > 0)",
    "count >= -3 AND count < 3",
    "balance = -9223372036854775808",
    "balance <= 0",
    "NOT balance <= 0",
    "big > 9223372036854775807",
    "big <= 9223372036854775808",
    "big = 18446744073709551615",
    "ratio = 0.1",
    "ratio < 0.1",
    "ratio = 0",
    "ratio != 0.1",
    "weight > 0",
    "weight >= 0",
    "weight < 0.5",
    "weight <= 1e300",
    "NOT weight > 0",
    "weight:*",
    "color = RED",
    "color != RED",
    "done = true",
    "at = \"2026-01-01T00:00:00Z\"",
    "at > \"2026-01-01T00:00:00Z\"",
    "at < \"2026-01-01T00:00:00.25Z\"",
    "took < 0s",
    "took >= -0.000000001s",
    "took > 1.499s",
    "nick:*",
    "nick = \"\"",
    "nick != \"n\"",
    "tags:*",
    "tags:\"a\"",
    "NOT tags:\"a\"",
    "numbers:7",
    "numbers:18446744073709551615",
    "heights:1",
    "heights:0.5",
    "labels:*",
    "labels:\"env\"",
    "labels.env:*",
    "labels.env = \"prod\"",
    "labels.env != \"prod\"",
    "labels.\"a.b\\\"c\":*",
    "address:*",
    "address.city = \"Bern\"",
    "address.city = \"\"",
    "address.city != \"Bern\"",
    "NOT address.city = \"\"",
    "address.zip:*",
    "address.zip > 0",
    "address.zip < 0",
    "address.level = 7",
    "address.level:*",
    "address.floors.attic = 3",
    "address.floors.attic:*",
    "address.floors:*",
    "address.floors:\"attic\"",
    "address.geo:*",
    "NOT address.geo:*",
    "address.geo.lat = 46.9",
    "address.geo.lat < 50",
    "address.geo.lat > -1",
    "address.geo.lat >= 0",
    "address.geo.lon = 0.1",
    "address.geo.lon > 0.1",
    "address.geo.lon >= 0.1",
    "address.geo.cell = 18446744073709551615",
    "address.geo.cell > 4",
    "address.geo.cell = 0",
    "address.geo.exact = true",
    "address.geo.exact = false",
    "address.geo.color = RED",
    "address.geo.color != RED",
    "address.geo.seen = \"2026-01-01T00:00:00.123456Z\"",
    "address.geo.seen < \"2026-01-01T00:00:00.11Z\"",
    "address.geo.seen >= \"2026-01-01T00:00:00.1Z\"",
    "address.geo.drift = -1.000000001s",
    "address.geo.drift < 0s",
    "address.geo.drift > -0.6s",
    "address.geo.drift = 0.5s",
    "title = \"mi*\"",
    "title = \"*ilk\"",
    "title = \"*l*\"",
    "like(title, \"m_lk\")",
    "like(title, \"%\")",
    "like(note, \"%\")",
    "like(title, \"\")",
    "like(title, \"Milk \\\\%\\\\_ a.b\")",
    "like(title, \"É%\")",
    "like(title, \"É_x\")",
    "like(title, \"%x\")",
    "ilike(title, \"é%\")",
    "ilike(note, \"milk\")",
    "ilike(note, \"STRA_E\")",
    "NOT ilike(note, \"milk\")",
    "regexp(title, \"^[mM]il\")",
    "regexp(title, \"x$\")",
    "NOT regexp(note, \"^$\")",
    "title = \"milk\" OR note = \"\" AND count = 0",
];

const ORDERS: &[&str] = &[
    "",
    "id desc",
    "title",
    "title desc",
    "note",
    "note desc",
    "balance, id desc",
    "balance desc",
    "big",
    "big desc, title",
    "ratio",
    "ratio desc",
    "weight",
    "weight desc",
    "data desc",
    "color, count desc",
    "at",
    "at desc",
    "took",
    "took desc",
    "nick desc, note",
    "labels.env",
    "address.city",
    "address.city desc",
    "address.zip",
    "address.zip desc",
    "address.level desc",
    "address.floors.attic",
    "address.geo.lat",
    "address.geo.lat desc",
    "address.geo.lon",
    "address.geo.cell desc",
    "address.geo.seen",
    "address.geo.seen desc",
    "address.geo.drift",
    "address.geo.drift desc, title",
    "address.geo.exact, address.geo.color",
];

async fn filled() -> (Place, [Rows; 2]) {
    let place = Place::new();
    let (_connector, sqlite) = place.repository(THING).await;
    let memory = MemoryConnector::new();
    let model = std::sync::Arc::clone(sqlite.model());
    memory
        .prepare(&[std::sync::Arc::clone(&model)])
        .await
        .expect("prepares");
    let memory = Rows(memory.repository(&model).expect("prepared"));
    for rows in [&sqlite, &memory] {
        let all = PARTS.iter().enumerate().map(|(number, part)| {
            Write::Create(rows.record(&format!(r#"{{"id": "{number:02}", {part}}}"#)))
        });
        rows.0
            .write(&CallContext::new(), all.collect())
            .await
            .expect("created");
    }
    (place, [sqlite, memory])
}

fn ids(rows: &Rows, found: &[Record]) -> Vec<String> {
    let id = |row: &Record| rows.model().view(row.as_ref()).string(1).to_owned();
    found.iter().map(id).collect()
}

#[tokio::test]
async fn rows_are_the_same() {
    let (_place, [sqlite, memory]) = filled().await;
    let query = Query::new(sqlite.model().key_order().clone());
    let cx = CallContext::new();
    let found = sqlite.0.find(&cx, &query).await.expect("reads");
    assert_eq!(found, memory.0.find(&cx, &query).await.expect("reads"));
    let keys: Vec<_> = found
        .iter()
        .map(|row| sqlite.model().key_of(row.as_ref()).expect("a key"))
        .collect();
    let by_ids = sqlite.0.find_by_ids(&cx, &keys).await.expect("reads");
    assert_eq!(by_ids.into_iter().flatten().collect::<Vec<_>>(), found);
}

#[tokio::test]
async fn filters_select_the_same_rows() {
    let (_place, [sqlite, memory]) = filled().await;
    let cx = CallContext::new();
    let mut wrong = Vec::new();
    for text in FILTERS {
        let filter = match Filter::parse(sqlite.model(), text) {
            Ok(filter) => filter,
            Err(error) => {
                wrong.push(format!("{text}: {error:?}"));
                continue;
            }
        };
        let mut query = Query::new(sqlite.model().key_order().clone());
        query.filter = Some(filter.clone());
        let found = sqlite
            .0
            .find(&cx, &query)
            .await
            .unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let expected = memory.0.find(&cx, &query).await.expect("reads");
        let (found, expected) = (ids(&sqlite, &found), ids(&memory, &expected));
        if found != expected {
            wrong.push(format!("{text}\n  sqlite {found:?}\n  memory {expected:?}"));
        }
        let count = sqlite.0.count(&cx, Some(&filter)).await.expect("counts");
        assert_eq!(count, found.len() as u64, "{text}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn pages_follow_each_other_in_the_same_order() {
    let (_place, [sqlite, memory]) = filled().await;
    let cx = CallContext::new();
    let mut wrong = Vec::new();
    for text in ORDERS {
        let order = OrderBy::parse(sqlite.model(), text)
            .unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let query = Query::new(order);
        let expected = memory.0.find(&cx, &query).await.expect("reads");
        let expected = ids(&memory, &expected);
        for size in [1, 3, 100] {
            let mut page = query.clone();
            page.limit = Some(size);
            let mut found = Vec::new();
            loop {
                let rows = sqlite
                    .0
                    .find(&cx, &page)
                    .await
                    .unwrap_or_else(|error| panic!("{text}: {error:?}"));
                let Some(last) = rows.last() else { break };
                page.after = Some(Cursor::of_row(sqlite.model(), &page.order, last.as_ref()));
                found.extend(ids(&sqlite, &rows));
                if found.len() > expected.len() {
                    break;
                }
            }
            if found != expected {
                wrong.push(format!(
                    "{text}, pages of {size}\n  sqlite {found:?}\n  memory {expected:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
