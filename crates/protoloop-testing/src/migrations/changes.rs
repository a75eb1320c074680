//! Renames, drops, indexes and foreign keys.

use protoloop_core::Code;
use protoloop_migrate::{Action, Options, Phase};

use super::{
    Migrated, apply, create, destructive, execute, found, is_like_fresh, model, models, record,
    rows, state, values,
};

/// Fields and models that change names keep their values; what is gone goes only when it is allowed.
///
/// # Panics
/// When that is not so.
pub async fn renames_and_drops<C: Migrated>(open: impl AsyncFn() -> C) {
    let connector = open().await;
    let first = models(&format!(
        "{}{}",
        model(
            "Book",
            "string title = 2 [(protoloop.v1.field) = { index: true }]; string isbn = 3 [(protoloop.v1.field) = { unique: true }]; \
             int32 pages = 4; string author_id = 5; \
             Author author = 6 [(protoloop.v1.relation) = { belongs_to: { key: \"author_id\" } }];"
        ),
        model("Author", "string name = 2;")
    ));
    connector.prepare(&first).await.expect("an empty database");
    create(
        &super::rows(&connector, &first[1..]).await,
        r#"{"id": "a", "name": "Jane"}"#,
    )
    .await;
    create(
        &rows(&connector, &first).await,
        r#"{"id": "x", "title": "Emma", "isbn": "1", "pages": 7, "author_id": "a"}"#,
    )
    .await;
    // Another name for the model, for its fields, and for the table that is referred to.
    let second = models(&format!(
        "{}{}",
        model(
            "Volume",
            "string name = 2 [(protoloop.v1.field) = { index: true }]; string code = 3 [(protoloop.v1.field) = { unique: true }]; \
             int32 pages = 4; string writer_id = 5; \
             Author writer = 6 [(protoloop.v1.relation) = { belongs_to: { key: \"writer_id\" } }];"
        ),
        model("Author", "string name = 2;")
    ));
    let renamed = Options {
        renames: vec![("shop.v1.Book".to_owned(), "shop.v1.Volume".to_owned())],
        ..Options::default()
    };
    let applied = apply(&connector, &second, renamed).await.expect("applies");
    assert!(applied.withheld.is_empty(), "{applied:?}");
    let kept = found(&rows(&connector, &second).await, "x").await;
    let wanted = r#"{"id": "x", "name": "Emma", "code": "1", "pages": 7, "writer_id": "a"}"#;
    assert_eq!(kept, Some(record(&second[0], wanted)));
    is_like_fresh(&connector, &open().await, &second).await;
    // A field, a relation and a model are gone.
    let third = models(&model("Volume", "string name = 2; string code = 3;"));
    let applied = apply(&connector, &third, Options::default())
        .await
        .expect("applies");
    let withheld: Vec<_> = applied.withheld.iter().map(ToString::to_string).collect();
    for what in [
        "drop column volumes.pages",
        "drop column volumes.writer_id",
        "drop table authors",
    ] {
        assert!(
            withheld.iter().any(|step| step.starts_with(what)),
            "{what}: {withheld:?}"
        );
    }
    assert_eq!(state(&connector).await.live.tables.len(), 2);
    rows(&connector, &third).await;
    apply(&connector, &third, destructive())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &third).await;
    let kept = found(&rows(&connector, &third).await, "x").await;
    let wanted = r#"{"id": "x", "name": "Emma", "code": "1"}"#;
    assert_eq!(kept, Some(record(&third[0], wanted)));
}

