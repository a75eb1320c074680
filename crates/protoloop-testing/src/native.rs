//! Statements of the application's own, on a database server.

use std::{ops::Range, sync::Arc};

use protoloop_core::{CallContext, Code};
use protoloop_repository::{
    Connector, Model, Record, Repository, RepositoryExt as _, TransactionOptions, Value,
};
use protoloop_wire::Writer;

use crate::tables;

const PROTO: &str = r#"
syntax = "proto3";
package native.v1;
import "protoloop/v1/annotations.proto";
message Paper {
  option (protoloop.v1.model) = {};
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string title = 2;
  int64 size = 3;
  double weight = 4;
}
"#;

/// What would end a statement whose values stood in its text.
const EVIL: &str = "x'); DROP TABLE papers; --";

/// Types that no field has are read as text, or refused with what to do about it.
///
/// # Panics
/// When that is not so.
pub async fn types_of_others_are_read(
    connector: &dyn Connector,
    read: &[(&str, Value)],
    refused: &[&str],
) {
    let models = Model::all(&tables(PROTO)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let papers = connector.repository(&models[0]).expect("prepared");
    let cx = CallContext::new();
    for (expression, due) in read {
        let select = format!("SELECT {expression} AS found");
        let answer = papers.execute(&cx, &select, &[]).await;
        let answer = answer.unwrap_or_else(|error| panic!("{expression}: {error:?}"));
        assert_eq!(answer.rows[0].get("found"), Some(due), "{expression}");
    }
    for expression in refused {
        let select = format!("SELECT {expression} AS found");
        let refused = papers.execute(&cx, &select, &[]).await;
        let refused = refused.expect_err(expression);
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
        assert!(refused.message().contains("`found`"), "{refused}");
    }
}

/// Values are bound; a statement that fails undoes itself only, and none ends a transaction or brings another one. `marks` are the
/// places of three values, as the database writes them.
///
/// # Panics
/// When that is not so.
pub async fn statements_of_ones_own(connector: &dyn Connector, marks: [&str; 3]) {
    let models = Model::all(&tables(PROTO)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let papers = connector.repository(&models[0]).expect("prepared");
    values_are_bound(&*papers, marks).await;
    failures_undo_themselves_only(connector, &papers, marks[0]).await;
    transactions_are_not_ended(connector, &papers).await;
}

/// A text is prepared once on a connection, however often it is asked. `connector` has one connection, and `prepared` asks how many
/// were prepared on it.
///
/// # Panics
/// When it is prepared again.
pub async fn statements_are_prepared_once(connector: &dyn Connector, prepared: &str) {
    let models = Model::all(&tables(PROTO)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let papers = connector.repository(&models[0]).expect("prepared");
    let cx = CallContext::new();
    let count = async || {
        let answer = papers.execute(&cx, prepared, &[]).await;
        answer.expect("it can be asked").rows
    };
    let calls = async |keys: Range<u32>| {
        for key in keys {
            let key = format!("{key}");
            let mut writer = Writer::new();
            writer.string(1, &key);
            let row = Record(writer.finish().into());
            papers.create(&cx, row.clone()).await.expect("stored");
            papers.update(&cx, row).await.expect("changed");
            let found = papers.find_by_id(&cx, &key.as_str().into()).await;
            found.expect("found");
            papers.count(&cx, None).await.expect("counted");
        }
    };
    count().await;
    calls(0..2).await;
    let few = count().await;
    calls(2..12).await;
    assert_eq!(count().await, few);
}

async fn values_are_bound(papers: &dyn Repository<Record>, [one, two, three]: [&str; 3]) {
    let cx = CallContext::new();
    let insert =
        format!("INSERT INTO papers (id, title, size, weight) VALUES ({one}, {two}, {three}, 1.5)");
    let values = |id: &str| {
        let size = Value::I64(i64::MIN);
        [id, EVIL]
            .map(|text| Value::String(text.to_owned()))
            .into_iter()
            .chain([size])
            .collect::<Vec<_>>()
    };
    for id in ["a", "b"] {
        let done = papers.execute(&cx, &insert, &values(id)).await;
        let done = done.expect("inserted");
        assert_eq!((done.affected, done.rows.len()), (1, 0));
    }
    let again = papers.execute(&cx, &insert, &values("a")).await;
    assert_eq!(again.expect_err("taken").code(), Code::AlreadyExists);
    let select = format!(
        "SELECT id, title AS t, size, NULL AS n, weight FROM papers WHERE title = {one} ORDER BY id"
    );
    let evil = [Value::String(EVIL.to_owned())];
    let found = papers.execute(&cx, &select, &evil).await;
    let found = found.expect("selected");
    assert_eq!((found.affected, found.rows.len()), (0, 2));
    let row = &found.rows[0];
    let names: Vec<&str> = row.columns().iter().map(|name| &**name).collect();
    assert_eq!(names, ["id", "t", "size", "n", "weight"]);
    let due = [
        Value::String("a".to_owned()),
        Value::String(EVIL.to_owned()),
        Value::I64(i64::MIN),
        Value::Null,
        Value::F64(1.5),
    ];
    assert_eq!(row.values(), due);
    assert_eq!(row.get("t"), Some(&due[1]));
}

async fn failures_undo_themselves_only(
    connector: &dyn Connector,
    papers: &Arc<dyn Repository<Record>>,
    mark: &str,
) {
    let (cx, options) = (CallContext::new(), TransactionOptions::new());
    let transaction = connector.begin(&cx, &options).await.expect("begun");
    let inside = transaction.cx();
    let insert = |ids: &str| {
        let rows: Vec<String> = ids
            .split(' ')
            .map(|id| format!("('{id}', '', 0, 0)"))
            .collect();
        let rows = rows.join(", ");
        format!("INSERT INTO papers (id, title, size, weight) VALUES {rows}")
    };
    let taken = papers.execute(inside, &insert("x a"), &[]).await;
    assert_eq!(taken.expect_err("taken").code(), Code::AlreadyExists);
    let lacks_a_value = format!("SELECT id FROM papers WHERE id = {mark}");
    let of_another_type = format!("SELECT id FROM papers WHERE size = {mark} + nothing");
    let value = [Value::String("a".to_owned())];
    // PostgreSQL lets values go that stand nowhere.
    let numbered = mark != "?";
    let one_too_many = if numbered {
        "SELECT nothing"
    } else {
        "SELECT id FROM papers"
    };
    for (wrong, values) in [
        ("UPDATE nothing SET a = 1", &[][..]),
        ("not SQL at all", &[]),
        ("SELECT 1; DROP TABLE papers", &[]),
        (&lacks_a_value, &[]),
        (one_too_many, &value),
        (&of_another_type, &value),
    ] {
        let refused = papers.execute(inside, wrong, values).await;
        let refused = refused.expect_err(wrong);
        assert_eq!(refused.code(), Code::InvalidArgument, "{wrong}: {refused}");
        assert!(!refused.message().contains("nothing"), "{refused}");
    }
    let stored = papers.execute(inside, &insert("y"), &[]).await;
    stored.expect("inserted");
    assert_eq!(papers.count(inside, None).await.expect("counted"), 3);
    transaction.commit().await.expect("committed");
    assert_eq!(papers.count(&cx, None).await.expect("counted"), 3);
}

async fn transactions_are_not_ended(
    connector: &dyn Connector,
    papers: &Arc<dyn Repository<Record>>,
) {
    let (cx, options) = (CallContext::new(), TransactionOptions::new());
    for ending in ["COMMIT", "/* why */ ROLLBACK", "begin", "SAVEPOINT a"] {
        let transaction = connector.begin(&cx, &options).await.expect("begun");
        let gone = "DELETE FROM papers";
        let gone = papers.execute(transaction.cx(), gone, &[]).await;
        assert_eq!(gone.expect("deleted").affected, 3);
        let ended = papers.execute(transaction.cx(), ending, &[]).await;
        assert_eq!(ended.expect_err(ending).code(), Code::InvalidArgument);
        let alone = papers.execute(&cx, ending, &[]).await;
        assert_eq!(alone.expect_err(ending).code(), Code::InvalidArgument);
        drop(transaction);
        assert_eq!(papers.count(&cx, None).await.expect("counted"), 3);
    }
}
