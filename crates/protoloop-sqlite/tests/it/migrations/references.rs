//! Foreign keys that come to tables with rows.

use protoloop_migrate::{Options, Target};
use protoloop_repository::Connector as _;

use super::{apply, state, values};
use crate::support::{Place, models};

const UNLINKED: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Author {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
message Book {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string author_id = 2;
}
"#;

fn linked() -> String {
    UNLINKED.replace(
        "string author_id = 2;",
        "string author_id = 2; Author author = 3 [(protoloop.v1.relation) = { belongs_to: {} }];",
    )
}

#[tokio::test]
async fn a_relation_brings_a_foreign_key_unless_rows_would_break_it() {
    let place = Place::new();
    let connector = place.open().await;
    connector
        .prepare(&models(UNLINKED))
        .await
        .expect("prepares");
    let mut session = Target::open(&connector, None).await.expect("opens");
    let rows = "INSERT INTO authors VALUES ('a'); INSERT INTO books VALUES ('1', 'a'), ('2', ''), ('3', 'gone')";
    session.execute(rows).await.expect("inserts");
    session.close().await;
    let applied = apply(&connector, &models(&linked()), Options::default())
        .await
        .expect("applies");
    assert!(
        applied.withheld[0]
            .note
            .contains("refer by author_id to rows of authors")
    );
    let keys = state(&connector).await.live.tables["books"]
        .foreign_keys
        .len();
    assert_eq!(keys, 0);
    // What stood for absence is absent now.
    let unset = values(&connector, "SELECT id FROM books WHERE author_id IS NULL").await;
    assert_eq!(unset, ["[Text(\"2\")]"]);
    let mut session = Target::open(&connector, None).await.expect("opens");
    session
        .execute("DELETE FROM books WHERE id = '3'")
        .await
        .expect("deletes");
    session.close().await;
    let applied = apply(&connector, &models(&linked()), Options::default())
        .await
        .expect("applies");
    assert!(
        applied.withheld.is_empty() && applied.steps.len() == 1,
        "{applied:?}"
    );
    let mut session = Target::open(&connector, None).await.expect("opens");
    assert!(
        session.execute("DELETE FROM authors").await.is_err(),
        "held by the foreign key"
    );
    session.close().await;
    let again = apply(&connector, &models(&linked()), Options::default())
        .await
        .expect("applies");
    assert!(again.steps.is_empty(), "{again:?}");
    // It goes with the relation.
    apply(&connector, &models(UNLINKED), Options::default())
        .await
        .expect("applies");
    assert!(
        state(&connector).await.live.tables["books"]
            .foreign_keys
            .is_empty()
    );
}
