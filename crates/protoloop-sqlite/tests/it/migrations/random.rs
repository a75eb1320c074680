//! Whatever schema was there before, behind a migration the database is as if the new one had always been.

use std::{collections::BTreeMap, fmt::Write as _};

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use protoloop_repository::Connector as _;
use protoloop_sql::{Live, LiveColumn, LiveIndex};

use super::{apply, destructive, state, values};
use crate::support::{Place, models};

/// A field: its name, its type, and its options.
type Field = (&'static str, &'static str, &'static str);

/// Models by name, each with fields by number.
type Models = BTreeMap<&'static str, BTreeMap<u32, Field>>;

fn schema() -> impl Strategy<Value = Models> {
    // Every pair of these converts, so that no plan has problems.
    let kinds = [
        "bool",
        "int32",
        "int64",
        "uint32",
        "uint64",
        "optional int32",
        "optional int64",
        "Color",
    ];
    let options = ["", "index: true", "unique: true", "column: \"x y\""];
    let field = (
        select(vec!["a", "b", "c", "d", "e", "f"]),
        select(kinds.to_vec()),
        select(options.to_vec()),
    );
    btree_map(
        select(vec!["Book", "Author", "Shelf"]),
        btree_map(2u32..8, field, 0..5),
        1..4,
    )
}

fn proto(models: &Models) -> String {
    let mut text = String::from(
        "syntax = \"proto3\"; package shop.v1; import \"protoloop/v1/annotations.proto\";\n\
         enum Color { COLOR_UNSPECIFIED = 0; RED = 1; }\n",
    );
    for (model, fields) in models {
        let _ = writeln!(
            text,
            "message {model} {{ option (protoloop.v1.model) = {{}};\n\
             string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}];"
        );
        let mut names = std::collections::HashSet::new();
        let mut columns = std::collections::HashSet::new();
        for (number, (name, kind, options)) in fields {
            let fixed = options.starts_with("column");
            let column = if fixed { "x y" } else { name };
            if names.insert(name) && columns.insert(column) {
                let _ = writeln!(
                    text,
                    "{kind} {name} = {number} [(protoloop.v1.field) = {{ {options} }}];"
                );
            }
        }
        text.push_str("}\n");
    }
    text
}

/// Columns and indexes by name.
type Shape = (BTreeMap<String, LiveColumn>, BTreeMap<String, LiveIndex>);

/// What must be the same of each table: columns and indexes, in any order.
fn shape(live: &Live) -> BTreeMap<String, Shape> {
    let tables = live.tables.iter().map(|(name, table)| {
        let columns = table.columns.iter();
        let columns = columns.map(|column| (column.name.clone(), column.clone()));
        (name.clone(), (columns.collect(), table.indexes.clone()))
    });
    tables.collect()
}

async fn migrate(schemas: &[Models]) -> Result<(), TestCaseError> {
    let (place, fresh) = (Place::new(), Place::new());
    let connector = place.open().await;
    for schema in schemas {
        let text = proto(schema);
        let applied = apply(&connector, &models(&text), destructive()).await;
        prop_assert!(applied.is_ok(), "{text}\n{}", applied.expect_err("failed"));
        // Rows that fit into every kind, and do not meet in unique indexes.
        for model in schema.keys() {
            let table = format!("{}s", model.to_lowercase()).replace("shelfs", "shelves");
            let sql = format!("SELECT count(*) FROM {table}");
            values(&connector, &sql).await;
            let mut session = protoloop_migrate::Target::open(&connector, None)
                .await
                .expect("opens");
            let insert = format!("INSERT OR IGNORE INTO {table} (id) VALUES ('one')");
            session.execute(&insert).await.expect("inserts");
            session.close().await;
        }
    }
    let last = proto(&schemas[schemas.len() - 1]);
    let other = fresh.open().await;
    other.prepare(&models(&last)).await.expect("fresh");
    let (migrated, wanted) = (state(&connector).await, state(&other).await);
    prop_assert_eq!(shape(&migrated.live), shape(&wanted.live));
    prop_assert_eq!(migrated.record, wanted.record);
    let applied = apply(&connector, &models(&last), destructive())
        .await
        .expect("again");
    prop_assert!(applied.steps.is_empty(), "{:?}", applied.steps);
    connector.close().await;
    other.close().await;
    Ok(())
}

#[test]
fn a_migrated_database_is_like_a_fresh_one() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut runner = TestRunner::new(Config::with_cases(60));
    runner
        .run(&vec(schema(), 2..4), |schemas| {
            runtime.block_on(migrate(&schemas))
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
