//! Which queries an index serves.

use protoloop_repository::{Connector as _, Filter};
use protoloop_sql::{SQLITE, SqlValue, Table};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::support::{Place, models};

const BOOK: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { indexes: { fields: ["shelf", "box"] unique: true } };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string isbn = 2 [(protoloop.v1.field) = { unique: true }];
  string shelf = 3;
  string box = 4;
}
"#;

#[tokio::test]
async fn a_unique_value_is_found_by_its_index() {
    let place = Place::new();
    let models = models(BOOK);
    let connector = place.open().await;
    connector.prepare(&models).await.expect("prepares");
    let table = Table::new(&models[0], &SQLITE).expect("a table");
    let mut database = SqliteConnection::connect(&place.url()).await.expect("open");
    for (filter, due) in [
        (r#"isbn = "1""#, "books_isbn_key"),
        (r#"isbn = ("1" OR "2")"#, "books_isbn_key"),
        (r#"isbn = "1*""#, "books_isbn_key"),
        (r#"shelf = "1" AND box = "2""#, "books_shelf_box_key"),
        (r#"shelf = "1""#, "books_shelf_box_key"),
        // Rows without a value stand in no index.
        (r#"isbn = """#, "SCAN"),
    ] {
        let parsed = Filter::parse(&models[0], filter).expect(filter);
        let statement = table.count(Some(&parsed)).expect("compiles");
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sql));
        let mut query = sqlx::query(explain);
        for value in statement.values {
            let SqlValue::Text(text) = value else {
                panic!("{filter}: {value:?}")
            };
            query = query.bind(text.into_owned());
        }
        let rows = query.fetch_all(&mut database).await.expect(filter);
        let steps: Vec<&str> = rows.iter().map(|row| row.get("detail")).collect();
        let plan = steps.join("; ");
        assert!(plan.contains(due), "{filter}: {plan}");
    }
}
