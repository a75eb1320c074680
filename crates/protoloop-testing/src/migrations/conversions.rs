//! Types of fields that change under rows.

use std::{fmt::Write as _, sync::Arc};

use protoloop_core::{CallContext, Code};
use protoloop_migrate::{Options, Safety};
use protoloop_repository::{Model, Record, Repository, Write};

use super::{
    Migrated, apply, create, destructive, found, is_like_fresh, model, models, record, rows, state,
};

/// From, to, and values of before with what they become, in JSON.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What loses nothing.
const WIDE: &[Case] = &[
    (
        "int32",
        "int64",
        &[("-2147483648", "\"-2147483648\""), ("7", "\"7\"")],
    ),
    ("uint32", "int64", &[("4294967295", "\"4294967295\"")]),
    ("uint32", "uint64", &[("4294967295", "\"4294967295\"")]),
    ("bool", "int32", &[("true", "1"), ("false", "0")]),
    ("bool", "uint64", &[("true", "\"1\"")]),
    ("Color", "int32", &[("1", "1"), ("77", "77")]),
    ("int32", "Color", &[("1", "1"), ("-5", "-5")]),
    (
        "float",
        "double",
        &[("1.5", "1.5"), ("0.1", "0.10000000149011612")],
    ),
    ("int32", "double", &[("-2147483648", "-2147483648")]),
    ("uint32", "double", &[("4294967295", "4294967295")]),
    ("bool", "double", &[("true", "1")]),
    ("Color", "double", &[("1", "1")]),
    (
        "bool",
        "string",
        &[("true", "\"true\""), ("false", "\"false\"")],
    ),
    (
        "int64",
        "string",
        &[("\"-9223372036854775808\"", "\"-9223372036854775808\"")],
    ),
    (
        "uint64",
        "string",
        &[("\"18446744073709551615\"", "\"18446744073709551615\"")],
    ),
    (
        "google.protobuf.Timestamp",
        "string",
        &[(
            "\"2026-11-21T01:02:03.000000004Z\"",
            "\"2026-11-21T01:02:03.000000004Z\"",
        )],
    ),
    (
        "string",
        "bytes",
        &[("\"\u{e9}\"", "\"w6k=\""), ("\"\"", "\"\"")],
    ),
    ("int32", "optional int32", &[("5", "5"), ("0", "0")]),
    ("optional int32", "int32", &[("5", "5"), ("null", "0")]),
    (
        "optional int32",
        "int64",
        &[("5", "\"5\""), ("null", "\"0\"")],
    ),
    (
        "optional string",
        "string",
        &[("\"a\"", "\"a\""), ("null", "\"\"")],
    ),
    (
        "optional bool",
        "optional string",
        &[("true", "\"true\""), ("null", "null")],
    ),
];

/// What may not fit, and a value that does not.
const NARROW: &[(Case, &str)] = &[
    (
        ("int64", "int32", &[("\"-2147483648\"", "-2147483648")]),
        "\"2147483648\"",
    ),
    (
        ("int64", "uint32", &[("\"4294967295\"", "4294967295")]),
        "\"-1\"",
    ),
    (("int32", "uint64", &[("7", "\"7\"")]), "-1"),
    (
        ("uint64", "int64", &[("\"7\"", "\"7\"")]),
        "\"9223372036854775808\"",
    ),
    (("int32", "bool", &[("1", "true"), ("0", "false")]), "2"),
    (("double", "float", &[("1.5", "1.5")]), "0.1"),
    (
        (
            "double",
            "int64",
            &[("-9007199254740993", "\"-9007199254740992\"")],
        ),
        "1.5",
    ),
    (
        (
            "double",
            "int64",
            &[("-9223372036854775808", "\"-9223372036854775808\"")],
        ),
        "9223372036854775808",
    ),
    (
        (
            "double",
            "uint64",
            &[
                ("9007199254740992", "\"9007199254740992\""),
                ("9223372036854774784", "\"9223372036854774784\""),
            ],
        ),
        "-1",
    ),
    (("float", "int32", &[("16777216", "16777216")]), "0.5"),
    (
        (
            "int64",
            "double",
            &[("\"9007199254740992\"", "9007199254740992")],
        ),
        "\"9007199254740993\"",
    ),
    (
        (
            "int64",
            "double",
            &[("\"-9223372036854775808\"", "-9223372036854775808")],
        ),
        "\"9223372036854775807\"",
    ),
    (
        (
            "uint64",
            "double",
            &[("\"18446744073709549568\"", "18446744073709549568")],
        ),
        "\"18446744073709551615\"",
    ),
    (
        ("int64", "float", &[("\"16777216\"", "16777216")]),
        "\"16777217\"",
    ),
    (
        (
            "string",
            "int64",
            &[("\"-12\"", "\"-12\""), ("\"\"", "\"0\"")],
        ),
        "\"007\"",
    ),
    (("string", "int32", &[("\"12\"", "12")]), "\"12\\n\""),
    (
        ("string", "uint32", &[("\"4294967295\"", "4294967295")]),
        "\"99999999999999999999999999\"",
    ),
    (
        (
            "optional string",
            "optional int64",
            &[("\"12\"", "\"12\""), ("null", "null")],
        ),
        "\"\"",
    ),
    (
        ("bytes", "string", &[("\"w6k=\"", "\"\u{e9}\"")]),
        "\"/w==\"",
    ),
];

