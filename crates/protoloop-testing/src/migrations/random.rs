//! Whatever schema was there before, behind a migration the database is as if the new one had always been.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write as _,
};

use proptest::{
    collection::{btree_map, vec},
    prelude::*,
    sample::select,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use super::{Migrated, apply, create, destructive, is_like_fresh, models, rows};

/// A field: its name, its type, and its options.
pub(super) type Field = (&'static str, &'static str, &'static str);

/// Models by name, each with fields by number.
pub(super) type Models = BTreeMap<&'static str, BTreeMap<u32, Field>>;

pub(super) fn schema() -> impl Strategy<Value = Models> {
    // Every pair of these converts, so that no plan has problems.
    let kinds = [
        "bool",
        "int32",
        "int64",
        "uint32",
        "uint64",
        "optional int32",
        "optional int64",
        "optional bool",
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

pub(super) fn proto(models: &Models) -> String {
    let mut text = String::new();
    for (model, fields) in models {
        let _ = writeln!(
            text,
            "message {model} {{ option (protoloop.v1.model) = {{}};\n\
             string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}];"
        );
        let (mut names, mut columns) = (HashSet::new(), HashSet::new());
        for (number, (name, kind, options)) in fields {
            let column = if options.starts_with("column") {
                "x y"
            } else {
                name
            };
            if names.insert(name) && columns.insert(column) {
                let _ = writeln!(
                    text,
                    "{kind} {name} = {number} [(protoloop.v1.field) = {{ {options} }}];"
                );
            }
        }
        // A relation where there is someone to refer to; it comes and goes with the others.
        if *model == "Book" && models.contains_key("Author") {
            let on_delete = ["RESTRICT", "CASCADE", "SET_NULL"][fields.len() % 3];
            let _ = writeln!(
                text,
                "optional string author_id = 20; Author author = 21 [(protoloop.v1.relation) = \
                 {{ belongs_to: {{ key: \"author_id\" on_delete: {on_delete} }} }}];"
            );
        }
        text.push_str("}\n");
    }
    text
}

/// Migrates from random schemas to random others, with rows and without.
///
/// # Panics
/// When a database is not what a fresh one would be.
pub async fn random_schemas<C: Migrated>(cases: u64, open: impl AsyncFn() -> C) {
    for case in 0..cases {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&case.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let schemas = vec(schema(), 2..4).new_tree(&mut runner).expect("a sample");
        let connector = open().await;
        let mut story = format!("case {case}\n");
        for schema in schemas.current() {
            let text = proto(&schema);
            let _ = writeln!(story, "{text}");
            let models = models(&text);
            let applied = apply(&connector, &models, destructive()).await;
            let applied = applied.unwrap_or_else(|error| panic!("{story}{error:?}"));
            assert!(applied.withheld.is_empty(), "{story}{applied:?}");
            if case % 3 > 0 {
                for at in 0..models.len() {
                    let rows = rows(&connector, &models[at..]).await;
                    // A row of defaults fits into every kind; it may be there from before.
                    if super::found(&rows, "one").await.is_none() {
                        create(&rows, r#"{"id": "one"}"#).await;
                    }
                }
            }
        }
        let last = schemas.current().pop().expect("two at least");
        is_like_fresh(&connector, &open().await, &models(&proto(&last))).await;
    }
}
