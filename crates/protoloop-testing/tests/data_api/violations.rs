//! What a store refuses: each kind names its field, by the same words on every connector, and nothing of the store's own.

use crate::api::Api;

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) async fn each_kind_names_its_fields(api: &Api) {
    let book = api.member("POST /v1/books\n\n{}", "id").await;
    let first = format!(
        "POST /v1/slots\n\n{{\"room\":\"a\",\"number\":1,\"name\":\"n\",\"rank\":\"5\",\"bookId\":\"{book}\"}}"
    );
    api.ok(&first).await;
    api.ok("POST /v1/slots\n\n{\"room\":\"b\",\"number\":1}")
        .await;
    api.ok("POST /v1/tags?tag_id=x\n\n{}").await;
    let pair = "409 ALREADY_EXISTS another slot has the same room, number";
    let name = "409 ALREADY_EXISTS another slot has the same name";
    let rank = "409 ALREADY_EXISTS another slot has the same rank";
    let none = "400 FAILED_PRECONDITION book_id: there is no such book";
    let batch = |slots: &str| format!("POST /v1/slots:batchCreate\n\n{{\"requests\":[{slots}]}}");
    let long = "x".repeat(100_000);
    let create = |fields: &str| format!("POST /v1/slots\n\n{{{fields}}}");
    let table = [
        (create(r#""room":"a","number":1"#), pair),
        (create(r#""name":"n""#), name),
        (create(r#""rank":"5""#), rank),
        (create(r#""bookId":"none""#), none),
        ("PATCH /v1/slots/2\n\n{\"room\":\"a\"}".to_owned(), pair),
        ("PATCH /v1/slots/2\n\n{\"name\":\"n\"}".to_owned(), name),
        ("PATCH /v1/slots/2\n\n{\"rank\":\"5\"}".to_owned(), rank),
        (
            "PATCH /v1/slots/2\n\n{\"bookId\":\"none\"}".to_owned(),
            none,
        ),
        (
            batch(r#"{"slot":{"room":"q"}},{"slot":{"room":"r","name":"n"}}"#),
            "409 ALREADY_EXISTS requests[1]: another slot has the same name",
        ),
        (
            batch(r#"{"slot":{"room":"q"}},{"slot":{"room":"r","bookId":"z"}}"#),
            "400 FAILED_PRECONDITION requests[1]: book_id: there is no such book",
        ),
        (
            "POST /v1/tags?tag_id=x\n\n{}".to_owned(),
            "409 ALREADY_EXISTS another tag has the same id",
        ),
        (
            format!("DELETE /v1/books/{book}"),
            "400 FAILED_PRECONDITION slots refer to the book by their book_id",
        ),
    ];
    let table: Vec<(&str, &str)> = table
        .iter()
        .map(|(text, due)| (text.as_str(), *due))
        .collect();
    api.check(&table).await;
    // What a store cannot hold: refused as such, or held.
    let unfit = [
        format!("\"name\":\"{long}\""),
        r#""name":"a\u0000b""#.to_owned(),
        format!("\"bookId\":\"{long}\""),
        r#""bookId":"a\u0000b""#.to_owned(),
    ];
    for (number, fields) in unfit.into_iter().enumerate() {
        let fields = format!("\"number\":{},{fields}", number + 10);
        let line = api.send(&create(&fields)).await.line();
        let told = [
            "200 ",
            "400 INVALID_ARGUMENT ",
            "400 FAILED_PRECONDITION book_id: ",
        ];
        assert!(
            told.iter().any(|told| line.starts_with(told)),
            "{:.200}",
            line
        );
        told_by_us(&line);
    }
    for (text, _) in &table {
        told_by_us(&api.send(text).await.line());
    }
}

/// Nothing of a driver, a statement or a table.
fn told_by_us(line: &str) {
    let shown = line.replace(&"x".repeat(100_000), "");
    for word in [
        "constraint",
        "SQLSTATE",
        "sqlite",
        "_key",
        "_fkey",
        "duplicate key",
        "Duplicate",
        "INSERT",
        "varchar",
        "btree",
    ] {
        assert!(!shown.contains(word), "{shown:.300}");
    }
}