/// The model with a field for each case, in its type of before or of afterwards.
fn schema(cases: &[&Case], after: bool) -> Vec<Arc<Model>> {
    let mut fields = String::new();
    for ((from, to, _), number) in cases.iter().zip(2..) {
        let kind = if after { to } else { from };
        let _ = write!(fields, "{kind} v{number} = {number}; ");
    }
    models(&model("Book", &fields))
}

/// A row with a value of each case.
fn row(cases: &[&Case], id: usize, after: bool) -> String {
    let mut text = format!(r#"{{"id": "{id}""#);
    for ((_, _, values), number) in cases.iter().zip(2..) {
        // All of them, over and over.
        let (was, is) = values[id % values.len()];
        let value = if after { is } else { was };
        if value != "null" {
            let _ = write!(text, r#", "v{number}": {value}"#);
        }
    }
    text + "}"
}

/// How many rows the cases need.
fn rows_of(cases: &[&Case]) -> usize {
    let rows = cases.iter().map(|(_, _, values)| values.len());
    rows.max().unwrap_or_default()
}

/// Every change of a type that loses nothing is done without a word, and no value is lost.
///
/// # Panics
/// When a value is.
pub async fn wide<C: Migrated>(open: impl AsyncFn() -> C) {
    let cases: Vec<_> = WIDE.iter().collect();
    let connector = open().await;
    fill(&connector, &cases).await;
    let after = schema(&cases, true);
    let applied = apply(&connector, &after, Options::default()).await;
    let applied = applied.expect("applies");
    let mut steps = applied.steps.iter();
    assert!(steps.all(|step| step.safety == Safety::Safe), "{applied:?}");
    check(&connector, &cases).await;
    is_like_fresh(&connector, &open().await, &after).await;
}

/// A change of a type that may lose something needs a word, and is refused with all its effects for one value that does not
/// fit.
///
/// # Panics
/// When something is lost.
pub async fn narrow<C: Migrated>(open: impl AsyncFn() -> C) {
    for (case, misfit) in NARROW {
        let cases = [case];
        let connector = open().await;
        fill(&connector, &cases).await;
        let (before, after) = (schema(&cases, false), schema(&cases, true));
        let refused = apply(&connector, &after, Options::default()).await;
        let refused = refused.expect_err("it was not allowed");
        let told = refused.message().contains("was not allowed");
        assert!(told, "{case:?}: {refused:?}");
        let old = rows(&connector, &before).await;
        let misfit = format!(r#"{{"id": "misfit", "v2": {misfit}}}"#);
        create(&old, &misfit).await;
        let live = state(&connector).await.live;
        let refused = apply(&connector, &after, destructive()).await;
        let refused = refused.err();
        let refused = refused.unwrap_or_else(|| panic!("{case:?}: {misfit} fits"));
        assert_eq!(
            refused.code(),
            Code::FailedPrecondition,
            "{case:?}: {refused:?}"
        );
        assert_eq!(state(&connector).await.live, live, "{case:?}");
        let kept = found(&old, "misfit").await;
        assert_eq!(kept, Some(record(&before[0], &misfit)), "{case:?}");
        delete(&old).await;
        let applied = apply(&connector, &after, destructive()).await;
        applied.unwrap_or_else(|error| panic!("{case:?}: {error:?}"));
        check(&connector, &cases).await;
    }
    let cases: Vec<_> = NARROW.iter().map(|(case, _)| case).collect();
    let (connector, after) = (open().await, schema(&cases, true));
    fill(&connector, &cases).await;
    apply(&connector, &after, destructive())
        .await
        .expect("applies");
    check(&connector, &cases).await;
    is_like_fresh(&connector, &open().await, &after).await;
}

async fn delete(rows: &Arc<dyn Repository<Record>>) {
    let delete = Write::Delete {
        key: "misfit".into(),
        check: Box::new(|_| Ok(())),
    };
    let gone = rows.write(&CallContext::new(), vec![delete]).await;
    gone.expect("deleted");
}

async fn fill(connector: &impl Migrated, cases: &[&Case]) {
    let before = schema(cases, false);
    connector.prepare(&before).await.expect("an empty database");
    let rows = rows(connector, &before).await;
    for id in 0..rows_of(cases) {
        create(&rows, &row(cases, id, false)).await;
    }
}

async fn check(connector: &impl Migrated, cases: &[&Case]) {
    let after = schema(cases, true);
    let rows = rows(connector, &after).await;
    for id in 0..rows_of(cases) {
        let found = found(&rows, &id.to_string()).await.expect("kept");
        let wanted = record(&after[0], &row(cases, id, true));
        assert_eq!(found, wanted, "{}", row(cases, id, true));
    }
}
