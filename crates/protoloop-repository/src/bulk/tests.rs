use protoloop_core::{CallContext, Code};

use super::Changes;
use crate::{
    Connector as _, Managed, MemoryConnector, Record, Repository, RepositoryExt as _,
    testing::model,
};

fn record(json: &str) -> Record {
    let book = model("shop.v1.Book");
    let (tables, id) = (book.tables(), book.message().id);
    let options = protoloop_wire::json::DecodeOptions::default();
    let bytes = protoloop_wire::json::decode(tables, id, json.as_bytes(), &options);
    Record(bytes.expect("JSON").into())
}

#[test]
fn fields_that_cannot_be_set_are_named() {
    let book = model("shop.v1.Book");
    for (name, why) in [
        ("nope", "nope: shop.v1.Book: is unknown"),
        ("id", "id: shop.v1.Book: is of the key"),
        (
            "shelf.room",
            "shelf.room: shop.v1.Book: is set as a whole; name the field before the dot",
        ),
    ] {
        let error = Changes::of(&book, &record("{}"), &[name]).expect_err(name);
        assert_eq!(
            (error.code(), error.message()),
            (Code::InvalidArgument, why)
        );
    }
}

#[tokio::test]
async fn an_update_of_many_gives_new_etags_and_times() {
    let book = model("shop.v1.Book");
    let connector = MemoryConnector::new();
    connector
        .prepare(std::slice::from_ref(&book))
        .await
        .expect("prepared");
    let books = Managed::new(connector.repository(&book).expect("prepared"));
    let cx = CallContext::new();
    for title in ["a", "b"] {
        let row = record(&format!("{{\"title\":\"{title}\"}}"));
        books.create(&cx, row).await.expect("created");
    }
    let etags = async || -> Vec<String> {
        let rows = books.find_all(&cx, None).await.expect("found");
        let number = book.entity().etag.expect("an etag");
        let etag = |row: &Record| book.view(row.as_ref()).string(number).to_owned();
        rows.iter().map(etag).collect()
    };
    let before = etags().await;
    let changes = Changes::of(&book, &record(r#"{"title":"c"}"#), &["title"]).expect("changes");
    assert_eq!(
        books
            .update_all(&cx, None, &changes)
            .await
            .expect("changed"),
        2
    );
    let after = etags().await;
    assert!(
        after
            .iter()
            .zip(&before)
            .all(|(one, other)| one != other && one.len() > 10)
    );
    let again = books
        .update_all(&cx, None, &changes)
        .await
        .expect("changed");
    assert_eq!(again, 2);
    assert!(
        etags()
            .await
            .iter()
            .zip(&after)
            .all(|(one, other)| one != other)
    );
}