/// Indexes and foreign keys are added to tables with rows, fail on rows that break them without leaving anything behind that
/// keeps the next try from going on, and are dropped.
///
/// # Panics
/// When that is not so.
pub async fn indexes_and_references<C: Migrated>(open: impl AsyncFn() -> C) {
    let connector = open().await;
    let author = model("Author", "string name = 2;");
    let first = models(&format!(
        "{}{author}",
        model("Book", "string isbn = 2; string author_id = 3;")
    ));
    connector.prepare(&first).await.expect("an empty database");
    let books = rows(&connector, &first).await;
    for (id, isbn, author) in [("x", "1", "a"), ("y", "1", ""), ("z", "", "")] {
        let json = format!(r#"{{"id": "{id}", "isbn": "{isbn}", "author_id": "{author}"}}"#);
        create(&books, &json).await;
    }
    let second = models(&format!(
        "{}{author}",
        model(
            "Book",
            "string isbn = 2 [(protoloop.v1.field) = { unique: true }]; string author_id = 3; \
             Author author = 4 [(protoloop.v1.relation) = { belongs_to: { key: \"author_id\" } }];"
        )
    ));
    // Two rows agree, and one refers to nobody.
    let refused = apply(&connector, &second, Options::default()).await;
    let refused = refused.expect_err("two rows agree");
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    assert!(
        refused.message().contains("create index books_isbn_key"),
        "{refused:?}"
    );
    execute(&connector, "UPDATE books SET isbn = '2' WHERE id = 'y'")
        .await
        .expect("updates");
    let applied = apply(&connector, &second, Options::default())
        .await
        .expect("applies");
    let withheld: Vec<_> = applied.withheld.iter().map(ToString::to_string).collect();
    assert!(
        withheld[0].starts_with("add foreign key books.books_author_id_fkey"),
        "{withheld:?}"
    );
    let author_rows = rows(&connector, &second[1..]).await;
    create(&author_rows, r#"{"id": "a"}"#).await;
    let applied = apply(&connector, &second, Options::default())
        .await
        .expect("applies");
    assert!(applied.withheld.is_empty(), "{applied:?}");
    let adds = |step: &protoloop_migrate::Step| {
        matches!(
            step.action,
            Action::AddForeignKey { .. } | Action::ValidateForeignKey { .. }
        )
    };
    assert!(
        applied
            .steps
            .iter()
            .all(|step| adds(step) && step.phase == Phase::Contract),
        "{applied:?}"
    );
    is_like_fresh(&connector, &open().await, &second).await;
    let unset = values(&connector, "SELECT id FROM books WHERE author_id IS NULL").await;
    assert_eq!(unset.len(), 2);
}

/// Indexes and foreign keys that are declared otherwise are made anew.
///
/// # Panics
/// When they are not.
pub async fn other_indexes_and_rules<C: Migrated>(open: impl AsyncFn() -> C) {
    let connector = open().await;
    let first = models(&format!(
        "{}{}",
        book(BOOK),
        model("Author", "string name = 2;")
    ));
    connector.prepare(&first).await.expect("an empty database");
    let second = models(&format!(
        "{}{}",
        book(
            "option (protoloop.v1.model) = { indexes: { fields: [\"isbn desc\", \"author_id\"] } }; \
             string isbn = 2 [(protoloop.v1.field) = { index: true }]; string author_id = 3; \
             Author author = 4 [(protoloop.v1.relation) = { belongs_to: { key: \"author_id\" on_delete: CASCADE } }];"
        ),
        model("Author", "string name = 2;")
    ));
    apply(&connector, &second, Options::default())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &second).await;
    apply(&connector, &first, Options::default())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &first).await;
}

/// A unique field, and one that refers to an author.
const BOOK: &str = "option (protoloop.v1.model) = {}; \
    string isbn = 2 [(protoloop.v1.field) = { unique: true }]; string author_id = 3; \
    Author author = 4 [(protoloop.v1.relation) = { belongs_to: { key: \"author_id\" } }];";

fn book(parts: &str) -> String {
    format!("message Book {{ string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}]; {parts} }}\n")
}

/// A key that others refer to becomes another kind, and they with it.
///
/// # Panics
/// When it does not.
pub async fn keys_of_another_kind<C: Migrated>(open: impl AsyncFn() -> C) {
    let connector = open().await;
    let author = |id: &str| {
        format!(
            "message Author {{ option (protoloop.v1.model) = {{}}; \
             {id} id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}]; string name = 2; }}"
        )
    };
    let first = models(&format!("{}{}", book(BOOK), author("string")));
    connector.prepare(&first).await.expect("an empty database");
    create(&rows(&connector, &first[1..]).await, r#"{"id": "7"}"#).await;
    let books = rows(&connector, &first).await;
    create(&books, r#"{"id": "x", "isbn": "1", "author_id": "7"}"#).await;
    create(&books, r#"{"id": "y"}"#).await;
    let second = models(&format!(
        "{}{}",
        book(&BOOK.replace("string author_id", "int64 author_id")),
        author("int64")
    ));
    apply(&connector, &second, destructive())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &second).await;
    let books = rows(&connector, &second).await;
    let wanted = r#"{"id": "x", "isbn": "1", "author_id": "7"}"#;
    assert_eq!(found(&books, "x").await, Some(record(&second[0], wanted)));
    assert_eq!(
        found(&books, "y").await,
        Some(record(&second[0], r#"{"id": "y"}"#))
    );
}

/// A key that callers gave becomes one that the database counts up, behind the largest.
///
/// # Panics
/// When it does not.
pub async fn counted_keys<C: Migrated>(open: impl AsyncFn() -> C) {
    let connector = open().await;
    let order = |id: &str| {
        models(&format!(
            "message Order {{ option (protoloop.v1.model) = {{}}; \
             int64 id = 1 [(protoloop.v1.field) = {{ id: {id} }}]; string note = 2; }}"
        ))
    };
    let (before, after) = (order("CLIENT"), order("SEQUENCE"));
    connector.prepare(&before).await.expect("an empty database");
    create(
        &rows(&connector, &before).await,
        r#"{"id": "7", "note": "seven"}"#,
    )
    .await;
    apply(&connector, &after, Options::default())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &after).await;
    let orders = rows(&connector, &after).await;
    create(&orders, r#"{"note": "eight"}"#).await;
    let ids = values(&connector, "SELECT note FROM orders WHERE id = 8").await;
    assert_eq!(ids.len(), 1);
    // And a text in the end.
    let last = models(
        "message Order { option (protoloop.v1.model) = {}; \
         string id = 1 [(protoloop.v1.field) = { id: CLIENT }]; string note = 2; }",
    );
    apply(&connector, &last, Options::default())
        .await
        .expect("applies");
    is_like_fresh(&connector, &open().await, &last).await;
}
