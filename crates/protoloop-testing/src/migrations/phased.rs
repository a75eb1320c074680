//! From random schemas to random others in two parts, as a rollout does it, each of which breaks off in the middle: behind the first part
//! code of before works on, and behind the second what both schemas know is as it was.

use std::{fmt::Write as _, sync::Arc};

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use protoloop_core::Code;
use protoloop_migrate::{Options, Phases};
use protoloop_repository::{Model, OnStart, Record, Repository};
use protoloop_schema::Kind;
use protoloop_wire::Value;

use super::{
    Migrated, apply,
    crashes::broken_off,
    create, destructive, found, is_like_fresh, models,
    random::{proto, schema},
    rows,
};

/// The key of the row whose every field is 1, and of the one without any.
const FULL: &str = "full";
const EMPTY: &str = "empty";

/// Migrates from random schemas to random others in two parts; answers how many went so. Where the first part says that
/// there is no moment at which both kinds of code work, all is done at once.
///
/// # Panics
/// When code of before does not work behind the first part, a value is lost, or the database is not what a fresh one would be.
pub async fn random_phases<C: Migrated>(cases: u64, open: impl AsyncFn() -> C) -> usize {
    let mut parted = 0;
    for case in 0..cases {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&case.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        // Behind so many events the parts break off, or not at all where they have fewer.
        let sample = (schema(), schema(), 0..6usize, 0..12usize).new_tree(&mut runner);
        let (old, new, first, second) = sample.expect("a sample").current();
        // A unique index would have room for one of our rows.
        let text = |schema| proto(&schema).replace("unique: true", "index: true");
        let (old, new) = (text(old), text(new));
        let story = format!("case {case}\n{old}\n{new}");
        let (old, new) = (models(&old), models(&new));
        let connector = open().await;
        apply(&connector, &old, destructive())
            .await
            .unwrap_or_else(|error| panic!("{story}{error:?}"));
        store(&connector, &old).await;
        parted += usize::from(expand(&connector, &old, &new, first, &story).await);
        let begun = broken_off(&connector, &new, destructive(), second).await;
        begun.unwrap_or_else(|error| panic!("{story}{error:?}"));
        let applied = apply(&connector, &new, destructive()).await;
        applied.unwrap_or_else(|error| panic!("{story}{error:?}"));
        kept(&connector, &old, &new, &story).await;
        is_like_fresh(&connector, &open().await, &new).await;
    }
    parted
}

/// Does the first part, behind which code of before reads and writes as it did. `false` where there is none.
async fn expand(
    connector: &impl Migrated,
    old: &[Arc<Model>],
    new: &[Arc<Model>],
    breaks: usize,
    story: &str,
) -> bool {
    let options = Options {
        phases: Phases::Expand,
        ..Options::default()
    };
    let begun = broken_off(connector, new, options.clone(), breaks).await;
    let applied = match begun {
        Ok(_) => apply(connector, new, options).await.map(drop),
        Err(error) => Err(error),
    };
    match applied {
        Err(error) if error.code() == Code::FailedPrecondition => return false,
        applied => applied.unwrap_or_else(|error| panic!("{story}{error:?}")),
    }
    // A column whose type changes has no middle: code of before does not start on it.
    match connector.prepare_as(old, OnStart::Check).await {
        Err(error) if error.message().contains("change column") => return false,
        fits => fits.unwrap_or_else(|error| panic!("{story}{error:?}")),
    }
    for at in 0..old.len() {
        let rows = rows(connector, &old[at..]).await;
        for id in [FULL, EMPTY] {
            let row = found(&rows, id).await;
            let row = row.unwrap_or_else(|| panic!("{story}{id} of {} is gone", name(&old[at])));
            for field in &old[at].message().fields {
                let due = i64::from(id == FULL && is_number(field.kind));
                assert_eq!(
                    number(&old[at], &row, field.number),
                    due,
                    "{story}{}",
                    field.name
                );
            }
        }
        create(&rows, r#"{"id": "late"}"#).await;
    }
    true
}

async fn store(connector: &impl Migrated, models: &[Arc<Model>]) {
    for at in 0..models.len() {
        let rows = rows(connector, &models[at..]).await;
        let mut full = format!(r#"{{"id": "{FULL}""#);
        for field in &models[at].message().fields {
            let one = match field.kind {
                Kind::Bool => "true",
                Kind::Int64 | Kind::Uint64 => "\"1\"",
                kind if is_number(kind) => "1",
                _ => continue,
            };
            let _ = write!(full, ", \"{}\": {one}", field.name);
        }
        full.push('}');
        create(&rows, &full).await;
        create(&rows, &format!(r#"{{"id": "{EMPTY}"}}"#)).await;
    }
}

/// What both know is as it was, whatever it is called now.
async fn kept(connector: &impl Migrated, old: &[Arc<Model>], new: &[Arc<Model>], story: &str) {
    for at in 0..new.len() {
        let Some(before) = old.iter().find(|model| name(model) == name(&new[at])) else {
            continue;
        };
        let rows: Arc<dyn Repository<Record>> = rows(connector, &new[at..]).await;
        for id in [FULL, EMPTY] {
            let row = found(&rows, id).await;
            let row = row.unwrap_or_else(|| panic!("{story}{id} of {} is gone", name(&new[at])));
            for field in &new[at].message().fields {
                let Some((_, had)) = before.message().field_by_number(field.number) else {
                    // A new number may take over the column of its name.
                    continue;
                };
                let both = is_number(had.kind) && is_number(field.kind);
                let due = i64::from(id == FULL && both);
                assert_eq!(
                    number(&new[at], &row, field.number),
                    due,
                    "{story}{}",
                    field.name
                );
            }
        }
    }
}

fn name(model: &Model) -> &str {
    &model.message().name
}

fn is_number(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_)
    )
}

/// The number that a field holds, 0 for anything else.
fn number(model: &Model, row: &Record, number: u32) -> i64 {
    match model.view(row.as_ref()).get(number) {
        Some(Value::Bool(value)) => i64::from(value),
        Some(Value::I32(value) | Value::Enum(value)) => value.into(),
        Some(Value::I64(value)) => value,
        Some(Value::U32(value)) => value.into(),
        Some(Value::U64(value)) => value.cast_signed(),
        _ => 0,
    }
}
