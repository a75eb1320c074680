//! What the options of a model say.

use crate::api::Api;

pub(crate) async fn a1_ids_come_from_where_the_model_says(api: &Api) {
    let seven = api.member("POST /v1/books\n\n{}", "id").await;
    assert_eq!(seven.as_bytes().get(14), Some(&b'7'), "{seven}");
    let four = api.member("POST /v1/visits\n\n{}", "id").await;
    assert_eq!(four.as_bytes().get(14), Some(&b'4'), "{four}");
    let body = format!("POST /v1/reviews\n\n{{\"bookId\":\"{seven}\"}}");
    assert_eq!(api.member(&body, "id").await.len(), 26);
    api.check(&[
        ("POST /v1/profiles\n\n{}", r#"200 {"id":"1"}"#),
        ("POST /v1/profiles\n\n{}", r#"200 {"id":"2"}"#),
        ("POST /v1/authors?author_id=a\n\n{}", r#"200 {"id":"a"}"#),
        (
            r#"POST /v1/authors

{"id":"b"}"#,
            r#"200 {"id":"b"}"#,
        ),
        (
            "POST /v1/authors\n\n{}",
            "400 INVALID_ARGUMENT author_id: is required",
        ),
    ])
    .await;
}

pub(crate) async fn a2_a_unique_value_is_taken_once(api: &Api) {
    api.check(&[
        ("POST /v1/books\n\n{\"isbn\":\"1\"}", "200 …"),
        (
            "POST /v1/books\n\n{\"isbn\":\"1\"}",
            "409 ALREADY_EXISTS another book has the same isbn",
        ),
        ("POST /v1/books\n\n{\"isbn\":\"2\"}", "200 …"),
        // Without a value rows do not meet.
        ("POST /v1/books\n\n{}", "200 …"),
        ("POST /v1/books\n\n{}", "200 …"),
    ])
    .await;
}

pub(crate) async fn a3_a_relation_is_no_column(api: &Api) {
    api.check(&[
        ("POST /v1/authors?author_id=a\n\n{}", "200 …"),
        ("POST /v1/books\n\n{\"authorId\":\"a\"}", "200 …"),
        (
            "GET /v1/books?read_mask=authorId",
            r#"200 {"books":[{"authorId":"a"}]}"#,
        ),
        ("GET /v1/authors/a", r#"200 {"id":"a"}"#),
        (
            "GET /v1/books?filter=author = a",
            "400 INVALID_ARGUMENT filter: column 10: `author` is a relation…",
        ),
        (
            "GET /v1/books?order_by=author",
            "400 INVALID_ARGUMENT order_by: column 1: `author` cannot be ordered by…",
        ),
        (
            "GET /v1/books:count?filter=author_id = a",
            r#"200 {"count":"1"}"#,
        ),
    ])
    .await;
}

pub(crate) async fn a4_the_server_fills_times_and_etags(api: &Api) {
    let body = r#"{"createTime":"2001-01-01T00:00:00Z","etag":"x","title":"t"}"#;
    let book = api.ok(&format!("POST /v1/books\n\n{body}")).await;
    let book: serde_json::Value = serde_json::from_str(&book).unwrap();
    let (id, etag) = (book["id"].as_str().unwrap(), book["etag"].as_str().unwrap());
    assert!(!book["createTime"].as_str().unwrap().starts_with("2001"));
    assert_ne!(etag, "x");
    let patch = format!("PATCH /v1/books/{id}\n\n{{\"title\":\"u\"}}");
    let changed = api.ok(&patch).await;
    let changed: serde_json::Value = serde_json::from_str(&changed).unwrap();
    assert_eq!(changed["createTime"], book["createTime"]);
    assert_ne!(changed["etag"], book["etag"]);
}

pub(crate) async fn a5_hidden_fields_do_not_exist(api: &Api) {
    api.check(&[
        (
            "POST /v1/books\n\n{\"internalNote\":\"n\"}",
            "400 INVALID_ARGUMENT …",
        ),
        (
            "GET /v1/books?filter=internal_note = n",
            "400 INVALID_ARGUMENT filter: column 1: `Book` has no field `internal_note`",
        ),
        (
            "GET /v1/books?read_mask=internal_note",
            "400 INVALID_ARGUMENT read_mask: …",
        ),
        ("GET /v1/books:count", "200 {…}"),
    ])
    .await;
}
